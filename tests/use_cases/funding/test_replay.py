"""A year told again gives the same books to the byte: in other batches, with duplicates, and with deaths on the way."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from aiokafka import ConsumerRecord

from fabrique.ledger.export import Format, Written, export
from services.funding.domain.command import Act, Command
from services.funding.store.journal import open_journal
from shared.database.transaction import reading
from tests.support.books import assert_books_balance
from tests.support.commands import commanded, wanted
from tests.support.commitment_events import NAMES, Scribe, records
from tests.support.ledger import Ledger, open_ledger
from tests.support.perils import CRASHES, Killed, Perils
from tests.support.seeds import seeds

CONTRACTS = {0: ["CV217", "CV218"], 1: ["CV219", "CV221"]}
EVENTS, STEP = 600, 60
"""Each line has this many events, and a manager commands after every so many of them."""
Log = dict[int, Sequence[ConsumerRecord[bytes, bytes]]]


class Year:
    """What partners and managers told in one year."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        scribes = {partition: Scribe(chance, contracts) for partition, contracts in CONTRACTS.items()}
        self.openings = {partition: scribe.openings() for partition, scribe in scribes.items()}
        self.log: Log = {p: records(scribe.events(EVENTS), partition=p) for p, scribe in scribes.items()}
        self.commands = [[self._drawn(chance) for _ in range(3)] for _ in range(EVENTS // STEP)]

    @staticmethod
    def _drawn(chance: random.Random) -> Command:
        contract, other = chance.sample([c for homes in CONTRACTS.values() for c in homes], 2)
        funder, act = (
            chance.choice(("CDC", "STATE")),
            chance.choice((Act.FREEZE, Act.UNFREEZE, Act.REDUCE, Act.TRANSFER)),
        )
        to = f"{other}.{funder}.2016" if act is Act.TRANSFER else None
        return wanted(act, f"{contract}.{funder}.2016", chance.randint(1, 20), to=to, displace=chance.random() < 0.5)

    async def tell(
        self, ledger: Ledger, apply: Callable[[Ledger, Sequence[ConsumerRecord[bytes, bytes]]], object]
    ) -> None:
        """Tell it all, the commands at their places."""
        for partition, openings in self.openings.items():
            await ledger.open(openings, partition=partition)
            ledger.places |= dict.fromkeys(CONTRACTS[partition], partition)
        for number, commands in enumerate(self.commands):
            for told in self.log.values():
                await apply(ledger, told[: (number + 1) * STEP])  # type: ignore[misc]
            for ordinal, command in enumerate(commands):
                await commanded(ledger, command, _command_id(number, ordinal))


def _command_id(number: int, ordinal: int) -> UUID:
    return uuid5(NAMES, f"command {number} {ordinal}")


async def in_one_batch(ledger: Ledger, told: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
    """All at once: what was applied before is fenced off."""
    assert await ledger.micro_batch().apply(told)


class Hazard:
    """Small batches of any size, told twice in part, by processes that die around their commits."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.deaths = 0

    async def __call__(self, ledger: Ledger, told: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Apply what is left of a line, and some of what is not."""
        partition = told[0].partition
        while (start := await self._reached(ledger, partition)) < len(told):
            first = max(0, start - self.chance.randint(0, 30))
            try:
                await ledger.micro_batch().apply(told[first : start + self.chance.randint(1, 25)])
            except Killed:
                self.deaths += 1

    @staticmethod
    async def _reached(ledger: Ledger, partition: int) -> int:
        query = "SELECT next_offset FROM checkpoint WHERE partition = :partition"
        rows = await ledger.rows(query, partition=partition)
        return int(rows[0]["next_offset"]) if rows else 0


async def exported(ledger: Ledger, form: Format, path: Path) -> Written:
    async with reading(ledger.engine) as session:
        return await export(await open_journal(session), form, path)


@pytest.mark.parametrize("seed", seeds(1))
async def test_a_year_told_again_with_deaths_and_duplicates_gives_the_same_books_to_the_byte(
    fresh_database: Callable[[], str], tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    year, hazard = Year(seed), Hazard(seed)
    async with (
        open_ledger(fresh_database(), partitions=2) as once,
        open_ledger(fresh_database(), partitions=2) as again,
    ):
        await year.tell(once, in_one_batch)
        perils = Perils(again.url, random.Random(seed), crash=0.2, cut=0.1)
        with monkeypatch.context() as patch:
            perils.install(patch, [])
            await year.tell(again, hazard)
        await perils.over()
        assert hazard.deaths == sum(perils.met[point] for point in CRASHES) > 0
        for form in Format:
            first, second = [await exported(ledger, form, tmp_path / "books") for ledger in (once, again)]
            assert first == second
            assert first.length > 10_000
        await assert_books_balance(once.url, log=year.log)
