"""Sends the rows of a partner's file to intake, in order, and notes each row that is refused, here or at the door."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from fabrique.client import EVENTS_A_REQUEST, Answer, Door
from fabrique.imports import Row, read_rows

SHOWN_MAX = 20
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One line of the file that was not accepted: the field at fault, why, and what to do; never what stands in it."""

    line: int
    field: str
    reason: str
    remedy: str


@dataclass(slots=True)
class Sent:
    """What became of a file's rows; `first_refused` holds the first twenty."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_refused: list[RefusedRow] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """Rows that were not accepted."""
        return self.reasons.total()


class Refusals:
    """The file beside a partner's file that lists its refused rows; it exists only when there are any."""

    def __init__(self, of: Path) -> None:
        self.path = of.with_name(f"{of.name}.refused.ndjson")
        self.path.unlink(missing_ok=True)
        self._file: IO[str] | None = None

    def write(self, row: RefusedRow) -> None:
        """Add one row."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()


async def send_file(path: Path, door: Door, refusals: Refusals, *, advance: Advance) -> Sent:
    """Send all rows, two chunks in memory at a time; sending the same file again is safe.

    A chunk is told once the one before it is answered, since its rows may stand on that one's; the next is read
    meanwhile. Raises OSError when the file cannot be read, DoorClosed when intake takes nothing.
    """
    sent = Sent()
    rows = read_rows(path)
    chunk = await asyncio.to_thread(_chunk, rows)
    while chunk:
        ahead = asyncio.create_task(asyncio.to_thread(_chunk, rows))
        try:
            answers = await door.tell([row.event for row in chunk if row.event is not None])
        finally:
            await asyncio.wait([ahead])
        _note_all(sent, chunk, answers, refusals)
        advance(len(chunk))
        chunk = ahead.result()
    return sent


def platform_of(path: Path) -> str | None:
    """The platform that a file speaks for: the first step of its first event's source; None when it has no event."""
    event = next((row.event for row in islice(read_rows(path), EVENTS_A_REQUEST) if row.event is not None), None)
    steps = str(event["source"]).strip("/").split("/") if event else []
    return next((step for step in steps if step != "simulation"), None)


def _chunk(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, EVENTS_A_REQUEST))


def _note_all(sent: Sent, chunk: Sequence[Row], answers: Iterable[Answer], refusals: Refusals) -> None:
    each = iter(answers)
    for row in chunk:
        refused = _note(sent, row, next(each) if row.event is not None else None)
        if refused is not None:
            refusals.write(refused)
    sent.rows += len(chunk)


def _note(sent: Sent, row: Row, answer: Answer | None) -> RefusedRow | None:
    """Count one row; the refused row when it is one."""
    if answer is not None and answer.accepted:
        sent.accepted += not answer.duplicate
        sent.duplicates += answer.duplicate
        return None
    refused = _refused(row, answer)
    sent.reasons[refused.reason] += 1
    if len(sent.first_refused) < SHOWN_MAX:
        sent.first_refused.append(refused)
    return refused


def refused_rows(rows: Iterable[Row]) -> Iterator[RefusedRow]:
    """What a file's reader refuses by itself, before anything is sent."""
    return (_refused(row, None) for row in rows if row.event is None)


def _refused(row: Row, answer: Answer | None) -> RefusedRow:
    if answer is not None:
        return RefusedRow(row.line, answer.pointer, answer.reason, answer.detail)
    if row.refusal is None:
        raise TypeError("a row is an event or a refusal")
    return RefusedRow(row.line, row.refusal.field, row.refusal.reason.value, row.refusal.remedy)
