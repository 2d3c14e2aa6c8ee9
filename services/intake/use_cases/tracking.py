"""Follows accepted events: what funding decided, how far reporting has read, what was published."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from services.intake.store import queries, writes
from services.intake.store.writes import DecisionMark, HeldMark, Mark
from shared.contracts.allocation import (
    AllocationDisplaced,
    AllocationFact,
    AllocationPromoted,
    EnvelopeOpened,
    MovementHeld,
)
from shared.contracts.fields import Fact
from shared.contracts.figures import Figure
from shared.contracts.topics import COMMITMENT, ENTREPRENEUR, Topic
from shared.database.tables import OutboxPartition
from shared.database.transaction import reading, transaction
from shared.kernel.clock import Clock
from shared.messaging.stream import Batch, Incoming

MOVED_IN_LINE = (AllocationPromoted, AllocationDisplaced)
PUBLISHED, REPORTED = "published", "reported"
KEPT = timedelta(days=90)


async def follow_allocations(batch: Batch[Fact]) -> None:
    """Learn the contracts that have an envelope, and mark each event with what was decided on it.

    A promotion is caused by the event that made room, a displacement by a manager's command; they are marked on the
    event that declared their commitment. What was held is decided by the fact that names it, whatever caused that.
    """
    await writes.insert_contracts(
        batch.session, {e.fact.contract: e.fact.known_at for e in batch.events if isinstance(e.fact, EnvelopeOpened)}
    )
    moved = {e.fact.commitment_id for e in batch.events if isinstance(e.fact, MOVED_IN_LINE)}
    owners = await queries.owners(batch.session, moved)
    marks: dict[UUID, DecisionMark] = {}
    held: dict[UUID, HeldMark] = {}
    for event in batch.events:
        fact = event.fact
        if not isinstance(fact, AllocationFact):
            continue
        about = fact.movement_id or event.cause
        if isinstance(fact, MOVED_IN_LINE):
            about = owners[fact.commitment_id].event_id if fact.commitment_id in owners else None
        if about is None:
            continue
        if isinstance(fact, MovementHeld):
            held.setdefault(about, HeldMark(about, fact.reason.value, recorded_at(event)))
            continue
        mark = marks.setdefault(
            about, DecisionMark(about, [], recorded_at(event), event.source.partition, event.sequence)
        )
        mark.types.append(event.type)
    await writes.mark_held(batch.session, list(held.values()))
    await writes.mark_decided(batch.session, list(marks.values()))


async def follow_figures(batch: Batch[Figure], *, folded: Topic) -> None:
    """Note how far reporting has folded the topic that its figures come from."""
    marks = (
        Mark(folded.name, read.partition, read.sequence, recorded_at(event))
        for event in batch.events
        for read in event.fact.read
        if read.sequence > 0
    )
    await writes.mark_progress(batch.session, REPORTED, marks)


async def follow_relay(engine: AsyncEngine, last_seen: dict[tuple[str, int], int], *, clock: Clock) -> None:
    """Note how far our own topics are published, if that changed since `last_seen`, which is brought up to date."""
    async with reading(engine) as session:
        rows = (await session.scalars(select(OutboxPartition))).all()
    now = clock()
    ours = (row for row in rows if row.topic in (COMMITMENT.name, ENTREPRENEUR.name))
    changed = {
        (row.topic, row.partition): row.relayed_sequence
        for row in ours
        if row.relayed_sequence > last_seen.get((row.topic, row.partition), 0)
    }
    if changed:
        async with transaction(engine) as session:
            await writes.mark_progress(session, PUBLISHED, _marks(changed, now))
        last_seen |= changed


async def forget_old_progress(engine: AsyncEngine, *, clock: Clock) -> None:
    """Forget the times of what was published or reported long ago; that it was is still known."""
    async with transaction(engine) as session:
        await writes.forget_progress(session, before=clock() - KEPT)


def _marks(changed: dict[tuple[str, int], int], at: datetime) -> Iterable[Mark]:
    return (Mark(topic, partition, sequence, at) for (topic, partition), sequence in sorted(changed.items()))


def recorded_at(event: Incoming[Any]) -> datetime:
    """Return when a record was committed by the service that announced it."""
    return datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)
