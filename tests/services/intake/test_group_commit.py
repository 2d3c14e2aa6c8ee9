"""The group commit: who waits shares a transaction, who breaks it fails alone, and nobody waits without end."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event as listening
from sqlalchemy import text

from services.intake.domain.answer import Accepted, Answer
from services.intake.domain.scope import Scope
from services.intake.domain.telling import CloudEvent, Telling
from services.intake.routes import group_commit
from services.intake.routes.group_commit import GroupCommit, Outcome
from services.intake.store.writes import Raced
from shared.database.outbox import Outbox
from shared.database.transaction import Session
from shared.kernel.errors import Unavailable
from tests.services.intake.world import NOW, World, declared

SCOPE = Scope("citeslab", frozenset({"*"}), frozenset())


def telling(name: str) -> Telling:
    """Some event; the fakes here look at its id only."""
    told: Any = object()
    return Telling(SCOPE, CloudEvent(name, "/citeslab", told), NOW)


@contextmanager
def commits(world: World) -> Iterator[Counter[str]]:
    """Count the transactions that are committed."""
    seen = Counter[str]()

    def on_commit(_: Any) -> None:
        seen["commits"] += 1

    listening.listen(world.spine.engine.sync_engine, "commit", on_commit)
    yield seen
    listening.remove(world.spine.engine.sync_engine, "commit", on_commit)


async def test_requests_that_arrive_together_share_transactions(world: World) -> None:
    key = await world.key()
    await world.client.post("/v1/events", json=declared("first"), headers=key)
    with commits(world) as seen:
        answers = await asyncio.gather(
            *(world.client.post("/v1/events", json=declared(f"R-{n}"), headers=key) for n in range(200))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 200
    assert 1 <= seen["commits"] <= 40
    assert len(await world.rows("SELECT FROM outbox")) == 201


async def test_fifty_requests_with_the_same_id_at_once_are_one_event(world: World) -> None:
    key, same = await world.key(), declared(id="1")
    answers = await asyncio.gather(*(world.client.post("/v1/events", json=same, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(await world.rows("SELECT FROM received_event")) == 1


class Fake:
    """A use case that accepts, but for events of certain names; it writes, so that a rollback is seen."""

    def __init__(self, *, poison: frozenset[str] = frozenset(), races: int = 0) -> None:
        self.poison = poison
        self.races = races
        self.sizes: list[int] = []

    async def apply(self, session: Session, _: Outbox, tellings: Sequence[Telling]) -> list[Answer]:
        """Note each contract of the group, as if each event were one."""
        self.sizes.append(len(tellings))
        for each in tellings:
            if each.event.id in self.poison:
                raise ZeroDivisionError(each.event.id)
            await session.execute(text("INSERT INTO known_contract VALUES (:name, now())"), {"name": each.event.id})
        if self.races:
            self.races -= 1
            raise Raced("somebody else")
        return [Accepted(uuid4(), "Any", None) for _ in tellings]


def group(world: World, fake: Fake) -> GroupCommit:
    """A group commit of the fake use case."""
    return GroupCommit(world.spine.engine, route=lambda: world.spine.router, apply=fake.apply, announce=lambda: None)


def names(outcomes: Sequence[Outcome]) -> list[str]:
    """Say what each outcome is."""
    return [type(outcome).__name__ for outcome in outcomes]


async def test_an_event_that_breaks_the_transaction_fails_alone(world: World) -> None:
    fake = Fake(poison=frozenset({"3-1"}))
    commit = group(world, fake)
    outcomes = await asyncio.gather(
        *(commit.submit([telling(f"{request}-{number}") for number in range(3)]) for request in range(8))
    )
    assert [names(each) for each in outcomes] == [
        ["Accepted", "ZeroDivisionError" if request == 3 else "Accepted", "Accepted"] for request in range(8)
    ]
    kept = {row["contract"] for row in await world.rows("SELECT contract FROM known_contract")}
    assert {f"{request}-{number}" for request in range(8) for number in range(3)} - kept == {"3-1"}
    assert names(await commit.submit([telling("after")])) == ["Accepted"]


async def test_who_loses_a_race_is_judged_again_a_few_times(world: World) -> None:
    fake = Fake(races=group_commit.ATTEMPTS - 1)
    assert names(await group(world, fake).submit([telling("x")])) == ["Accepted"]
    assert len(fake.sizes) == group_commit.ATTEMPTS
    assert names(await group(world, Fake(races=100)).submit([telling("y")])) == ["Raced"]


async def test_a_group_is_no_larger_than_allowed_and_a_larger_request_goes_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "EVENTS_A_GROUP", 10)
    fake = Fake()
    commit = group(world, fake)
    sizes = [4, 4, 4, 25, 1, 9, 1]
    await asyncio.gather(*(commit.submit([telling(str(uuid4())) for _ in range(size)]) for size in sizes))
    assert fake.sizes == [8, 4, 25, 10, 1]


async def test_when_too_many_wait_the_next_are_told_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "EVENTS_WAITING_MAX", 5)
    commit = group(world, Fake())
    outcomes = await asyncio.gather(*(commit.submit([telling(str(n)), telling(f"{n}b")]) for n in range(4)))
    assert [set(names(each)) for each in outcomes] == [{"Accepted"}, {"Accepted"}, {"Unavailable"}, {"Unavailable"}]
    assert names(await commit.submit([telling("later")])) == ["Accepted"]
    assert await commit.submit([]) == []


async def test_a_client_that_leaves_does_not_disturb_the_others(world: World) -> None:
    commit = group(world, Fake())
    leaving = asyncio.create_task(commit.submit([telling("leaves")]))
    staying = asyncio.create_task(commit.submit([telling("stays")]))
    await asyncio.sleep(0)
    leaving.cancel()
    assert names(await staying) == ["Accepted"]


async def test_a_database_that_hangs_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "SECONDS_MAX", 0.2)

    async def apply(session: Session, _: Outbox, __: Sequence[Telling]) -> list[Answer]:
        await session.execute(text("SELECT pg_sleep(5)"))
        return []

    commit = GroupCommit(world.spine.engine, route=lambda: world.spine.router, apply=apply, announce=lambda: None)
    (outcome,) = await commit.submit([telling("x")])
    assert isinstance(outcome, Unavailable)
