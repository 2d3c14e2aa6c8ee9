"""What intake reads."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from services.intake.domain.register import Ownership, Receipt
from services.intake.domain.scope import Scope
from services.intake.store.tables import ApiKey, Progress, ReceivedEvent
from shared.database.tables import OutboxPartition
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

RECEIVED = (
    "SELECT door_key, event_id, content FROM unnest($1::bytea[]) AS wanted(door_key) JOIN received_event"
    " USING (door_key)"
)
"""Joins, never `= ANY($1)`: once its plan is cached, PostgreSQL compares that array with each row, one by one."""
CONTRACTS = "SELECT contract FROM unnest($1::text[]) AS wanted(contract) JOIN known_contract USING (contract)"
OWNERS = (
    "SELECT commitment_id, platform, contract, exercise, event_id FROM unnest($1::uuid[]) AS wanted(commitment_id)"
    " JOIN commitment_owner USING (commitment_id)"
)
PSEUDONYMS = "SELECT key, identifier FROM unnest($1::bytea[]) AS wanted(key) JOIN pseudonym USING (key)"
FINGERPRINT = "SELECT fingerprint FROM secret_fingerprint"


async def received(session: Session, door_keys: Collection[bytes]) -> dict[bytes, Receipt]:
    """Find which of the events were accepted before."""
    rows = await (await driver(session)).fetch(RECEIVED, list(door_keys))
    return {row[0]: Receipt(row[1], row[2]) for row in rows}


async def contracts(session: Session, codes: Collection[str]) -> frozenset[str]:
    """Find which of the contracts are known."""
    if not codes:
        return frozenset()
    return frozenset(row[0] for row in await (await driver(session)).fetch(CONTRACTS, list(codes)))


async def owners(session: Session, commitments: Collection[UUID]) -> dict[UUID, Ownership]:
    """Find who declared the commitments."""
    if not commitments:
        return {}
    rows = await (await driver(session)).fetch(OWNERS, list(commitments))
    return {row[0]: Ownership(*row[1:]) for row in rows}


async def pseudonyms(session: Session, keys: Iterable[bytes]) -> dict[bytes, UUID]:
    """Find the identifiers of those who are known."""
    return {row[0]: row[1] for row in await (await driver(session)).fetch(PSEUDONYMS, list(keys))}


async def secret_fingerprint(session: Session) -> bytes | None:
    """Read which secret this database was begun with; None before the first."""
    found: bytes | None = await (await driver(session)).fetchval(FINGERPRINT)
    return found


async def api_key(session: Session, prefix: str) -> ApiKey | None:
    """Read one key, revoked or not."""
    return await session.get(ApiKey, prefix)


async def api_keys(session: Session) -> Sequence[ApiKey]:
    """List all keys, oldest first."""
    return (await session.scalars(select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.prefix)))).all()


async def scopes(session: Session, platforms: Collection[str]) -> dict[str, Scope]:
    """Unite, for each platform that has any, the scopes of its keys that stand."""
    rows = await session.scalars(
        select(ApiKey).where(col(ApiKey.platform).in_(platforms), col(ApiKey.revoked_at).is_(None))
    )
    found: dict[str, Scope] = {}
    for row in rows:
        scope = scope_of(row)
        found[row.platform] = found[row.platform] | scope if row.platform in found else scope
    return found


def scope_of(key: ApiKey) -> Scope:
    """Read what a key lets its platform tell."""
    return Scope(key.platform, frozenset(key.event_types), frozenset(map(Funder, key.funders)))


async def received_event(
    session: Session, *, event_id: UUID | None = None, door_key: bytes | None = None
) -> ReceivedEvent | None:
    """Read one accepted event, by our identifier or by what recognises the partner's."""
    if door_key is not None:
        return await session.get(ReceivedEvent, door_key)
    return (await session.scalars(select(ReceivedEvent).where(ReceivedEvent.event_id == event_id))).one_or_none()


async def reached_at(session: Session, *, stage: str, topic: str, partition: int, sequence: int) -> datetime | None:
    """Return when a stage had come as far as `sequence`, to the second; None when it has not, or too long ago."""
    query = (
        select(Progress.at)
        .where(Progress.stage == stage, Progress.topic == topic, Progress.partition == partition,
               col(Progress.sequence) >= sequence)
        .order_by(col(Progress.sequence))
        .limit(1)
    )  # fmt: skip
    return (await session.scalars(query)).first()


async def relayed(session: Session, *, topic: str, partition: int) -> int:
    """Return the last sequence of an output partition that Kafka has acknowledged."""
    row = await session.get(OutboxPartition, (topic, partition))
    return row.relayed_sequence if row is not None else 0
