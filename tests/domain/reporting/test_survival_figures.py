"""The figure set of all strata: the right numbers, and none that privacy forbids."""

import random
from collections import Counter
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.survival import (
    HORIZON_MONTHS,
    BusinessLife,
    EndKind,
    horizon_days,
    horizon_figure,
    kaplan_meier,
    observe,
)
from services.reporting.domain.survival_figures import HorizonSurvival, StratumSurvival, SurvivalFigures, state_survival
from shared.contracts.figures import HiddenReason

AS_OF = date(2024, 12, 31)
SMALL, PROTECTS = HiddenReason.UNDER_THRESHOLD, HiddenReason.PROTECTS_ANOTHER
PROFILE = settings(deadline=None, print_blob=True, max_examples=120)


def life(
    age: int, *, ended: int | None = None, seen: int = 0, kind: EndKind = EndKind.DEATH, stratum: str = "a"
) -> BusinessLife:
    """One business `age` days old at `AS_OF` (or as old as it would be), ended and first seen so many days old."""
    born_on = AS_OF - timedelta(days=age)
    return BusinessLife(
        stratum=stratum,
        born_on=born_on,
        first_observed_on=born_on + timedelta(days=seen),
        ended_on=None if ended is None else born_on + timedelta(days=ended),
        end_kind=None if ended is None else kind,
    )


def some_lives(size: int, oldest: int, seed: int, *, share_late: float) -> list[BusinessLife]:
    draw = random.Random(seed)
    return [
        life(
            draw.randint(0, oldest),
            ended=draw.choice([None, draw.randint(0, 2500)]),
            seen=draw.randint(1, 900) if draw.random() < share_late else 0,
            kind=draw.choice([EndKind.DEATH, EndKind.DEATH, EndKind.LEFT]),
        )
        for _ in range(size)
    ]


LIVES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        some_lives,
        st.integers(0, 15) | st.integers(0, 120),
        st.sampled_from([400, 1200, 3000]),
        st.integers(0, 2**32),
        share_late=st.sampled_from([0.0, 0.2, 1.0]),
    ),
    max_size=6,
)


def by_name(figures: SurvivalFigures) -> dict[str, StratumSurvival]:
    return {stratum.stratum: stratum for stratum in figures.strata}


def at(stratum: StratumSurvival, months: int) -> HorizonSurvival:
    return next(horizon for horizon in stratum.horizons if horizon.months == months)


def test_a_stratum_states_its_size_and_at_each_horizon_survival_interval_risk_and_cohort() -> None:
    lives = [life(2000)] * 60 + [life(2000, ended=500)] * 20 + [life(700)] * 20
    figures = state_survival({"a": lives}, as_of=AS_OF)
    a = by_name(figures)["a"]
    assert (a.size, a.hidden, [horizon.months for horizon in a.horizons]) == (100, None, list(HORIZON_MONTHS))
    year, two_years = at(a, 12), at(a, 24)
    assert (year.survival, year.at_risk, year.cohort, year.cohort_rate, year.lower) == (1.0, 100, 100, 1.0, None)
    assert (two_years.survival, two_years.at_risk, two_years.cohort, two_years.cohort_rate) == (0.8, 60, 80, 0.75)
    assert two_years.lower is not None
    assert two_years.recent_is_biased
    assert (figures.overall.size, figures.overall.horizons) == (100, a.horizons)


def test_an_empty_stratum_is_stated_as_empty_and_a_horizon_nobody_reached_as_not_reached() -> None:
    figures = by_name(state_survival({"a": [life(400)] * 30, "b": []}, as_of=AS_OF))
    assert (figures["b"].size, figures["b"].hidden) == (0, None)
    assert (at(figures["a"], 12).at_risk, at(figures["a"], 12).survival) == (30, 1.0)
    late = at(figures["a"], 36)
    assert (late.at_risk, late.survival, late.cohort, late.cohort_rate, late.hidden) == (0, None, 0, None, None)


def test_no_stratum_at_all_is_an_empty_figure_set() -> None:
    figures = state_survival({}, as_of=AS_OF)
    assert (figures.strata, figures.overall.size, figures.overall.hidden) == ((), 0, None)


def test_a_small_stratum_takes_the_smallest_other_with_it() -> None:
    lives = {"a": [life(2000)] * 5, "b": [life(2000)] * 40, "c": [life(2000)] * 25}
    figures = by_name(state_survival(lives, as_of=AS_OF))
    assert figures["a"] == StratumSurvival(stratum="a", hidden=SMALL)
    assert figures["c"] == StratumSurvival(stratum="c", hidden=PROTECTS)
    assert figures["b"].size == 40


def test_a_programme_under_the_threshold_shows_nothing() -> None:
    figures = state_survival({"a": [life(2000)] * 5, "b": []}, as_of=AS_OF)
    assert figures.overall == StratumSurvival(stratum="all", hidden=SMALL)
    assert {stratum.hidden for stratum in figures.strata} == {SMALL}


def test_a_few_left_at_risk_hide_a_horizon_and_all_later_ones_with_a_protector() -> None:
    lives = {
        "a": [life(800)] * 8 + [life(400)] * 12,
        "b": [life(2000)] * 50,
        "c": [life(2000)] * 30,
    }
    figures = by_name(state_survival(lives, as_of=AS_OF))
    assert [horizon.hidden for horizon in figures["a"].horizons] == [None, SMALL, SMALL, SMALL]
    assert [horizon.hidden for horizon in figures["c"].horizons] == [None, PROTECTS, PROTECTS, PROTECTS]
    assert [horizon.hidden for horizon in figures["b"].horizons] == [None] * 4


