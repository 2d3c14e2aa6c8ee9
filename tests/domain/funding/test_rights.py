"""A programme-wide cap, split over contracts as rights: what passes it is named, to the cent, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.rights import Excess, Pair, excesses, raised
from services.funding.domain.rules import Rules


def rules(right: int | None = None, cap: int | None = None) -> Rules:
    return Rules(right_cents=right, programme_cap_cents=cap)


@pytest.mark.parametrize(
    ("before", "after", "is_raised"),
    [
        (None, rules(), False), (None, rules(0), False), (None, rules(1), True), (rules(), rules(1), True),
        (rules(0), rules(1), True), (rules(5), rules(5), False), (rules(5), rules(6), True),
        (rules(5), rules(4), False), (rules(5), rules(), False),
    ],
)  # fmt: skip
def test_only_a_first_or_a_higher_right_is_a_right_raised(before: Rules | None, after: Rules, is_raised: bool) -> None:
    assert raised(before, after) is is_raised


ONE, OTHER, NEXT_YEAR = ("CV219", 2016), ("CV221", 2016), ("CV219", 2017)


@pytest.mark.parametrize(
    ("in_force", "wanted", "named"),
    [
        ({}, {ONE: rules(60, 100), OTHER: rules(40, 100)}, []),
        ({}, {ONE: rules(60, 100), OTHER: rules(41, 100)}, [Excess(2016, 101, 100)]),
        ({OTHER: rules(41)}, {ONE: rules(60, 100)}, [Excess(2016, 101, 100)]),
        ({ONE: rules(90), OTHER: rules(40)}, {ONE: rules(60, 100)}, []),
        ({ONE: rules(60), OTHER: rules(41, 100)}, {ONE: rules(60)}, []),
        ({}, {ONE: rules(60, 100), OTHER: rules(None, 50)}, [Excess(2016, 60, 50)]),
        ({}, {ONE: rules(60, 50), OTHER: rules(None, 100)}, [Excess(2016, 60, 50)]),
        ({OTHER: rules()}, {ONE: rules(100, 100)}, []),
        ({NEXT_YEAR: rules(90)}, {ONE: rules(60, 100)}, []),
        ({}, {NEXT_YEAR: rules(7, 6), ONE: rules(5, 4)}, [Excess(2016, 5, 4), Excess(2017, 7, 6)]),
    ],
    ids=["all of it", "a cent more", "with what stays in force", "what is replaced is gone", "no cap is wanted",
         "the lowest cap, last", "the lowest cap, first", "no right is nothing", "another exercise", "each exercise"],
)  # fmt: skip
def test_what_passes_the_cap_is_named(
    in_force: dict[Pair, Rules], wanted: dict[Pair, Rules], named: list[Excess]
) -> None:
    assert [*excesses(in_force, wanted)] == named


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(0, 200))
def test_rights_are_refused_exactly_when_they_add_up_to_more(rights: list[int], cap: int) -> None:
    wanted = {(f"CV{n}", 2016): rules(right, cap) for n, right in enumerate(rights)}
    assert bool([*excesses({}, wanted)]) is (sum(rights) > cap)
