"""Writes the whole ledger to a file, the same bytes for the same books, whole or not at all."""

import csv
import hashlib
from collections.abc import AsyncIterator
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from fabrique.ledger.beancount import beancount
from fabrique.ledger.chart import account_name
from services.funding.domain.journal import Fact, Line, euros

if TYPE_CHECKING:
    from services.funding.store.journal import Journal

COLUMNS = (
    "partition", "sequence", "line", "known_at", "event_id", "type", "cause", "commitment_id", "envelope_id",
    "debit_account", "credit_account", "amount_eur",
)  # fmt: skip


class Format(StrEnum):
    """How a ledger is written."""

    CSV = "csv"
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
    """Write the books to an open file, piece by piece."""
    digest, length = hashlib.sha256(), 0
    async for text in rows(journal) if form is Format.CSV else beancount(journal):
        content = text.encode()
        digest.update(content)
        length += file.write(content)
    return Written(length, digest.hexdigest())


async def rows(journal: "Journal") -> AsyncIterator[str]:
    """The journal as CSV (RFC 4180, UTF-8, decimal point): a line for each posting."""
    yield _line(COLUMNS)
    async for record in journal.records():
        for line in record.lines:
            yield _line((*_fact(line, record.fact), *_posting(line)))


def _fact(line: Line, fact: Fact | None) -> tuple[Any, ...]:
    said = (fact.known_at.isoformat(), fact.event_id, fact.type, fact.cause) if fact else ("", "", "", "")
    return line.partition, line.sequence, line.line, *said


def _posting(line: Line) -> tuple[Any, ...]:
    debit, credit = (account_name(line.envelope_id, name) for name in (line.debit, line.credit))
    return line.commitment_id, line.envelope_id, debit, credit, euros(line.amount_cents)


def _line(cells: tuple[Any, ...]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