def test_a_small_cohort_hides_its_stratum_and_a_protector_though_many_are_at_risk() -> None:
    lives = {
        "a": [life(2000)] * 5 + [life(2000, seen=100)] * 30,
        "b": [life(2000)] * 50,
        "c": [life(2000)] * 30,
    }
    figures = by_name(state_survival(lives, as_of=AS_OF))
    assert [at(figures[name], 12).hidden for name in "abc"] == [SMALL, None, PROTECTS]


def test_where_nearly_all_entered_late_only_the_column_of_cohorts_is_hidden() -> None:
    lives = {"a": [life(2000)] * 5 + [life(2000, seen=100)] * 30, "b": [life(2000, seen=10)] * 50}
    figures = state_survival(lives, as_of=AS_OF)
    for stratum in (*figures.strata, figures.overall):
        year = at(stratum, 12)
        assert (year.hidden, year.cohort_hidden, year.cohort, year.cohort_rate) == (None, SMALL, None, None)
    assert (at(figures.overall, 12).at_risk, at(figures.overall, 12).survival) == (85, 1.0)


def test_a_programme_of_which_fewer_than_eleven_last_shows_its_first_horizons_only() -> None:
    lives = {"a": [life(2000)] * 4 + [life(2000, ended=500)] * 30, "b": [life(2000)] * 3 + [life(800)] * 20}
    figures = state_survival(lives, as_of=AS_OF)
    assert [horizon.hidden for horizon in figures.overall.horizons] == [None, None, SMALL, SMALL]


def test_a_life_that_was_never_at_risk_is_not_counted() -> None:
    lives = [life(2000)] * 20 + [life(2000, seen=50, ended=20), life(-5)]
    assert by_name(state_survival({"a": lives}, as_of=AS_OF))["a"].size == 20


def test_the_order_of_strata_and_lives_changes_nothing() -> None:
    lives = {name: some_lives(40, 3000, seed, share_late=0.2) for seed, name in enumerate("abc")}
    turned = {name: lives[name][::-1] for name in "cab"}
    assert state_survival(turned, as_of=AS_OF) == state_survival(lives, as_of=AS_OF)


@PROFILE
@given(LIVES)
def test_what_is_shown_is_what_the_estimator_says_of_the_stratum_alone(lives: dict[str, list[BusinessLife]]) -> None:
    figures = state_survival(lives, as_of=AS_OF)
    everybody = [one for several in lives.values() for one in several]
    for stratum in (*figures.strata, figures.overall):
        own = everybody if stratum is figures.overall else lives[stratum.stratum]
        observations = Counter(seen for one in own if (seen := observe(one, AS_OF)))
        curve = kaplan_meier(observations)
        assert stratum.hidden or stratum.size == observations.total()
        for horizon in (horizon for horizon in stratum.horizons if not horizon.hidden):
            figure = horizon_figure(curve, horizon.months)
            assert horizon.at_risk == curve.at_risk_on(horizon_days(horizon.months))
            assert horizon.survival == (figure.survival if figure else None)


@PROFILE
@given(LIVES)
def test_hidden_figures_hold_no_number_and_shown_counts_are_none_or_enough(
    lives: dict[str, list[BusinessLife]],
) -> None:
    figures = state_survival(lives, as_of=AS_OF)
    for stratum in (*figures.strata, figures.overall):
        if stratum.hidden:
            assert (stratum.size, stratum.horizons) == (None, ())
            continue
        assert is_none_or_enough(stratum.size)
        for one in stratum.horizons:
            if one.hidden:
                assert one == HorizonSurvival(months=one.months, hidden=one.hidden, cohort_hidden=one.hidden)
                continue
            assert is_none_or_enough(one.at_risk)
            assert (one.cohort, one.cohort_rate) == (None, None) if one.cohort_hidden else is_none_or_enough(one.cohort)


def is_none_or_enough(count: int | None) -> bool:
    return count is not None and (count == 0 or count >= 11)


@PROFILE
@given(LIVES)
def test_no_difference_from_a_total_leaves_one_stratum_or_fewer_than_eleven(
    lives: dict[str, list[BusinessLife]],
) -> None:
    figures = state_survival(lives, as_of=AS_OF)
    assert_not_found_by_subtraction(figures.overall.size, [stratum.size for stratum in figures.strata])
    if figures.overall.hidden:
        return
    for index in range(len(HORIZON_MONTHS)):
        nothing = HorizonSurvival(months=HORIZON_MONTHS[index])
        told = [nothing if stratum.hidden else stratum.horizons[index] for stratum in figures.strata]
        total = figures.overall.horizons[index]
        assert_not_found_by_subtraction(total.at_risk, [one.at_risk for one in told])
        assert_not_found_by_subtraction(total.cohort, [one.cohort for one in told])


def assert_not_found_by_subtraction(total: int | None, parts: list[int | None]) -> None:
    if total and None in parts:
        assert parts.count(None) >= 2
        assert total - sum(part for part in parts if part is not None) >= 11


@PROFILE
@given(LIVES)
def test_a_stratum_hidden_at_a_horizon_is_hidden_at_all_later_ones(lives: dict[str, list[BusinessLife]]) -> None:
    for stratum in state_survival(lives, as_of=AS_OF).strata:
        hidden = [horizon.hidden is not None for horizon in stratum.horizons]
        assert hidden == sorted(hidden)
