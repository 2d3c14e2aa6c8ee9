"""What becomes of an event: contracts learnt, decisions marked, figures and the relay followed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.app import keyring_of
from services.intake.store import queries, writes
from services.intake.use_cases import tracking
from services.intake.use_cases.status import Journey, journey
from services.intake.use_cases.tracking import follow_allocations, follow_figures, follow_relay, forget_old_progress
from shared.contracts.examples import EXAMPLES
from shared.contracts.fields import Fact
from shared.contracts.reasons import HeldReason
from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, ENTREPRENEUR, SURVIVAL, Topic
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox
from shared.database.transaction import transaction
from shared.messaging.stream import Batch, Incoming
from tests.services.intake.world import NOW, World, declared, settings_of, told, welcomed

SECOND = timedelta(seconds=1)


def example(topic: Topic, type_: str, **more: Any) -> Fact:
    """A fact as it would be read."""
    found = next(fact for fact in EXAMPLES[topic.name] if type(fact).__name__ == type_)
    return found.model_copy(update=more)


def incoming(topic: Topic, fact: Fact, *, sequence: int = 1, cause: UUID | None = None, at: datetime = NOW) -> Any:
    """A record of partition 0."""
    return Incoming(
        fact=fact, event_id=UUID(int=1), type=type(fact).__name__, source=Source(topic.name, 0), offset=sequence,
        sequence=sequence, traceparent=None, place=sequence, cause=cause, timestamp_ms=int(at.timestamp() * 1000),
    )  # fmt: skip


async def follow(world: World, follower: Any, events: Sequence[Any], **more: Any) -> None:
    """Hand events to a follower, in one transaction."""
    async with transaction(world.spine.engine) as session:
        await follower(Batch(session, Outbox(session, world.spine.router), list(events), []), **more)


async def accepted(world: World, event: dict[str, Any]) -> tuple[UUID, UUID | None]:
    """Tell one event: (event, commitment)."""
    answer = await world.client.post("/v1/events", json=event, headers=await world.key())
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return UUID(body["id"]), UUID(body["commitment_id"]) if "commitment_id" in body else None


async def status(world: World, event_id: UUID) -> Journey:
    """Look at an event's journey."""
    found = await journey(
        world.spine.engine, platform="citeslab", keyring=keyring_of(settings_of(world.url)), event_id=event_id
    )
    assert found is not None
    return found


async def test_a_contract_is_known_once_funding_opened_an_envelope_for_it(world: World) -> None:
    opened = incoming(ALLOCATION, example(ALLOCATION, "EnvelopeOpened", contract="CV777"))
    await follow(world, follow_allocations, [opened, opened])
    await follow(world, follow_allocations, [opened])
    async with transaction(world.spine.engine) as session:
        assert await queries.contracts(session, ["CV777", "CV778"]) == {"CV777"}


async def test_an_event_is_marked_with_what_was_decided_and_when_it_was_committed(world: World) -> None:
    event_id, commitment = await accepted(world, declared())
    assert not (await status(world, event_id)).decided.done
    waits = example(ALLOCATION, "AllocationWaitlisted", commitment_id=commitment)
    await follow(world, follow_allocations, [incoming(ALLOCATION, waits, sequence=4, cause=event_id)])
    found = await status(world, event_id)
    assert (found.decided.done, found.decided.at) == (True, NOW)
    assert found.event.decisions == ["AllocationWaitlisted"]
    assert (found.event.decided_partition, found.event.decided_sequence) == (0, 4)


async def test_a_declaration_that_each_funder_decides_is_marked_with_both_facts(world: World) -> None:
    event_id, commitment = await accepted(world, declared())
    reserved = example(ALLOCATION, "AllocationReserved", commitment_id=commitment)
    waits = example(ALLOCATION, "AllocationWaitlisted", commitment_id=commitment)
    told = [incoming(ALLOCATION, fact, sequence=number, cause=event_id) for number, fact in ((4, reserved), (5, waits))]
    await follow(world, follow_allocations, told)
    found = await status(world, event_id)
    assert found.event.decisions == ["AllocationReserved", "AllocationWaitlisted"]


