"""Tells how far an accepted event has come: received, accepted, published, perhaps held, decided, reported."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.keyring import Keyring
from services.intake.store import queries
from services.intake.store.tables import ReceivedEvent
from services.intake.use_cases.tracking import PUBLISHED, REPORTED
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENTREPRENEUR
from shared.database.transaction import Session, reading


@dataclass(frozen=True, slots=True)
class Step:
    """Whether an event has come so far, and when; None when the time is not known any more, or not yet."""

    done: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Journey:
    """An accepted event and its steps; `decided` is None for events on which nothing is decided."""

    event: ReceivedEvent
    published: Step
    decided: Step | None
    reported: Step


async def journey(
    engine: AsyncEngine, *, platform: str, keyring: Keyring,
    event_id: UUID | None = None, named: tuple[str, str] | None = None,
) -> Journey | None:  # fmt: skip
    """Find one of a platform's events, by our identifier or by (source, id); None when it told no such event."""
    door_key = keyring.door_key(platform, *named) if named is not None else None
    async with reading(engine) as session:
        event = await queries.received_event(session, event_id=event_id, door_key=door_key)
        if event is None or event.platform != platform:
            return None
        return await _followed(session, event)


async def _followed(session: Session, event: ReceivedEvent) -> Journey:
    relayed = await queries.relayed(session, topic=event.topic, partition=event.partition)
    published = Step(False, None)
    if relayed >= event.sequence:
        at = await queries.reached_at(
            session, stage=PUBLISHED, topic=event.topic, partition=event.partition, sequence=event.sequence
        )
        published = Step(True, at)
    if event.topic != COMMITMENT.name:
        reported_at = await queries.reached_at(
            session, stage=REPORTED, topic=ENTREPRENEUR.name, partition=event.partition, sequence=event.sequence
        )
        return Journey(event, published, None, Step(reported_at is not None, reported_at))
    decided = Step(event.decided_at is not None, event.decided_at)
    reported_at = None
    if event.decided_partition is not None and event.decided_sequence is not None:
        reported_at = await queries.reached_at(
            session, stage=REPORTED, topic=ALLOCATION.name, partition=event.decided_partition,
            sequence=event.decided_sequence,
        )  # fmt: skip
    return Journey(event, published, decided, Step(reported_at is not None, reported_at))
