"""What managers' pages read: envelopes, commitments, what is held, and a contract's latest facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import Envelope
from services.funding.domain.journal import Fact
from services.funding.store import journal, queries
from shared.contracts.topics import ALLOCATION
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

ENVELOPES = journal.ENVELOPES.replace(" ORDER BY", " WHERE $1::text IS NULL OR contract = $1 ORDER BY")
COMMITMENTS = (
    f"SELECT {queries.COMMITMENT_COLUMNS} FROM commitment WHERE contract = $1"  # noqa: S608  no input in it
    " AND ($2::int IS NULL OR exercise = $2) AND (NOT $3::boolean OR state = 'waitlisted' OR waits IS NOT NULL)"
    " ORDER BY exercise DESC, priority, place"
)
HELD = (
    "SELECT event_id, contract, commitment_id, type, reason,"
    " coalesce((fact::jsonb ->> 'amount_cents')::bigint, 0), (fact::jsonb ->> 'known_at')::timestamptz"
    " FROM held_movement WHERE ($1::text IS NULL OR contract = $1) AND ($2::uuid IS NULL OR commitment_id = $2)"
    " ORDER BY contract, place"
)
OF_CONTRACT = (
    "SELECT partition, sequence, event_id, type, cause, time, value FROM outbox"
    " WHERE topic = $1 AND key = $2 AND type = $3 ORDER BY partition, sequence DESC LIMIT $4"
)


class Held(NamedTuple):
    """A movement that waits, the amount that it says (0 when it says none), and when it was known."""

    event_id: UUID
    contract: str
    commitment_id: UUID
    type: str
    reason: str
    amount_cents: int
    known_at: datetime


async def envelopes(session: Session, contract: str | None = None) -> list[Envelope]:
    """List envelopes by name, of one contract or of all."""
    connection = await driver(session)
    return [Envelope(row[0], row[1], Funder(row[2]), *row[3:]) for row in await connection.fetch(ENVELOPES, contract)]


async def commitments(
    session: Session, contract: str, *, exercise: int | None = None, waiting: bool = False
) -> list[Commitment]:
    """List a contract's commitments with what became of them, the latest exercise first; or those that wait alone."""
    connection = await driver(session)
    rows = await connection.fetch(COMMITMENTS, contract, exercise, waiting)
    found = {row[0]: queries.commitment_of(row) for row in rows}
    await queries.load_engagements(session, found)
    return [*found.values()]


async def commitment(session: Session, commitment_id: UUID) -> Commitment | None:
    """Read one commitment with what became of it."""
    connection = await driver(session)
    found = {row[0]: queries.commitment_of(row) for row in await connection.fetch(queries.COMMITMENTS, [commitment_id])}
    await queries.load_engagements(session, found)
    return next(iter(found.values()), None)


async def held(session: Session, *, contract: str | None = None, commitment_id: UUID | None = None) -> list[Held]:
    """List what is held, in the order of its place."""
    connection = await driver(session)
    return [Held(*row) for row in await connection.fetch(HELD, contract, commitment_id)]


async def latest(session: Session, contract: str, type_: str, limit: int) -> Sequence[Fact]:
    """List a contract's facts of one type, the newest first."""
    connection = await driver(session)
    rows: Sequence[Any] = await connection.fetch(OF_CONTRACT, ALLOCATION.name, contract.encode(), type_, limit)
    return [Fact(*row) for row in rows]
