"""The comparison keeps every cent: what was given, what a key would give, what was answered, what could not be used."""

from collections import Counter

import pytest

from fabrique.grants import Comparison, Grants, compare, programme_by, shipped_grants
from fabrique.grants.play import play
from services.funding.programme import Opening
from services.reporting.domain.grants import Key, Placed, answers, furthest, moved_cents, share_moved
from shared.kernel.funders import Funder

TOTALS = {2020: 220_613_166, 2021: 281_005_480, 2022: 327_311_600, 2023: 333_824_804}
PUBLISHED = {2020: 237_448_566, 2021: 298_199_080, 2022: 345_938_000, 2023: 357_678_750}
"""What all rows of an exercise add up to, in cents: ORIGIN.md, both schemes."""


@pytest.fixture(scope="module")
def grants() -> Grants:
    return shipped_grants()


@pytest.fixture(scope="module")
def comparison(grants: Grants) -> Comparison:
    return compare(grants)


def tables(comparison: Comparison) -> dict[tuple[int, Key], list[Placed]]:
    """The lines of each exercise under each key."""
    found: dict[tuple[int, Key], list[Placed]] = {}
    for line in comparison.placed:
        found.setdefault((line.exercise, line.key), []).append(line)
    return found


def line(contract: str, given: int, share: int) -> Placed:
    return Placed(2020, Key.EQUAL, contract, 1, 1, given, share, 0, 0, 0, 0, 0, 0, 0)


def test_every_exercise_is_split_by_every_key_but_the_first_by_a_caseload_nobody_knew(comparison: Comparison) -> None:
    assert set(tables(comparison)) == {(year, key) for year in TOTALS for key in Key} - {(2020, Key.CASELOAD)}
    assert all(len(lines) == 11 for lines in tables(comparison).values())


def test_each_key_places_what_was_really_given_to_the_cent(comparison: Comparison) -> None:
    for (exercise, _), lines in tables(comparison).items():
        assert sum(each.given_cents for each in lines) == TOTALS[exercise]
        assert sum(each.share_cents for each in lines) == TOTALS[exercise]
        assert sum(each.difference_cents for each in lines) == 0


def test_each_grant_is_answered_once_to_the_cent(comparison: Comparison) -> None:
    for each in comparison.placed:
        assert each.reserved_count + each.waitlisted_count + each.refused_count == each.given_count
        assert each.reserved_cents + each.waitlisted_cents + each.refused_cents == each.given_cents
        assert each.reserved_cents <= each.share_cents


def test_what_is_used_and_what_is_not_are_all_that_was_published(grants: Grants, comparison: Comparison) -> None:
    left: Counter[int] = Counter(PUBLISHED)
    for unusable in comparison.unusable:
        left[unusable.exercise] -= unusable.cents
    assert left == TOTALS
    assert sum(unusable.count for unusable in comparison.unusable) + len(grants.events) == 656


def test_the_caseload_is_that_of_the_year_before(grants: Grants) -> None:
    programme = programme_by(Key.CASELOAD, 2021, grants)
    assert programme is not None
    assert {c.code: c.caseload for c in programme.contract if c.caseload} == dict(grants.counts(2020))


def test_a_grant_of_a_contract_that_the_programme_has_not_is_not_lost_in_silence(grants: Grants) -> None:
    event = grants.of(2020)[0]
    strange = Grants([event | {"data": event["data"] | {"contract": "CV999"}}], [])
    with pytest.raises(LookupError, match="CV999"):
        compare(strange)


def test_grants_are_served_in_order_until_one_does_not_fit(grants: Grants) -> None:
    first, second, third = [event for event in grants.of(2020) if event["data"]["contract"] == "CV222"][:3]
    cents = first["data"]["state_cents"]
    answered = play([Opening("CV222", Funder.STATE, 2020, 2 * cents - 1)], [first, second, third])["CV222"]
    assert (answered.reserved_count, answered.waitlisted_count, answered.refused_count) == (1, 2, 0)
    too_small = play([Opening("CV222", Funder.STATE, 2020, cents - 1)], [first])["CV222"]
    assert (too_small.refused_count, too_small.refused_cents) == (1, cents)


def test_what_changes_hands_is_what_the_gainers_receive() -> None:
    lines = [line("CV1", 50, 80), line("CV2", 40, 20), line("CV3", 10, 0)]
    assert moved_cents(lines) == 30
    assert share_moved(lines) == 0.3
    assert moved_cents(lines) == sum(abs(each.difference_cents) for each in lines) / 2
    assert furthest(lines).contract == "CV1"
    assert furthest([line("CV2", 10, 20), line("CV1", 20, 10)]).contract == "CV1"


def test_a_key_that_gives_what_was_given_moves_nothing_and_no_money_has_no_share() -> None:
    assert share_moved([line("CV1", 50, 50)]) == 0
    assert share_moved([line("CV1", 0, 0)]) is None
    assert answers([line("CV1", 50, 50), line("CV2", 40, 40)]).given_cents == 90
