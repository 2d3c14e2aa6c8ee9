"""The estimator on random censored, truncated and tied data: against lifelines, and against its own definition."""

import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatError

from services.reporting.domain.survival import Curve, Observation, confidence_interval, kaplan_meier

settings.register_profile("survival", deadline=None, print_blob=True, max_examples=150)
PROFILE = settings.get_profile("survival")


def observations_up_to(last_day: int, *, is_truncated: bool) -> st.SearchStrategy[list[Observation]]:
    """Draw businesses whose days collide often (a short span) or seldom (a long one)."""
    day = st.integers(0, last_day)
    one = st.builds(
        lambda first, second, is_death: Observation(
            min(first, second) if is_truncated else 0, max(first, second), is_death
        ),
        day, day | st.just(0), st.booleans(),
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=60)


TRUNCATED = observations_up_to(9, is_truncated=True) | observations_up_to(2000, is_truncated=True)
CENSORED = observations_up_to(9, is_truncated=False) | observations_up_to(2000, is_truncated=False)
# A group watched from birth beside the late entrants: the common case, and one which lifelines seldom refuses.
MIXED = st.builds(lambda left, right: left + right, CENSORED, TRUNCATED)


def fitted_by_lifelines(observations: list[Observation], *, has_entries: bool) -> KaplanMeierFitter:
    """Fit lifelines on the same rows; those never at risk (ended on the day first seen) it would kill or crash on."""
    rows = [one for one in observations if one.is_ever_at_risk]
    if not rows:
        reject()
    with np.errstate(all="ignore"):  # lifelines sets the error state of the whole process
        return KaplanMeierFitter().fit(
            [one.exit_days for one in rows],
            [one.is_death for one in rows],
            entry=[one.entry_days for one in rows] if has_entries else None,
        )


def assert_same_as_lifelines(curve: Curve, fitter: KaplanMeierFitter) -> None:
    survival = fitter.survival_function_.iloc[:, 0]
    greenwood = fitter._cumulative_sq_
    interval = fitter.confidence_interval_
    days = {int(day) for day in survival.index}
    assert days | {0} == {step.day for step in curve.steps}
    for step in (step for step in curve.steps if step.day in days):
        assert step.survival == pytest.approx(survival[step.day], abs=1e-9)
        assert step.greenwood == pytest.approx(greenwood[step.day], rel=1e-9, abs=1e-12)
        theirs = (interval.loc[step.day].iloc[0], interval.loc[step.day].iloc[1])
        ours = confidence_interval(step)
        if ours is None:
            assert theirs == (step.survival, step.survival)
        else:
            assert ours == pytest.approx(theirs, abs=1e-9)


@settings(PROFILE)
@given(CENSORED)
def test_censored_data_give_the_survival_and_interval_of_lifelines(observations: list[Observation]) -> None:
    curve = kaplan_meier(Counter(observations))
    assert_same_as_lifelines(curve, fitted_by_lifelines(observations, has_entries=False))


@settings(PROFILE)
@given(MIXED | TRUNCATED)
def test_truncated_data_give_the_survival_and_interval_of_lifelines(observations: list[Observation]) -> None:
    try:
        fitter = fitted_by_lifelines(observations, has_entries=True)
    except StatError:  # an early risk set of zero: lifelines refuses, see the definition below
        reject()
    assert_same_as_lifelines(kaplan_meier(Counter(observations)), fitter)


def test_twenty_thousand_businesses_give_the_survival_and_interval_of_lifelines() -> None:
    draw = random.Random(20160404)
    observations = [
        Observation(entry, entry + draw.randint(1, 2500), draw.random() < 0.4)
        for entry in (draw.choice([0, 0, draw.randint(0, 900)]) for _ in range(20_000))
    ]
    assert_same_as_lifelines(kaplan_meier(Counter(observations)), fitted_by_lifelines(observations, has_entries=True))


@settings(PROFILE)
@given(MIXED | TRUNCATED | CENSORED)
def test_every_step_is_what_the_definition_says_of_each_single_business(observations: list[Observation]) -> None:
    curve = kaplan_meier(Counter(observations))
    survival, greenwood = Fraction(1), Fraction(0)
    for step in curve.steps:
        at_risk = [one for one in observations if is_at_risk(one, step.day)]
        died = sum(one.is_death and one.exit_days == step.day for one in at_risk)
        if died:
            survival *= 1 - Fraction(died, len(at_risk))
        if 0 < died < len(at_risk):
            greenwood += Fraction(died, len(at_risk) * (len(at_risk) - died))
        assert (step.at_risk, step.deaths) == (len(at_risk), died)
        assert step.remaining == sum(is_at_risk(one, step.day + 1) for one in observations)
        assert step.survival == pytest.approx(float(survival), abs=1e-12)
        assert step.greenwood == pytest.approx(float(greenwood), rel=1e-12)


def is_at_risk(one: Observation, day: int) -> bool:
    return one.entry_days < day <= one.exit_days or (day == one.entry_days == 0)


@settings(PROFILE)
@given(MIXED | TRUNCATED | CENSORED)
def test_survival_falls_from_one_towards_zero_inside_its_interval(observations: list[Observation]) -> None:
    steps = kaplan_meier(Counter(observations)).steps
    assert all(before.survival >= after.survival for before, after in pairwise(steps))
    assert all(before.day < after.day for before, after in pairwise(steps))
    assert all(0 <= step.survival <= 1 for step in steps)
    for step in steps:
        lower, upper = confidence_interval(step) or (step.survival, step.survival)
        assert 0 <= lower <= step.survival <= upper <= 1


@settings(PROFILE)
@given(MIXED, st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_order_nor_batches_change_a_single_bit(
    observations: list[Observation], shuffler: random.Random, batches: int
) -> None:
    shuffled = shuffler.sample(observations, len(observations))
    summed: Counter[Observation] = Counter()
    for batch in range(batches):
        summed.update(shuffled[batch::batches])
    assert kaplan_meier(summed) == kaplan_meier(Counter(observations))


@settings(PROFILE)
@given(MIXED | TRUNCATED)
def test_the_curve_is_covered_as_long_as_somebody_is_watched_and_lives(observations: list[Observation]) -> None:
    curve = kaplan_meier(Counter(observations))
    covered = curve.covered_until
    assert all(curve.at_risk_on(day) > 0 for day in range(1, covered + 1))
    assert curve.at_risk_on(covered + 1) == 0 or curve.on(covered).survival == 0
    assert all(step.survival > 0 for step in curve.steps if step.day < covered)