async def test_a_promotion_is_marked_on_the_event_that_declared_it_not_on_the_one_that_made_room(world: World) -> None:
    waiting, commitment = await accepted(world, declared("R-1"))
    other, other_commitment = await accepted(world, declared("R-2"))
    waits = example(ALLOCATION, "AllocationWaitlisted", commitment_id=commitment)
    released = example(ALLOCATION, "AllocationReleased", commitment_id=other_commitment)
    promoted = example(ALLOCATION, "AllocationPromoted", commitment_id=commitment)
    await follow(
        world, follow_allocations,
        [
            incoming(ALLOCATION, waits, sequence=1, cause=waiting),
            incoming(ALLOCATION, released, sequence=2, cause=other, at=NOW + SECOND),
            incoming(ALLOCATION, promoted, sequence=3, cause=other, at=NOW + SECOND),
        ],
    )  # fmt: skip
    assert (await status(world, waiting)).event.decisions == ["AllocationWaitlisted", "AllocationPromoted"]
    assert (await status(world, waiting)).decided.at == NOW
    assert (await status(world, other)).event.decisions == ["AllocationReleased"]


async def shown(world: World, event_id: UUID) -> dict[str, Any]:
    """The answer of `GET /v1/events/{id}`."""
    answer = await world.client.get(f"/v1/events/{event_id}", headers=await world.key())
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("batches", [1, 2])
async def test_an_event_that_is_held_waits_and_is_decided_by_the_fact_that_names_it(world: World, batches: int) -> None:
    amendment = {"reference": "R-1", "cost_cents": 90_000, "cdc_cents": 1}
    declared_id, commitment = await accepted(world, declared("R-1"))
    held_id, _ = await accepted(world, told("CommitmentAmended", amendment))
    assert (await shown(world, held_id))["held"] is None
    waits = example(ALLOCATION, "MovementHeld", commitment_id=commitment, reason=HeldReason.WAITS_FOR_ROOM)
    reserved = example(ALLOCATION, "AllocationReserved", commitment_id=commitment)
    answer = example(ALLOCATION, "AllocationEngaged", commitment_id=commitment, movement_id=held_id)
    facts = [
        incoming(ALLOCATION, waits, sequence=1, cause=held_id),
        incoming(ALLOCATION, reserved, sequence=2, cause=declared_id, at=NOW + SECOND),
        incoming(ALLOCATION, answer, sequence=3, cause=declared_id, at=NOW + SECOND),
    ]
    if batches == 2:
        await follow(world, follow_allocations, facts[:1])
        before = await shown(world, held_id)
        assert (before["status"], before["decided"]["done"], before["decided"]["decisions"]) == ("held", False, [])
        assert (before["held"]["reason"], datetime.fromisoformat(before["held"]["at"])) == ("waits-for-room", NOW)
    await follow(world, follow_allocations, facts[batches - 1 :])
    after = await shown(world, held_id)
    assert (after["status"], after["decided"]["decisions"]) == ("decided", ["AllocationEngaged"])
    assert datetime.fromisoformat(after["decided"]["at"]) == NOW + SECOND
    assert after["held"]["reason"] == "waits-for-room"
    assert (await status(world, held_id)).event.decided_sequence == 3
    assert (await shown(world, declared_id))["decided"]["decisions"] == ["AllocationReserved"]


async def test_a_displacement_is_marked_on_the_event_that_declared_whatever_command_caused_it(world: World) -> None:
    event_id, commitment = await accepted(world, declared())
    reserved = example(ALLOCATION, "AllocationReserved", commitment_id=commitment)
    displaced = example(ALLOCATION, "AllocationDisplaced", commitment_id=commitment)
    await follow(
        world, follow_allocations,
        [incoming(ALLOCATION, reserved, cause=event_id), incoming(ALLOCATION, displaced, cause=UUID(int=77))],
    )  # fmt: skip
    assert (await status(world, event_id)).event.decisions == ["AllocationReserved", "AllocationDisplaced"]


async def test_decisions_on_events_that_are_not_ours_are_passed_over(world: World) -> None:
    stranger = example(ALLOCATION, "AllocationReserved", commitment_id=UUID(int=5))
    promoted = example(ALLOCATION, "AllocationPromoted", commitment_id=UUID(int=5))
    await follow(
        world, follow_allocations,
        [incoming(ALLOCATION, stranger, cause=UUID(int=6)), incoming(ALLOCATION, stranger),
         incoming(ALLOCATION, promoted, cause=UUID(int=6))],
    )  # fmt: skip


async def figures(world: World, topic: Topic, folded: Topic, *reads: tuple[int, int, datetime]) -> None:
    """Figures whose `read` is (partition, sequence), recorded at a moment."""
    type_ = "BudgetStated" if topic is BUDGET else "SurvivalStated"
    events = []
    for partition, sequence, at in reads:
        figure: Any = example(topic, type_)
        place = figure.read[0].model_copy(update={"partition": partition, "sequence": sequence})
        events.append(incoming(topic, figure.model_copy(update={"read": [place]}), at=at))
    await follow(world, follow_figures, events, folded=folded)


