"""The simulated shares beside the published ones: plain counts, with tolerances for what chance may move."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from fabrique.demo.simulation import Told, simulate
from fabrique.demo.territory import territories

DEATHS = {"voluntary", "liquidation"}


def told(good: tuple[Told, ...], kind: str) -> list[dict[str, Any]]:
    return [each.event["data"] for each in good if each.event["type"] == kind]


def share_of(contents: list[dict[str, Any]], name: str, *answers: str) -> float:
    """Return the share of these answers among those who answered."""
    answered = Counter(content[name] for content in contents if content.get(name))
    return sum(answered[answer] for answer in answers) / answered.total()


@pytest.mark.parametrize(
    ("name", "answers", "published"),
    [
        ("sex", ("female",), 0.46),
        ("age_band", ("under-26",), 0.16),
        ("diploma", ("baccalaureate", "above-baccalaureate"), 0.60),
        ("employment_before", ("jobseeker",), 0.52),
    ],
)
def test_who_is_received_is_as_published(
    good: tuple[Told, ...], name: str, answers: tuple[str, ...], published: float
) -> None:
    share = share_of(told(good, "EntrepreneurWelcomed"), name, *answers)
    assert share == pytest.approx(published, abs=0.025)


def test_about_eighty_people_a_year_per_project_head_in_proportion_of_the_districts(good: tuple[Told, ...]) -> None:
    welcomed = told(good, "EntrepreneurWelcomed")
    assert len(welcomed) / 5.5 / 14 == pytest.approx(80, rel=0.1)
    received = Counter(content["contract"] for content in welcomed)
    for territory in territories():
        expected = len(welcomed) * territory.qpv_population / 149_900
        assert received[territory.contract] == pytest.approx(expected, abs=4 * expected**0.5)


def test_63_percent_live_in_a_district(good: tuple[Told, ...]) -> None:
    welcomed = told(good, "EntrepreneurWelcomed")
    assert sum("residence_qpv_code" in each for each in welcomed) / len(welcomed) == pytest.approx(0.63, abs=0.025)


def before(contents: list[dict[str, Any]], day: str) -> set[str]:
    return {content["entrepreneur_reference"] for content in contents if content["occurred_on"] < day}


def test_70_percent_are_oriented_40_percent_create_and_6_percent_are_back_in_employment(
    good: tuple[Told, ...],
) -> None:
    received = before(told(good, "EntrepreneurWelcomed"), "2019-01-01")
    oriented = before(told(good, "EntrepreneurOriented"), "2021-07-01")
    businesses = told(good, "BusinessCreated") + told(good, "BusinessTakenOver")
    created = before(businesses, "2021-07-01")
    back = {
        each["entrepreneur_reference"] for each in told(good, "PathEnded") if each["outcome"] == "back-in-employment"
    }
    assert len(received & oriented) / len(received) == pytest.approx(0.70, abs=0.03)
    assert len(received & created) / len(received) == pytest.approx(0.40, abs=0.03)
    assert len((received & back) - created) / len(received) == pytest.approx(0.06, abs=0.02)


class Lives:
    """Births seen from the first day, and deaths that were not annulled."""

    def __init__(self, good: tuple[Told, ...]) -> None:
        self.births = [each for each in told(good, "BusinessCreated") if "first_observed_on" not in each]
        self.deaths: dict[str, date] = {}
        for each in good:
            content = each.event["data"]
            if content.get("cessation") in DEATHS:
                self.deaths[content["business_reference"]] = date.fromisoformat(content["occurred_on"])
            elif each.event["type"] == "BusinessCessationAnnulled":
                self.deaths.pop(content["business_reference"], None)

    def surviving(self, months: int, *, born_before: str, micro: bool, in_qpv: bool | None = None) -> float:
        """Return the share of a fixed cohort that is not known to be dead after some months."""
        cohort = [
            each
            for each in self.births
            if each["micro"] == micro
            and each["occurred_on"] < born_before
            and in_qpv in (None, "business_qpv_code" in each)
        ]
        lived = 0
        for birth in cohort:
            died_on = self.deaths.get(birth["business_reference"], date.max)
            lived += (died_on - date.fromisoformat(birth["occurred_on"])).days > months * 365.25 / 12
        return lived / len(cohort)


@pytest.fixture(scope="module")
def lives() -> Lives:
    """Four times the people, so that chance weighs less than what is tested."""
    return Lives(tuple(each for each in simulate(11, people_per_year_scale=4) if not each.flaw and not each.again))


def test_survival_at_three_years_is_near_the_published(lives: Lives) -> None:
    three_years: dict[str, Any] = {"born_before": "2017-07-01"}  # a year more for cessations that are declared late
    assert lives.surviving(36, micro=False, **three_years) == pytest.approx(0.74, abs=0.05)
    assert lives.surviving(36, micro=True, in_qpv=True, **three_years) == pytest.approx(0.48, abs=0.06)
    assert lives.surviving(36, micro=True, in_qpv=False, **three_years) == pytest.approx(0.36, abs=0.06)


def test_survival_at_five_years_is_near_the_published_and_a_little_above_for_want_of_late_declarations(
    lives: Lives,
) -> None:
    assert 0.56 < lives.surviving(60, micro=False, born_before="2016-06-30") < 0.75


def test_cessations_are_declared_late(good: tuple[Told, ...]) -> None:
    ceased = told(good, "BusinessCeased")
    delays = [
        (date.fromisoformat(each["declared_at"][:10]) - date.fromisoformat(each["occurred_on"])).days for each in ceased
    ]
    assert 0.4 < sum(delay > 31 for delay in delays) / len(delays) < 0.65
    assert max(delays) > 500


def test_some_businesses_are_first_observed_after_their_birth(good: tuple[Told, ...]) -> None:
    births = told(good, "BusinessCreated")
    late = [each for each in births if "first_observed_on" in each]
    assert 0.06 < len(late) / len(births) < 0.2
    assert all(each["first_observed_on"] > each["occurred_on"] for each in late)
