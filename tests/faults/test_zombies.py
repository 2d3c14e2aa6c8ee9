"""Four zombies on one log, killed before, during and after COMMIT: the decisions are still the oracle's, once each."""

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest
from aiokafka import ConsumerRecord

from shared.database.transaction import create_engine
from shared.messaging import metrics
from tests.support.books import COMMITMENT, assert_books_balance
from tests.support.commitment_events import Scribe, records
from tests.support.ledger import Ledger
from tests.support.perils import CRASHES, CUTS, Killed, Perils
from tests.support.seeds import seeds

Logs = Mapping[int, Sequence[ConsumerRecord]]
EVENTS, PARTITIONS, ZOMBIES = 20_000, 4, 4


def counted(counter: str) -> float:
    filtered = metrics.EVENTS_FILTERED.labels(COMMITMENT, "fenced")
    return float({"fenced": filtered, "retried": metrics.BATCH_RETRIES.labels(COMMITMENT)}[counter]._value.get())


class Zombie:
    """A consumer that believes it holds every partition, often at a place where it was long ago, and dies a lot."""

    def __init__(self, ledger: Ledger, sight: Ledger, log: Logs, chance: random.Random) -> None:
        self._ledger = ledger
        self._sight = sight
        self._log = log
        self._chance = chance
        self.deaths = 0
        self.stale = 0

    async def live(self) -> None:
        """Read and apply until every partition is applied to its end."""
        batch = self._ledger.micro_batch()
        while left := await self._left():
            partition = self._chance.choice(list(left))
            start = left[partition]
            if self._chance.random() < 0.3:
                self.stale += 1
                start = max(0, start - self._chance.randint(1, 400))
            handed = self._log[partition][start : start + self._chance.choice((1, 10, 60, 150, 300))]
            try:
                await batch.apply(handed)
            except Killed:
                self.deaths += 1
                batch = self._ledger.micro_batch()

    async def _left(self) -> dict[int, int]:
        rows = await self._sight.rows("SELECT partition, next_offset FROM checkpoint")
        reached = {row["partition"]: row["next_offset"] for row in rows}
        return {p: reached.get(p, 0) for p, log in self._log.items() if reached.get(p, 0) < len(log)}


@pytest.mark.faults
@pytest.mark.parametrize("seed", seeds(1))
async def test_four_zombies_that_die_around_every_commit_decide_as_the_oracle_does(
    ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = {}
    for partition in range(PARTITIONS):
        scribe = Scribe(random.Random(seed + partition), [f"CV{partition}{n:02}" for n in range(10)])
        await ledger.open(scribe.openings(), partition=partition)
        log[partition] = records(scribe.events(EVENTS // PARTITIONS), partition=partition)
    engines = [create_engine(ledger.url, application_name=f"zombie {n}", pool_size=3) for n in range(ZOMBIES)]
    zombies = [
        Zombie(Ledger(ledger.url, engine, ledger.places), ledger, log, random.Random(seed * 100 + n))
        for n, engine in enumerate(engines)
    ]
    perils = Perils(ledger.url, random.Random(seed), crash=0.15, cut=0.12)
    fenced, retried = counted("fenced"), counted("retried")
    with monkeypatch.context() as patch:
        perils.install(patch, engines)
        async with asyncio.TaskGroup() as group:
            for zombie in zombies:
                group.create_task(zombie.live())
        await perils.over()
    for engine in engines:
        await engine.dispose()
    deaths, stale = sum(z.deaths for z in zombies), sum(z.stale for z in zombies)
    print(  # noqa: T201  what happened is worth a line
        f"seed {seed}: {deaths} deaths, {stale} stale, {counted('fenced') - fenced:.0f} fenced,"
          f" {counted('retried') - retried:.0f} tried again, {dict(perils.met)}")  # fmt: skip
    assert counted("fenced") > fenced
    assert counted("retried") > retried
    assert deaths == sum(perils.met[point] for point in CRASHES)
    assert all(perils.met[point] > 0 for point in (*CRASHES, *CUTS)), perils.met
    await assert_books_balance(ledger.url, log=log)
