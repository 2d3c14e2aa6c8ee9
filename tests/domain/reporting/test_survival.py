"""The estimator's conventions, one at a time, and what lives, horizons and cohorts become."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.survival import (
    HORIZON_MONTHS,
    BusinessLife,
    Cohort,
    EndKind,
    Observation,
    as_of_month_end,
    confidence_interval,
    fixed_cohort,
    horizon_days,
    horizon_figure,
    kaplan_meier,
    observe,
    recent_is_biased,
)

BORN = date(2016, 4, 4)


def on_day(days: int) -> date:
    return BORN + timedelta(days=days)


def life(*, seen: int = 0, ended: int | None = None, kind: EndKind | None = EndKind.DEATH) -> BusinessLife:
    return BusinessLife(
        stratum="CV219",
        born_on=BORN,
        first_observed_on=on_day(seen),
        ended_on=None if ended is None else on_day(ended),
        end_kind=None if ended is None else kind,
    )


def died(day: int, *, entry: int = 0) -> Observation:
    return Observation(entry, day, is_death=True)


def censored(day: int, *, entry: int = 0) -> Observation:
    return Observation(entry, day, is_death=False)


def test_deaths_come_before_censoring_on_the_same_day() -> None:
    curve = kaplan_meier({died(5): 1, censored(5): 1, censored(9): 2})
    assert curve.on(5).survival == 3 / 4


def test_who_enters_on_the_day_of_a_death_was_not_at_risk_of_it() -> None:
    curve = kaplan_meier({died(5): 1, censored(9): 1, censored(9, entry=5): 2})
    assert curve.on(5).survival == 1 / 2
    assert curve.at_risk_on(6) == 3


def test_a_death_on_the_day_of_birth_counts() -> None:
    curve = kaplan_meier({died(0): 1, censored(0): 1, censored(9): 2})
    assert (curve.on(0).at_risk, curve.on(0).survival) == (4, 3 / 4)


def test_a_business_that_ends_on_the_later_day_it_was_first_seen_was_never_at_risk() -> None:
    assert kaplan_meier({died(5, entry=5): 1, censored(9): 2}) == kaplan_meier({censored(9): 2})


def test_nobody_gives_a_curve_of_one_step_that_covers_nothing() -> None:
    curve = kaplan_meier({})
    assert (len(curve.steps), curve.steps[0].survival, curve.covered_until) == (1, 1.0, 0)
    assert horizon_figure(curve, 12) is None


def test_a_count_of_zero_is_nobody_and_a_negative_one_is_refused() -> None:
    assert kaplan_meier({died(5): 0, censored(9): 2}) == kaplan_meier({censored(9): 2})
    with pytest.raises(ValueError, match="never negative"):
        kaplan_meier({died(5): -1})


def test_the_interval_is_undefined_where_nobody_has_died_and_where_everybody_has() -> None:
    curve = kaplan_meier({died(5): 1, died(9): 1})
    assert confidence_interval(curve.on(4)) is None
    assert confidence_interval(curve.on(5)) is not None
    assert confidence_interval(curve.on(9)) is None
    assert curve.on(9).variance is None


def test_horizons_are_whole_days_of_the_mean_gregorian_year() -> None:
    assert [horizon_days(months) for months in HORIZON_MONTHS] == [365, 730, 1096, 1826]


def test_a_figure_has_survival_interval_and_number_at_risk() -> None:
    figure = horizon_figure(kaplan_meier({died(100): 5, censored(200): 5, censored(400): 10}), 12)
    assert figure is not None
    assert (figure.survival, figure.at_risk) == (15 / 20, 10)
    assert (figure.lower, figure.upper) == pytest.approx((0.49994, 0.88747), abs=5e-6)


def test_follow_up_that_ends_on_the_day_of_the_horizon_reaches_it_and_a_day_earlier_does_not() -> None:
    reached = horizon_figure(kaplan_meier({censored(365): 3}), 12)
    assert reached is not None
    assert (reached.at_risk, reached.survival, reached.lower, reached.upper) == (3, 1.0, None, None)
    assert horizon_figure(kaplan_meier({censored(364): 3}), 12) is None


def test_a_group_that_dies_out_on_the_horizon_is_at_zero_and_before_it_has_no_figure() -> None:
    on_the_day = horizon_figure(kaplan_meier({died(365): 3}), 12)
    assert on_the_day is not None
    assert (on_the_day.survival, on_the_day.at_risk, on_the_day.lower) == (0.0, 3, None)
    assert horizon_figure(kaplan_meier({died(364): 3}), 12) is None


def test_no_figure_is_read_when_nobody_was_watched_from_birth() -> None:
    assert horizon_figure(kaplan_meier({censored(800, entry=30): 50}), 12) is None


def test_no_figure_is_read_across_a_gap_in_the_risk_set() -> None:
    curve = kaplan_meier({censored(100): 50, censored(800, entry=101): 50})
    assert curve.on(365).survival == 1.0
    assert horizon_figure(curve, 12) is None


def test_one_early_death_in_a_risk_set_of_one_makes_no_figure_of_zero_for_those_who_enter_later() -> None:
    curve = kaplan_meier({died(10): 1, censored(800, entry=10): 50})
    assert (curve.on(365).survival, curve.at_risk_on(365)) == (0.0, 50)
    assert horizon_figure(curve, 12) is None


@pytest.mark.parametrize(
    ("case", "one", "expected"),
    [
        ("alive at the end of the watch", life(), censored(100)),
        ("died on the last day", life(ended=100), died(100)),
        ("its end is not known yet", life(ended=101), censored(100)),
        ("left before", life(ended=40, kind=EndKind.LEFT), censored(40)),
        ("an end of unknown kind is no death", life(ended=40, kind=None), censored(40)),
        ("seen late", life(seen=30, ended=40), died(40, entry=30)),
        ("followed since before its birth", life(seen=-50, ended=40), died(40)),
        ("died on its first day", life(ended=0), died(0)),
        ("first seen on the last day", life(seen=100), None),
        ("first seen after the last day", life(seen=101), None),
        ("ended before it was first seen", life(seen=30, ended=20), None),
        ("ended on the day it was first seen", life(seen=30, ended=30), None),
        ("ended before its birth", life(ended=-1), None),
    ],
)
def test_a_life_is_observed_up_to_the_day_asked_for(case: str, one: BusinessLife, expected: Observation | None) -> None:
    assert observe(one, on_day(100)) == expected, case


def test_a_business_born_after_the_day_asked_for_is_not_seen_and_one_born_that_day_is() -> None:
    assert observe(life(), BORN - timedelta(days=1)) is None
    assert observe(life(), BORN) == censored(0)


def test_the_fixed_cohort_counts_the_old_enough_and_leaves_out_late_entrants_and_leavers() -> None:
    lives = [
        life(),
        life(ended=366),
        life(ended=365),
        life(ended=10),
        life(ended=364, kind=EndKind.LEFT),
        life(ended=365, kind=EndKind.LEFT),
        life(seen=1),
    ]
    assert fixed_cohort(lives, as_of=on_day(400), months=12) == Cohort(size=5, alive=3)
    assert fixed_cohort(lives, as_of=on_day(364), months=12) == Cohort(size=0, alive=0)


def test_a_cohort_counts_from_the_very_day_it_reaches_the_horizon() -> None:
    assert fixed_cohort([life(), life(ended=365)], as_of=on_day(365), months=12) == Cohort(size=2, alive=1)


def test_the_rate_of_an_empty_cohort_is_none() -> None:
    assert Cohort(0, 0).rate is None
    assert Cohort(4, 3).rate == 0.75


@settings(deadline=None, print_blob=True)
@given(st.lists(st.integers(0, 3000), min_size=1), st.sampled_from(HORIZON_MONTHS))
def test_without_censoring_before_the_horizon_both_rates_are_the_same(ends: list[int], months: int) -> None:
    lives = [life(ended=end) for end in ends]
    as_of = on_day(1826)
    observations = Counter(seen for one in lives if (seen := observe(one, as_of)))
    cohort = fixed_cohort(lives, as_of=as_of, months=months)
    assert cohort.rate == pytest.approx(kaplan_meier(observations).on(horizon_days(months)).survival)


def test_a_figure_is_flagged_until_its_newest_business_is_older_than_horizon_and_declaration_lag() -> None:
    safe = horizon_days(36 + 12)
    assert recent_is_biased(BORN, as_of=on_day(safe - 1), months=36)
    assert not recent_is_biased(BORN, as_of=on_day(safe), months=36)
    assert not recent_is_biased(None, as_of=BORN, months=36)


@pytest.mark.parametrize(
    ("watermark", "expected"),
    [
        (date(2024, 3, 31), date(2024, 2, 29)),
        (date(2024, 3, 1), date(2024, 2, 29)),
        (date(2024, 4, 1), date(2024, 3, 31)),
        (date(2017, 1, 15), date(2016, 12, 31)),
    ],
)
def test_figures_are_as_of_the_last_complete_month_behind_the_watermark(watermark: date, expected: date) -> None:
    assert as_of_month_end(watermark) == expected
