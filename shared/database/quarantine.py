"""The quarantine: records that could not be applied, kept until a person retries or drops them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from shared.database.checkpoint import Source
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import Session
from shared.kernel.errors import Rejected
from shared.kernel.ids import new_id

KEPT_BYTES = 64 * 1024
MET_AGAIN = text(
    "SELECT q.* FROM unnest(cast(:topics AS text[]), cast(:partitions AS int[]), cast(:starts AS bigint[]),"
    ' cast(:ends AS bigint[])) AS run (topic, partition, "start", "end") JOIN quarantine q USING (topic, partition)'
    ' WHERE q."offset" >= run."start" AND q."offset" < run."end"'
    ' OR q.state = \'retried\' AND q.applied_offset > run."start" AND q.applied_offset <= run."end"'
    " ORDER BY q.topic, q.partition, q.applied_offset, q.applied_step"
)
Seal = Callable[[bytes], bytes]


class StoredRecord(msgspec.Struct, frozen=True):
    """A Kafka record as it arrived; the value is cut at 64 KiB."""

    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    value: bytes | None
    timestamp_ms: int

    def pack(self) -> bytes:
        """Encode for the `record` column."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def unpack(cls, packed: bytes) -> "StoredRecord":
        """Decode the `record` column."""
        return msgspec.msgpack.decode(packed, type=cls)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record and why it cannot be applied."""

    source: Source
    offset: int
    record: StoredRecord
    length: int
    rejected: Rejected


def plain(packed: bytes) -> bytes:
    """Seal nothing: for services whose topics never carry a name."""
    return packed


async def put(session: Session, refusals: Sequence[Refusal], *, at: datetime, seal: Seal) -> list[UUID]:
    """Store refusals and return their quarantine identifiers.

    What lies here already stays as it is, but what was retried, and is refused when it is folded again, is open again.
    """
    identifiers = [new_id() for _ in refusals]
    rows = [_row(i, refusal, at=at, seal=seal) for i, refusal in zip(identifiers, refusals, strict=True)]
    if rows:
        written = insert(Quarantined).values(rows)
        anew: dict[str, Any] = {n: written.excluded[n] for n in ("reason", "detail", "pointer", "state")}
        anew |= dict.fromkeys(("closed_at", "applied_offset", "applied_step"))
        retried_before = col(Quarantined.state) == QuarantineState.RETRIED
        await session.execute(
            written.on_conflict_do_update(constraint="uq_quarantine_origin", set_=anew, where=retried_before)
        )
    return identifiers


def _row(identifier: UUID, refusal: Refusal, *, at: datetime, seal: Seal) -> dict[str, object]:
    return {
        "id": identifier,
        **refusal.source._asdict(),
        "offset": refusal.offset,
        "reason": refusal.rejected.reason,
        "detail": refusal.rejected.detail,
        "pointer": refusal.rejected.pointer,
        "length": refusal.length,
        "truncated": refusal.length > KEPT_BYTES,
        "record": seal(refusal.record.pack()),
        "state": QuarantineState.OPEN,
        "attempts": 0,
        "quarantined_at": at,
    }


async def listed(session: Session, *, state: QuarantineState | None, limit: int) -> Sequence[Quarantined]:
    """List rows, oldest first."""
    query = select(Quarantined).order_by(col(Quarantined.quarantined_at), col(Quarantined.id)).limit(limit)
    if state is not None:
        query = query.where(Quarantined.state == state)
    return (await session.scalars(query)).all()


async def get(session: Session, row_id: UUID, *, for_update: bool = False) -> Quarantined | None:
    """Read one row, locked when it is about to be closed."""
    query = select(Quarantined).where(Quarantined.id == row_id)
    return (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()


async def count_open(session: Session) -> int:
    """Count what waits for a person."""
    return (await session.scalars(select(func.count()).where(Quarantined.state == QuarantineState.OPEN))).one()


async def count_retried(session: Session, topic: str) -> int:
    """Count what was retried of a topic; it only grows."""
    query = select(func.count()).where(Quarantined.topic == topic, Quarantined.state == QuarantineState.RETRIED)
    return (await session.scalars(query)).one()


class Run(NamedTuple):
    """Offsets of one source that are read now: from `start` to before `end`."""

    source: Source
    start: int
    end: int


async def met_again(session: Session, runs: Iterable[Run]) -> Sequence[Quarantined]:
    """Return the rows whose record, or whose place of retry, lies in what is read; by place.

    There are none while a log is read for the first time.
    """
    columns = zip(*((*run.source, run.start, run.end) for run in runs), strict=True)
    values = dict(zip(("topics", "partitions", "starts", "ends"), map(list, columns), strict=True))
    return (await session.scalars(select(Quarantined).from_statement(MET_AGAIN), values)).all()


def drop(row: Quarantined, *, at: datetime) -> None:
    """Close a locked row without applying it."""
    row.state, row.closed_at = QuarantineState.DROPPED, at


def retried(row: Quarantined, *, at: datetime, place: tuple[int, int], corrected: bytes | None) -> None:
    """Close a locked row that was applied at `place` (offset, step); in its retry's transaction: the deduplication."""
    row.state, row.closed_at = QuarantineState.RETRIED, at
    row.applied_offset, row.applied_step = place
    row.corrected = corrected
    row.attempts += 1
