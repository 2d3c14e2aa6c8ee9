"""Rights of contracts to a programme-wide cap: whoever is asked where, they never add up to more than the cap."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.funding.domain.rights import Excess, excesses, raised
from services.funding.domain.rules import Rules
from services.funding.store import queries
from services.funding.use_cases.ruling import RightsExceedCap, Ruler, set_rules
from shared.database.transaction import transaction
from tests.support.books import assert_books_balance
from tests.support.commitment_events import Json, event, named, opened, records
from tests.support.ledger import Ledger, fixed_clock

DAY = date(2016, 1, 1)
LENS, BETHUNE, ARRAS = "CV219", "CV221", "CV217"


def granted(cap: int, **rights: int) -> list[tuple[str, int, Rules]]:
    return [(code, 2016, Rules(programme_cap_cents=cap, right_cents=right)) for code, right in rights.items()]


@pytest.fixture
async def two(ledger: Ledger) -> Ledger:
    """Two contracts in two partitions."""
    for partition, contract in enumerate((LENS, BETHUNE)):
        await ledger.open([opened(contract, "CDC", 2016, 1000)], partition=partition)
    ledger.places[ARRAS] = 0
    return ledger


async def put(ledger: Ledger, cap: int, **rights: int) -> list[tuple[str, int]]:
    ruler = Ruler(ledger.engine, ledger.route, fixed_clock, "operator", DAY)
    return [(each.contract, each.version) for each in await set_rules(ruler, granted(cap, **rights))]


async def rights(ledger: Ledger) -> dict[str, int]:
    rows = await ledger.rows(
        "SELECT DISTINCT ON (contract) contract, content FROM rule_set ORDER BY contract, version DESC"
    )
    return {row["contract"]: row["content"].get("right_cents", 0) for row in rows}


async def test_a_split_that_passes_the_cap_is_refused_whole(two: Ledger) -> None:
    with pytest.raises(RightsExceedCap, match=r"would add up to 1\.01.*cap_per_beneficiary is 1\.00"):
        await put(two, 100, CV219=60, CV221=41)
    assert await rights(two) == {}
    assert await put(two, 100, CV219=60, CV221=40) == [(LENS, 1), (BETHUNE, 1)]


async def test_rights_that_a_file_does_not_name_count(two: Ledger) -> None:
    await put(two, 100, CV219=60, CV221=40)
    with pytest.raises(RightsExceedCap, match=r"1\.01"):
        await put(two, 100, CV217=1)
    assert await put(two, 101, CV217=1) == [(ARRAS, 1)]


async def test_what_is_lowered_comes_before_what_is_raised(two: Ledger) -> None:
    await put(two, 100, CV219=60, CV221=40)
    assert await put(two, 100, CV219=70, CV221=30) == [(BETHUNE, 2), (LENS, 2)]
    assert await put(two, 80, CV219=50, CV221=30) == [(LENS, 3), (BETHUNE, 3)]
    assert await rights(two) == {LENS: 50, BETHUNE: 30}


async def test_each_declaration_is_judged_by_the_right_of_its_own_contract(two: Ledger) -> None:
    await put(two, 100, CV219=60, CV221=40)
    log = {}
    for partition, (contract, asked) in enumerate(((LENS, (50, 11)), (BETHUNE, (40, 1)))):
        told: list[Json] = []
        for number, cents in enumerate(asked):
            terms: dict[str, Any] = {"exercise": 2016, "priority": 5, "cdc_cents": cents, "state_cents": 0}
            terms |= {"cost_cents": cents, "beneficiary_id": named("X")}
            told.append(event("CommitmentDeclared", f"{contract} {number}", contract=contract, number=number, **terms))
        log[partition] = records(told, partition=partition)
        await two.decide(log[partition], [1])
    rows = await two.rows("SELECT state FROM commitment ORDER BY contract, place")
    assert [row["state"] for row in rows] == ["reserved", "refused"] * 2
    await assert_books_balance(two.url, log=log)


async def test_two_who_grant_at_once_do_not_pass_the_cap_together(two: Ledger) -> None:
    ways: list[Any] = [put(two, 100, CV219=60), put(two, 100, CV221=60)]
    met = await asyncio.gather(*ways, return_exceptions=True)
    assert sum(isinstance(each, RightsExceedCap) for each in met) == 1
    assert sum((await rights(two)).values()) == 60


async def test_who_grants_waits_for_whoever_grants_elsewhere(two: Ledger) -> None:
    async with transaction(two.engine) as session:
        await queries.lock_rights(session)
        other = asyncio.ensure_future(put(two, 100, CV219=60))
        waits: list[Any] = []
        while not waits and not other.done():
            waits = await two.rows("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        assert waits
        assert await rights(two) == {}
    assert await other == [(LENS, 1)]


def test_the_cap_is_kept_to_the_cent_in_each_exercise() -> None:
    old = {(LENS, 2016): Rules(right_cents=60), (LENS, 2017): Rules(right_cents=100), (ARRAS, 2016): Rules()}
    for right, found in ((40, []), (41, [Excess(2016, 101, 100)])):
        wanted = {(BETHUNE, 2016): Rules(programme_cap_cents=100, right_cents=right)}
        assert [*excesses(old, wanted)] == found
    assert [*excesses(old, {(BETHUNE, 2016): Rules()})] == []


def test_a_right_of_nothing_is_none_to_raise() -> None:
    some, nothing = Rules(right_cents=5), Rules(right_cents=0)
    pairs = ((None, some), (nothing, some), (some, some), (None, nothing), (some, Rules()))
    assert [raised(before, after) for before, after in pairs] == [True, True, False, False, False]
