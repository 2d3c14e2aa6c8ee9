"""Rows become figures on the compacted topics: once for each version, with how far the input was read."""

import asyncio
import json
import random
from datetime import date

from shared.contracts.figures import BudgetStated, SurvivalStated
from shared.contracts.reasons import HeldReason, RefusalReason
from shared.contracts.topics import BUDGET, SURVIVAL
from tests.use_cases.reporting.drawn_ledger import Ledger
from tests.use_cases.reporting.projection import Projection, sequences
from tests.use_cases.reporting.records import allocations, cut, decided, entrepreneurs, envelope, told

OPENED = envelope("EnvelopeOpened", "CV219.CDC.2016", 1000)
HELD = decided("MovementHeld", "h", movement="PaymentMade", reason=HeldReason.NOT_DECIDED_YET)


async def test_nothing_is_stated_of_nothing(projection: Projection) -> None:
    assert await projection.state_budgets() == 0
    assert await projection.state_survival() == 0


async def test_a_budget_is_stated_once_for_each_change(projection: Projection) -> None:
    await projection.apply(allocations(OPENED, decided("AllocationReserved", cdc_cents=600, state_cents=0)))
    assert await projection.state_budgets() == 1
    assert await projection.state_budgets() == 0
    stated = BudgetStated.model_validate_json((await projection.latest(BUDGET.name))["CV219.CDC.2016"])
    assert (stated.version, stated.reserved_cents, stated.available_cents, stated.share_used) == (2, 600, 400, 0.6)
    assert [(mark.partition, mark.sequence) for mark in stated.read] == [(0, 2)]


async def test_facts_that_change_no_figure_move_the_marks_of_one_record(projection: Projection) -> None:
    second = envelope("EnvelopeOpened", "CV219.STATE.2016", 1000)
    await projection.apply(allocations(OPENED, second), allocations(HELD, partition=2))
    assert await projection.state_budgets() == 2
    first = await projection.budget("CV219.CDC.2016")
    await projection.apply(allocations(HELD, HELD, start=2), allocations(HELD, partition=2, start=1))
    assert await projection.state_budgets() == 1
    assert await projection.state_budgets() == 0
    again = await projection.budget("CV219.CDC.2016")
    assert sequences(again["read"]) == {0: 4, 2: 2}
    assert {**again, "read": None} == {**first, "read": None}


async def test_marks_wait_for_the_first_figure(projection: Projection) -> None:
    await projection.apply(allocations(HELD, partition=1))
    assert await projection.state_budgets() == 0
    await projection.apply(allocations(OPENED))
    assert await projection.state_budgets() == 1
    assert sequences((await projection.budget("CV219.CDC.2016"))["read"]) == {0: 1, 1: 1}


async def test_a_refusal_for_an_unknown_envelope_is_stated_with_nothing_authorised(projection: Projection) -> None:
    refused = decided("AllocationRefused", exercise=2031, cdc_cents=5, reason=RefusalReason.ENVELOPE_UNKNOWN)
    await projection.apply(allocations(refused))
    assert await projection.state_budgets() == 1
    stated = await projection.budget("CV219.CDC.2031")
    assert (stated["authorised_cents"], stated["share_used"], stated["refused_count"]) == (0, None, 1)


async def test_publishers_at_once_state_each_version_once_and_versions_only_grow(projection: Projection) -> None:
    chance = random.Random(3)
    records = allocations(*Ledger(chance, ("CV217", "CV219")).facts(300))

    async def fold() -> None:
        for batch in cut(chance, records):
            await projection.apply(batch)

    folding, stated = asyncio.create_task(fold()), 0
    while not folding.done():
        stated += sum(await asyncio.gather(*(projection.state_budgets() for _ in range(4))))
    await folding
    stated += await projection.state_budgets()
    told_of = [(key, json.loads(value)["version"]) for key, value in await projection.stated(BUDGET.name)]
    assert len(told_of) == stated
    by_key: dict[str, list[int]] = {}
    for key, version in told_of:
        by_key.setdefault(key, []).append(version)
    assert all(versions == sorted(versions) for versions in by_key.values())
    row: dict[str, int] = dict(await projection.rows("SELECT envelope_id, version FROM budget"))
    assert {key: versions[-1] for key, versions in by_key.items()} == row


async def test_all_strata_are_of_one_version_the_number_of_facts(projection: Projection) -> None:
    births = [told("BusinessCreated", number, on=date(2015, 1, 1), contract="CV217") for number in range(20)]
    people = [told("EntrepreneurWelcomed", number, contract="CV218") for number in range(5)]
    await projection.apply(entrepreneurs(*births), entrepreneurs(*people, partition=2))
    assert await projection.state_survival() == 3
    stated = {key: json.loads(value) for key, value in (await projection.latest(SURVIVAL.name)).items()}
    assert stated.keys() == {"all", "CV217", "CV218"}
    assert {figure["version"] for figure in stated.values()} == {25}
    assert {figure["as_of"] for figure in stated.values()} == {"2016-04-30"}
    assert [sequences(figure["read"]) for figure in stated.values()] == [{0: 20, 2: 5}] * 3
    assert (stated["CV217"]["size"], stated["CV218"]["size"], stated["all"]["size"]) == (20, 0, 20)


async def test_a_small_stratum_is_stated_without_any_number(projection: Projection) -> None:
    def births(count: int, contract: str) -> list[object]:
        return [told("BusinessCreated", f"{contract}{n}", on=date(2014, 1, 1), contract=contract) for n in range(count)]

    later = told("EntrepreneurWelcomed", on=date(2016, 1, 1))
    facts = [*births(40, "CV217"), *births(3, "CV218"), *births(13, "CV219"), *births(25, "CV220"), later]
    await projection.apply(entrepreneurs(*facts))
    await projection.state_survival()
    small, protector = await projection.survival("CV218"), await projection.survival("CV219")
    assert (small["hidden"], small["size"]) == ("under-threshold", None)
    assert (protector["hidden"], protector["size"]) == ("protects-another", None)
    for stated in (small, protector):
        for horizon in stated["horizons"]:
            shown = {name for name, value in horizon.items() if value not in (None, False)}
            assert shown == {"months", "hidden"}
    assert [horizon["months"] for horizon in small["horizons"]] == [12, 24, 36, 60]


async def test_what_is_stated_is_what_the_contract_says(projection: Projection) -> None:
    await projection.apply(entrepreneurs(*(told("BusinessCreated", n, on=date(2014, 1, 1)) for n in range(30))))
    await projection.state_survival()
    for value in (await projection.latest(SURVIVAL.name)).values():
        assert SurvivalStated.model_validate_json(value).model_dump_json().encode() == value
