"""The few distributions of the simulation, and its invented numbers."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import siren, siret

from fabrique.demo.simulation.draws import (
    generator,
    is_working_day,
    late_days,
    lifetime_days,
    luhn_number,
    office_instant,
    survives,
)
from fabrique.demo.simulation.figures import COMPANIES, MICRO_OUTSIDE, SOLE_TRADERS, Survival
from fabrique.demo.simulation.projects import authorised
from fabrique.demo.territory import territories
from shared.kernel.funders import Funder

seeds = st.integers(min_value=0, max_value=2**32)


@given(prefix=st.integers(min_value=0, max_value=99_999))
def test_invented_numbers_have_a_valid_key(prefix: int) -> None:
    number = luhn_number(f"999{prefix:05d}")
    assert siren.is_valid(number)
    assert siret.is_valid(luhn_number(f"{number}0001"))


@given(seed=seeds, day=st.dates(min_value=date(2016, 1, 1), max_value=date(2021, 6, 30)))
def test_offices_are_open_when_something_is_declared(seed: int, day: date) -> None:
    instant = office_instant(Random(seed), day)
    assert 0 <= (instant.date() - day).days < 5
    assert is_working_day(instant.date())
    assert 7 <= instant.hour < 17


@given(seed=seeds, lived=st.integers(min_value=0, max_value=4000))
def test_a_business_lives_longer_than_it_has_lived(seed: int, lived: int) -> None:
    assert lifetime_days(Random(seed), MICRO_OUTSIDE, lived_days=lived) > lived
    assert 0 <= late_days(Random(seed)) <= 1000


@pytest.mark.parametrize("survival", [COMPANIES, SOLE_TRADERS, MICRO_OUTSIDE])
def test_lifetimes_follow_the_survival_they_are_drawn_from(survival: Survival) -> None:
    rng = generator(1, "lifetimes")
    lifetimes = [lifetime_days(rng, survival) for _ in range(5000)]
    for days in (365, 1096, 1826):
        assert sum(life > days for life in lifetimes) / 5000 == pytest.approx(survives(survival, days), abs=0.025)
    assert survives(survival, 1096) == pytest.approx(survival.at_36_months, abs=0.001)
    assert survives(survival, 1826) == pytest.approx(survival.at_60_months, abs=0.001)


def test_the_envelopes_that_partners_expect_are_those_of_the_protocol_less_odd_cents() -> None:
    envelopes = [authorised(territory) for territory in territories()]
    assert {envelope[Funder.CDC] for envelope in envelopes} == {10_000_000}
    assert 0 <= 150_000_000 - sum(envelope[Funder.STATE] for envelope in envelopes) < 11
