"""Writes the whole ledger to a file, the same bytes for the same books, whole or not at all."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from uuid import UUID

from fabrique.ledger.beancount import beancount
from fabrique.ledger.chart import account_name
from fabrique.ledger.columns import COLUMNS
from services.funding.domain.journal import Fact, Line
from services.funding.downloads.csv_file import csv_line, written
from services.funding.downloads.fields import Value
from services.funding.downloads.parquet import ParquetFile

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from services.funding.store.journal import Journal


class Format(StrEnum):
    """How a ledger is written."""

    CSV = "csv"
    PARQUET = "parquet"
    BEANCOUNT = "beancount"


class Written(NamedTuple):
    """What was written: its size, and the SHA-256 by which two exports are told the same."""

    length: int
    sha256: str


async def export(journal: "Journal", form: Format, path: Path) -> Written:
    """Write the books to `path`; what lay there is replaced once all is written. OSError when it cannot be."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            written = await write(journal, form, file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return written


async def write(journal: "Journal", form: Format, file: BinaryIO) -> Written:
    """Write the books to an open file, piece by piece. Raises ParquetMissing."""
    counted = Counted(file)
    match form:
        case Format.CSV:
            counted.write(csv_line([column.column for column in COLUMNS]).encode())
            async for row in rows(journal):
                counted.write(csv_line([written(c, cell) for c, cell in zip(COLUMNS, row, strict=True)]).encode())
        case Format.PARQUET:
            with ParquetFile(counted, COLUMNS, {"table": "journal"}) as out:
                async for row in rows(journal):
                    out.add(row)
        case Format.BEANCOUNT:
            async for text in beancount(journal):
                counted.write(text.encode())
    return Written(counted.length, counted.digest.hexdigest())


async def rows(journal: "Journal") -> AsyncIterator[Sequence[Value]]:
    """The journal in order, a row for each posting."""
    async for record in journal.records():
        for line in record.lines:
            yield (*_fact(line, record.fact), *_posting(line))


def _fact(line: Line, fact: Fact | None) -> tuple[Value, ...]:
    said = (fact.known_at, str(fact.event_id), fact.type, _text(fact.cause)) if fact else (None, None, None, None)
    return line.partition, line.sequence, line.line, *said


def _posting(line: Line) -> tuple[Value, ...]:
    debit, credit = (account_name(line.envelope_id, name) for name in (line.debit, line.credit))
    return _text(line.commitment_id), line.envelope_id, debit, credit, line.amount_cents


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


class Counted(BufferedIOBase):
    """A file that is written from front to back, with its length and digest so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.length = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        """It is only written."""
        return True

    def tell(self) -> int:
        """Where the next byte goes."""
        return self.length

    def write(self, content: "Buffer", /) -> int:
        """Write some bytes."""
        size = memoryview(content).nbytes
        self._file.write(content)
        self.digest.update(content)
        self.length += size
        return size
