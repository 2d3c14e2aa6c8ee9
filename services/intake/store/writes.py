"""What intake writes, set-based and in sorted order, in the transaction of a group, a batch or a command."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.intake.domain.register import Ownership
from shared.database.transaction import Session, copy_rows, driver
from shared.kernel.errors import Unavailable

OWNER_COLUMNS = ("commitment_id", "platform", "contract", "exercise", "event_id")
RECEIVED_COLUMNS = (
    "door_key", "content", "event_id", "platform", "type", "commitment_id", "topic", "partition", "sequence",
    "received_at", "accepted_at",
)  # fmt: skip
INSERT_PSEUDONYMS = (
    "INSERT INTO pseudonym (key, kind, identifier) SELECT * FROM unnest($1::bytea[], $2::text[], $3::uuid[]) ORDER BY 1"
    " ON CONFLICT DO NOTHING"
)
FORGET_PSEUDONYMS = (
    "DELETE FROM pseudonym WHERE key IN (SELECT key FROM pseudonym WHERE key = ANY($1) ORDER BY key FOR UPDATE)"
)
INSERT_CONTRACTS = (
    "INSERT INTO known_contract (contract, known_at) SELECT * FROM unnest($1::text[], $2::timestamptz[]) ORDER BY 1"
    " ON CONFLICT DO NOTHING"
)
INSERT_FINGERPRINT = "INSERT INTO secret_fingerprint (id, fingerprint) VALUES (1, $1) ON CONFLICT DO NOTHING"
MARK_DECIDED = (
    "UPDATE received_event SET decisions = coalesce(decisions, '{}') || string_to_array(v.types, ','),"
    " decided_at = coalesce(decided_at, v.at), decided_partition = coalesce(decided_partition, v.partition),"
    " decided_sequence = coalesce(decided_sequence, v.sequence)"
    " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[], $5::bigint[])"
    " AS v(event_id, types, at, partition, sequence) WHERE received_event.event_id = v.event_id"
)
MARK_HELD = (
    "UPDATE received_event SET held_reason = coalesce(held_reason, v.reason), held_at = coalesce(held_at, v.at)"
    " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS v(event_id, reason, at)"
    " WHERE received_event.event_id = v.event_id"
)
MARK_PROGRESS = (
    "INSERT INTO progress (stage, topic, partition, at, sequence)"
    " SELECT $1::varchar, v.topic, v.partition, v.at, v.sequence"
    " FROM unnest($2::text[], $3::int[], $4::timestamptz[], $5::bigint[]) AS v(topic, partition, at, sequence)"
    " WHERE v.sequence > coalesce((SELECT max(p.sequence) FROM progress p"
    " WHERE p.stage = $1::varchar AND p.topic = v.topic AND p.partition = v.partition), 0)"
    " ORDER BY v.topic, v.partition"
    " ON CONFLICT (stage, topic, partition, at) DO UPDATE SET sequence = greatest(progress.sequence, EXCLUDED.sequence)"
)
FORGET_PROGRESS = (
    "DELETE FROM progress p WHERE p.at < $1 AND EXISTS (SELECT FROM progress later WHERE later.stage = p.stage"
    " AND later.topic = p.topic AND later.partition = p.partition AND later.sequence > p.sequence)"
)
ReceivedRow = tuple[Any, ...]


class Raced(Unavailable):
    """Somebody else accepted the same event, or declared the same commitment, at this moment: judge again."""


class Mark(NamedTuple):
    """How far a stage has come in a partition, and when."""

    topic: str
    partition: int
    sequence: int
    at: datetime


class DecisionMark(NamedTuple):
    """What was decided on an event: the types, in order, and where and when the first of them was."""

    event_id: UUID
    types: list[str]
    at: datetime
    partition: int
    sequence: int


class HeldMark(NamedTuple):
    """Why an event waits, and since when."""

    event_id: UUID
    reason: str
    at: datetime


async def insert_owners(session: Session, owners: Mapping[UUID, Ownership]) -> None:
    """Note who declared the commitments. Raises Raced when somebody else did."""
    rows = [(key, o.platform, o.contract, o.exercise, o.event_id) for key, o in owners.items()]
    await _copy_new(session, "commitment_owner", OWNER_COLUMNS, rows)


async def insert_received(session: Session, rows: Sequence[ReceivedRow]) -> None:
    """Note the accepted events. Raises Raced when somebody else accepted one of them."""
    await _copy_new(session, "received_event", RECEIVED_COLUMNS, rows)


async def _copy_new(session: Session, table: str, columns: Sequence[str], rows: Sequence[ReceivedRow]) -> None:
    """Append rows, sorted by key so that nobody waits in a circle."""
    if not rows:
        return
    try:
        await copy_rows(session, table, columns, sorted(rows, key=itemgetter(0)))
    except asyncpg.UniqueViolationError as error:
        raise Raced("the same was accepted at the same time") from error


async def insert_pseudonyms(session: Session, rows: Iterable[tuple[bytes, str, UUID]]) -> None:
    """Give identifiers to those who have none; somebody else may have done it first."""
    await (await driver(session)).execute(INSERT_PSEUDONYMS, *_columns(sorted(rows)))


async def forget_pseudonyms(session: Session, keys: Collection[bytes]) -> None:
    """Cut the thread between people and their identifiers."""
    if keys:
        await (await driver(session)).execute(FORGET_PSEUDONYMS, list(keys))


async def insert_contracts(session: Session, contracts: Mapping[str, datetime]) -> None:
    """Note contracts that have an envelope."""
    if contracts:
        await (await driver(session)).execute(INSERT_CONTRACTS, list(contracts), list(contracts.values()))


async def insert_fingerprint(session: Session, fingerprint: bytes) -> None:
    """Note which secret this database is begun with, if none is noted."""
    await (await driver(session)).execute(INSERT_FINGERPRINT, fingerprint)


async def mark_decided(session: Session, marks: Sequence[DecisionMark]) -> None:
    """Note what was decided on events; each event once."""
    if marks:
        rows = [(m.event_id, ",".join(m.types), m.at, m.partition, m.sequence) for m in marks]
        await (await driver(session)).execute(MARK_DECIDED, *_columns(rows))


async def mark_held(session: Session, marks: Sequence[HeldMark]) -> None:
    """Note which events wait; each event once."""
    if marks:
        await (await driver(session)).execute(MARK_HELD, *_columns(marks))


async def mark_progress(session: Session, stage: str, marks: Iterable[Mark]) -> None:
    """Note how far a stage has come, in each partition at most once a second, never earlier than it was."""
    reached: dict[tuple[str, int, datetime], int] = {}
    for mark in marks:
        second = (mark.topic, mark.partition, _end_of_second(mark.at))
        reached[second] = max(mark.sequence, reached.get(second, 0))
    if reached:
        rows = [(*second, sequence) for second, sequence in reached.items()]
        await (await driver(session)).execute(MARK_PROGRESS, stage, *_columns(rows))


async def forget_progress(session: Session, *, before: datetime) -> None:
    """Forget old marks, except the last of each partition."""
    await (await driver(session)).execute(FORGET_PROGRESS, before)


def _end_of_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at


def _columns(rows: Iterable[ReceivedRow]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
