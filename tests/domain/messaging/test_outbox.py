"""Sequences of the outbox are dense and in the order of commits, whoever writes at the same time."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.database.outbox import Destination, Outbox
from shared.database.transaction import Session, transaction
from tests.support.ledger import NOW, Ledger
from tests.support.seeds import seeds
from tests.support.spine_checks import BooksDoNotBalance, outbox_breaches, snapshot

PARTITIONS = [Destination("funding.allocation.v1", number) for number in range(3)]


class ChangedItsMind(Exception):
    """A transaction that does not commit."""


async def announce(session: Session, ledger: Ledger, chance: random.Random, event_ids: list[UUID]) -> None:
    """Hold some partitions, in any order, and announce one to three events in each."""
    outbox = Outbox(session, ledger.route)
    chosen = chance.sample(PARTITIONS, chance.randint(1, 3))
    await outbox.hold(chosen)
    await asyncio.sleep(chance.choice((0, 0, 0.002)))
    for destination in chosen:
        for _ in range(chance.randint(1, 3)):
            event_ids.append(uuid4())
            outbox.add(destination, key=b"CV219", event_id=event_ids[-1], type="Told", subject="x",
                       time=outbox.known_at(destination, at_least=NOW), value=b"{}")  # fmt: skip
    await outbox.flush()


@pytest.mark.parametrize("seed", seeds(1))
async def test_twenty_writers_at_once_leave_no_hole_at_any_moment(ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    committed: list[UUID] = []
    given_up = 0

    async def write(writer: int) -> None:
        nonlocal given_up
        own = random.Random(seed + writer)
        for _ in range(8):
            event_ids: list[UUID] = []
            try:
                async with transaction(ledger.engine) as session:
                    await announce(session, ledger, own, event_ids)
                    if own.random() < 0.25:
                        raise ChangedItsMind
                committed.extend(event_ids)
            except ChangedItsMind:
                given_up += 1
            await asyncio.sleep(chance.random() * 0.003)

    writers = asyncio.gather(*(write(writer) for writer in range(20)))
    looks = 0
    while not writers.done():
        looks += 1
        for row in await ledger.rows(
            "SELECT partition, max(sequence) AS last, count(*) AS number FROM outbox GROUP BY 1"
        ):
            assert row["last"] == row["number"], "an event became visible before one with a lower sequence"
    await writers
    found = await snapshot(ledger.url)
    assert list(outbox_breaches(found)) == []
    assert {row["event_id"] for row in found["outbox"]} == set(committed)
    assert given_up > 10
    assert looks > 10


async def test_the_check_sees_a_sequence_that_is_missing_or_told_twice(ledger: Ledger) -> None:
    async with transaction(ledger.engine) as session:
        await announce(session, ledger, random.Random(1), [])
    await ledger.execute("DELETE FROM outbox WHERE sequence = 1")
    with pytest.raises(BooksDoNotBalance, match="not dense"):
        raise BooksDoNotBalance(list(outbox_breaches(await snapshot(ledger.url))))


async def test_an_output_partition_that_was_never_prepared_is_an_error_of_the_program(ledger: Ledger) -> None:
    with pytest.raises(LookupError, match="never prepared"):
        async with transaction(ledger.engine) as session:
            await Outbox(session, ledger.route).hold([Destination("funding.allocation.v1", 99)])


async def test_what_is_known_never_goes_back_in_a_partition(ledger: Ledger) -> None:
    hours = [10, 12, 11, 9, 13]
    for hour in hours:
        async with transaction(ledger.engine) as session:
            outbox = Outbox(session, ledger.route)
            await outbox.hold(PARTITIONS[:1])
            at = outbox.known_at(PARTITIONS[0], at_least=NOW.replace(hour=hour))
            outbox.add(PARTITIONS[0], key=b"", event_id=uuid4(), type="Told", subject="x", time=at, value=b"{}")
            await outbox.flush()
    async with transaction(ledger.engine) as session:
        times = (await session.scalars(text("SELECT time FROM outbox ORDER BY sequence"))).all()
    assert [at.hour for at in times] == [10, 12, 12, 12, 13]
