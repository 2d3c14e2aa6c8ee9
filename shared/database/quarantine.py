"""The quarantine: records that could not be applied, kept until a person retries or drops them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from shared.database.checkpoint import Source
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import Session
from shared.kernel.errors import Rejected
from shared.kernel.ids import new_id

KEPT_BYTES = 64 * 1024
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
    """Store refusals and return their quarantine identifiers."""
    identifiers = [new_id() for _ in refusals]
    rows = [_row(i, refusal, at=at, seal=seal) for i, refusal in zip(identifiers, refusals, strict=True)]
    if rows:
        await session.execute(insert(Quarantined).values(rows).on_conflict_do_nothing())
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


def close(row: Quarantined, *, state: QuarantineState, at: datetime) -> None:
    """Close a locked row; closing it in the transaction of its retry is the deduplication."""
    row.state = state
    row.closed_at = at