async def test_a_commitment_event_is_reported_once_the_budget_has_read_its_decision(world: World) -> None:
    event_id, commitment = await accepted(world, declared())
    reserved = example(ALLOCATION, "AllocationReserved", commitment_id=commitment)
    await follow(world, follow_allocations, [incoming(ALLOCATION, reserved, sequence=4, cause=event_id)])
    await figures(world, BUDGET, ALLOCATION, (0, 3, NOW), (1, 9, NOW))
    assert not (await status(world, event_id)).reported.done
    await figures(world, BUDGET, ALLOCATION, (0, 0, NOW), (0, 4, NOW + SECOND), (0, 2, NOW + SECOND))
    await figures(world, BUDGET, ALLOCATION, (0, 6, NOW + 5 * SECOND))
    found = await status(world, event_id)
    assert (found.reported.done, found.reported.at) == (True, NOW + SECOND)


async def test_an_entrepreneur_event_is_reported_once_the_survival_figures_have_read_it(world: World) -> None:
    event_id, _ = await accepted(world, welcomed())
    partition = (await status(world, event_id)).event.partition
    await figures(world, SURVIVAL, ENTREPRENEUR, ((partition + 1) % 4, 9, NOW))
    found = await status(world, event_id)
    assert (found.decided, found.reported.done) == (None, False)
    await figures(world, SURVIVAL, ENTREPRENEUR, (partition, 1, NOW + timedelta(milliseconds=1)))
    assert (await status(world, event_id)).reported.at == NOW + SECOND, "never earlier than it was"


async def test_figures_of_one_moment_may_be_read_by_several_processes_at_once(world: World) -> None:
    reads = [(partition, sequence, NOW) for sequence in range(1, 20) for partition in range(4)]
    await asyncio.gather(*(figures(world, BUDGET, ALLOCATION, *reads[number:]) for number in range(8)))
    rows = await world.rows("SELECT partition, sequence FROM progress ORDER BY partition")
    assert [(row["partition"], row["sequence"]) for row in rows] == [(p, 19) for p in range(4)]


async def test_an_event_is_published_when_the_relay_has_marked_it(world: World) -> None:
    event_id, _ = await accepted(world, declared())
    place = (await status(world, event_id)).event.partition
    assert not (await status(world, event_id)).published.done
    async with transaction(world.spine.engine) as session:
        await session.connection()
        driver = await writes.driver(session)
        await driver.execute(
            "UPDATE outbox_partition SET relayed_sequence = 1 WHERE topic = $1 AND partition = $2",
            COMMITMENT.name,
            place,
        )
    found = await status(world, event_id)
    assert (found.published.done, found.published.at) == (True, None)
    last_seen: dict[tuple[str, int], int] = {}
    for delay in (1, 2, 3):
        at = NOW + delay * SECOND
        await follow_relay(world.spine.engine, last_seen, clock=lambda at=at: at)
    assert (await status(world, event_id)).published.at == NOW + SECOND
    assert last_seen == {(COMMITMENT.name, place): 1}


async def test_old_times_are_forgotten_but_that_it_happened_is_not(world: World) -> None:
    async with transaction(world.spine.engine) as session:
        old = [writes.Mark(ALLOCATION.name, 0, n, NOW + n * SECOND) for n in range(1, 5)]
        await writes.mark_progress(session, tracking.REPORTED, old)
        await writes.mark_progress(session, tracking.REPORTED, [writes.Mark(ALLOCATION.name, 1, 1, NOW)])
    await forget_old_progress(world.spine.engine, clock=lambda: NOW.astimezone(UTC) + tracking.KEPT + 3 * SECOND)
    rows = await world.rows("SELECT partition, sequence FROM progress ORDER BY partition, sequence")
    assert [(row["partition"], row["sequence"]) for row in rows] == [(0, 3), (0, 4), (1, 1)]


async def test_nobody_sees_the_events_of_another_platform(world: World) -> None:
    event_id, _ = await accepted(world, declared())
    keyring = keyring_of(settings_of(world.url))
    assert await journey(world.spine.engine, platform="adie", keyring=keyring, event_id=event_id) is None
    assert await journey(world.spine.engine, platform="citeslab", keyring=keyring, event_id=UUID(int=1)) is None
