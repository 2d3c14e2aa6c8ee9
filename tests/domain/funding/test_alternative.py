"""Other credits as a manager words them: every cent placed, amounts before keys, and nothing else touched."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.alternative import Key, Unweighed, Weights, Wish, credits_wished, rules_wished
from services.funding.domain.command import Act, Command
from services.funding.domain.reapportionment import Given
from services.funding.domain.rehearsal import Credit
from services.funding.domain.rules import Order, Rules
from shared.kernel.funders import Funder

NAMES = [f"CV21{n}" for n in range(4)]


def cdc(*amounts: int) -> dict[str, Credit]:
    """The credits of the CDC, contract by contract."""
    return {f"{name}.CDC.2016": Credit(cents) for name, cents in zip(NAMES, amounts, strict=False)}


@given(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), st.sampled_from([*Key]), st.integers(0, 10**10))
def test_a_key_places_every_cent_of_the_whole(amounts: list[int], key: Key, total: int) -> None:
    weights = {name: {Key.POPULATION: n + 1, Key.CASELOAD: 4 - n} for n, name in enumerate(NAMES)}
    now = cdc(*amounts) | {"CV210.STATE.2016": Credit(7, 7), "CV210.CDC.2017": Credit(9)}
    wish = Wish(2016, keys={Funder.CDC: key}, totals={Funder.CDC: total})
    if key is Key.PRESENT and not any(amounts):
        with pytest.raises(Unweighed):
            credits_wished(wish, now, weights, [])
        return
    wished = now | credits_wished(wish, now, weights, [])
    assert sum(wished[f"{name}.CDC.2016"].amount for name in NAMES) == total
    assert {name: wished[name] for name in ("CV210.STATE.2016", "CV210.CDC.2017")} == {
        "CV210.STATE.2016": Credit(7, 7), "CV210.CDC.2017": Credit(9),
    }  # fmt: skip


def test_what_may_be_paid_goes_with_what_may_be_engaged() -> None:
    same = {"CV210.STATE.2016": Credit(30, 30), "CV211.STATE.2016": Credit(70, 70)}
    wish = Wish(2016, keys={Funder.STATE: Key.EQUAL}, totals={Funder.STATE: 120})
    assert credits_wished(wish, same, {}, []) == {name: Credit(60, 60) for name in same}
    less = {"CV210.STATE.2016": Credit(30, 10), "CV211.STATE.2016": Credit(70, 10)}
    assert credits_wished(wish, less, {}, []) == {name: Credit(60, 10) for name in less}


def test_an_amount_that_is_written_goes_before_the_key_and_what_is_as_it_was_is_not_named() -> None:
    wish = Wish(2016, keys={Funder.CDC: Key.EQUAL}, amounts={"CV210.CDC.2016": 5})
    assert credits_wished(wish, cdc(10, 20, 30), {}, []) == cdc(5) | {"CV212.CDC.2016": Credit(20)}


def test_what_an_earlier_what_if_moved_together_is_named_together() -> None:
    def transfer(giver: str, receiver: str) -> Given:
        said = Command(Act.TRANSFER, giver, "cdc", "what-if", date(2016, 1, 1), 5, to=receiver)
        return Given(UUID(int=1), said, "applied")

    earlier = [transfer("CV211.CDC.2016", "CV212.CDC.2016"), transfer("CV210.CDC.2016", "CV211.CDC.2016")]
    wish = Wish(2016, amounts={"CV210.CDC.2016": 11})
    assert credits_wished(wish, cdc(10, 20, 30, 40), {}, earlier) == cdc(11, 20, 30)
    assert credits_wished(Wish(2016), cdc(10, 20), {}, earlier) == {}


def test_rules_change_field_by_field_in_those_in_force() -> None:
    in_force = {("CV210", 2016): Rules(cap_per_project_cents=500)}
    assert rules_wished(Wish(2016), ["CV210"], in_force) == {}
    found = rules_wished(Wish(2016, rules={"order": Order.FIRST_COME}), ["CV210", "CV211"], in_force)
    assert found == {
        ("CV210", 2016): Rules(cap_per_project_cents=500, order=Order.FIRST_COME),
        ("CV211", 2016): Rules(order=Order.FIRST_COME),
    }


def test_a_whole_without_a_key_is_split_as_it_is_now_and_each_funder_s_by_its_own() -> None:
    now = cdc(10, 30) | {"CV210.STATE.2016": Credit(50, 50), "CV211.STATE.2016": Credit(50, 50)}
    wish = Wish(2016, keys={Funder.STATE: Key.POPULATION}, totals={Funder.CDC: 80})
    weights = {"CV210": {Key.POPULATION: 1}, "CV211": {Key.POPULATION: 4}}
    assert credits_wished(wish, now, weights, []) == cdc(20, 60) | {
        "CV210.STATE.2016": Credit(20, 20), "CV211.STATE.2016": Credit(80, 80),
    }  # fmt: skip


def test_payments_that_differ_are_split_by_the_key_as_well_and_one_that_is_written_goes_before_it() -> None:
    now = {"CV210.STATE.2016": Credit(30, 12), "CV211.STATE.2016": Credit(70, 8)}
    weights = {"CV210": {Key.CASELOAD: 1}, "CV211": {Key.CASELOAD: 3}}
    by_key = Wish(2016, keys={Funder.STATE: Key.CASELOAD})
    assert credits_wished(by_key, now, weights, []) == {
        "CV210.STATE.2016": Credit(25, 5), "CV211.STATE.2016": Credit(75, 15),
    }  # fmt: skip
    written = Wish(2016, keys={Funder.STATE: Key.CASELOAD}, payments={"CV211.STATE.2016": 9})
    assert credits_wished(written, now, weights, [])["CV211.STATE.2016"] == Credit(75, 9)
    assert credits_wished(Wish(2016, payments={"CV210.CDC.2016": 9}), cdc(10), weights, []) == {}


def test_payments_stay_where_the_key_gives_nothing_to_whoever_has_some() -> None:
    now = {"CV210.STATE.2016": Credit(30, 12), "CV211.STATE.2016": Credit(70)}
    weights = {"CV210": {Key.CASELOAD: 0}, "CV211": {Key.CASELOAD: 3}}
    assert credits_wished(Wish(2016, keys={Funder.STATE: Key.CASELOAD}), now, weights, []) == {
        "CV210.STATE.2016": Credit(0, 12), "CV211.STATE.2016": Credit(100),
    }  # fmt: skip


@pytest.mark.parametrize(
    "weights", [{}, {"CV210": {Key.POPULATION: 1}}, {"CV210": {Key.POPULATION: 0}, "CV211": {Key.POPULATION: 0}}]
)
def test_a_key_that_cannot_split_is_named_with_its_funder(weights: Weights) -> None:
    with pytest.raises(Unweighed, match=r"^population of CDC$") as seen:
        credits_wished(Wish(2016, keys={Funder.CDC: Key.POPULATION}), cdc(10, 30), weights, [])
    assert seen.value.funder is Funder.CDC


@pytest.mark.parametrize(
    ("wish", "is_empty"),
    [
        (Wish(2016), True), (Wish(2016, keys={Funder.CDC: Key.EQUAL}), False),
        (Wish(2016, totals={Funder.CDC: 0}), False),
        (Wish(2016, amounts={"CV210.CDC.2016": 1}), False), (Wish(2016, payments={"CV210.STATE.2016": 1}), False),
        (Wish(2016, rules={"order": Order.FIRST_COME}), False),
    ],
)  # fmt: skip
def test_a_wish_is_empty_when_nothing_would_be_otherwise(wish: Wish, is_empty: bool) -> None:
    assert wish.is_empty is is_empty
