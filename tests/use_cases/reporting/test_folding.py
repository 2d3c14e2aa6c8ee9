"""Facts become rows: the same in any batches, each once, one bad one alone."""

import random
from datetime import date
from itertools import zip_longest

import pytest

from shared.contracts.entrepreneur import CessationKind
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from tests.support.seeds import seeds
from tests.use_cases.reporting.drawn import lives
from tests.use_cases.reporting.drawn_ledger import Ledger
from tests.use_cases.reporting.projection import PARTITIONS, Projection, sequences
from tests.use_cases.reporting.records import Record, allocations, cut, decided, entrepreneurs, envelope, log, raw, told

CONTRACTS = (("CV217", "CV218"), ("CV219",), ("CV220", "CV221"))


def drawn_logs(chance: random.Random) -> list[list[Record]]:
    """One log for each partition of both topics."""
    ledgers = [log(ALLOCATION, Ledger(chance, CONTRACTS[p]).facts(120), partition=p) for p in range(PARTITIONS)]
    people = [log(ENTREPRENEUR, lives(chance, 60, CONTRACTS[0] + CONTRACTS[1]), partition=p) for p in range(PARTITIONS)]
    return [*ledgers, *people]


def interleaved(chance: random.Random, logs: list[list[Record]]) -> list[list[Record]]:
    """Cut each log into batches, and mix the batches of all."""
    rounds = zip_longest(*(cut(chance, one) for one in logs))
    return [batch for some in rounds for batch in some if batch]


@pytest.mark.parametrize("seed", seeds(3))
async def test_any_batches_give_the_same_rows_and_the_same_figures_to_the_byte(
    projection: Projection, other: Projection, seed: int
) -> None:
    chance = random.Random(seed)
    logs = drawn_logs(chance)
    for batch in interleaved(chance, logs):
        await projection.apply(batch)
        if chance.random() < 0.2:
            await projection.state_budgets()
            await projection.state_survival()
    await other.apply(*interleaved(chance, logs))
    assert await projection.folded() == await other.folded()
    for one in (projection, other):
        await one.state_budgets()
        await one.state_survival()
    assert await projection.latest(SURVIVAL.name) == await other.latest(SURVIVAL.name)
    figures = [
        {key: value for name in (await one.latest(BUDGET.name)) if (key := name)
         and (value := {**(await one.budget(name)), "read": None})}
        for one in (projection, other)
    ]  # fmt: skip
    assert figures[0] == figures[1]


@pytest.mark.parametrize("seed", seeds(2))
async def test_each_fact_is_applied_once_however_often_it_arrives(
    projection: Projection, other: Projection, seed: int
) -> None:
    chance = random.Random(seed)
    logs = drawn_logs(chance)
    await other.apply(*logs)
    for batch in interleaved(chance, logs):
        await projection.apply(batch)
        if chance.random() < 0.5:
            await projection.apply(batch)
    await projection.apply(*logs)
    assert await projection.folded() == await other.folded()


async def test_an_impossible_fact_goes_to_quarantine_and_its_neighbours_are_applied(projection: Projection) -> None:
    await projection.apply(
        allocations(
            envelope("EnvelopeOpened", "CV219.CDC.2016", 100),
            decided("AllocationReserved", "a", cdc_cents=40),
            decided("AllocationReserved", "b", cdc_cents=70),
            decided("AllocationReserved", "c", cdc_cents=60),
        )
    )
    assert await projection.rows("SELECT reserved_cents, version FROM budget") == [(100, 3)]
    assert await projection.rows('SELECT reason, "offset" FROM quarantine') == [("balance-impossible", 2)]


async def test_a_record_that_is_no_fact_counts_in_no_version_and_moves_the_marks(projection: Projection) -> None:
    births = [told("BusinessCreated", number) for number in range(12)]
    await projection.apply(entrepreneurs(*births))
    assert await projection.state_survival() == 2
    first = await projection.survival()
    (good,) = entrepreneurs(told("BusinessCreated", 99), start=12)
    bad = raw(ENTREPRENEUR.name, good.headers, b"{", partition=0, offset=12)
    await projection.apply([bad])
    assert await projection.state_survival() == 1
    again = await projection.survival()
    assert (again["version"], sequences(again["read"])) == (12, {0: 13})
    assert {**again, "read": None} == {**first, "read": None}
    assert len(await projection.rows("SELECT 1 FROM quarantine")) == 1


async def test_a_cessation_that_comes_first_is_joined_when_its_creation_comes(projection: Projection) -> None:
    end = told("BusinessCeased", on=date(2017, 5, 2), cessation=CessationKind.LIQUIDATION)
    await projection.apply(entrepreneurs(end))
    assert await projection.rows("SELECT born_on, end_kind FROM business") == [(None, "death")]
    await projection.apply(entrepreneurs(told("BusinessCreated", on=date(2016, 5, 2)), start=1))
    query = "SELECT contract, born_on, ended_on, end_kind FROM business"
    assert await projection.rows(query) == [("CV219", date(2016, 5, 2), date(2017, 5, 2), "death")]


async def test_nobody_is_told_in_the_future(projection: Projection) -> None:
    fact = told("EntrepreneurWelcomed", on=date(2016, 5, 2))
    hasty = fact.model_copy(update={"declared_at": fact.known_at.replace(year=2090)})
    await projection.apply(entrepreneurs(hasty))
    await projection.state_survival()
    assert (await projection.survival())["as_of"] == "2016-04-30"
