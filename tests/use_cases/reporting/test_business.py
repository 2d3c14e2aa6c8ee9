"""The life of a business, from what partners tell of it in whatever order."""

import itertools
from datetime import date

import pytest

from services.reporting.domain.business import Business, BusinessKey
from services.reporting.domain.survival import BusinessLife, EndKind
from shared.contracts.entrepreneur import CessationKind
from shared.contracts.fields import Fact
from tests.use_cases.reporting.records import named, told

KEY = BusinessKey(0, named("b"))
BORN, ENDED = date(2016, 5, 2), date(2018, 3, 1)
CREATED = told("BusinessCreated", on=BORN)
CEASED = told("BusinessCeased", on=ENDED, cessation=CessationKind.VOLUNTARY)
ANNULLED = told("BusinessCessationAnnulled", on=ENDED, late_days=40)


def after(*facts: Fact) -> Business:
    business = Business(key=KEY)
    for fact in facts:
        business = business.after(fact)  # type: ignore[arg-type]
    return business


def life(*facts: Fact) -> BusinessLife:
    found = after(*facts).life()
    assert found is not None
    return found


def test_a_creation_is_a_birth_observed_from_its_day() -> None:
    assert life(CREATED) == BusinessLife(stratum="CV219", born_on=BORN, first_observed_on=BORN)


def test_a_business_seen_later_is_observed_from_then() -> None:
    seen = date(2017, 1, 1)
    assert life(told("BusinessCreated", on=BORN, first_observed_on=seen)).first_observed_on == seen


@pytest.mark.parametrize(
    ("cessation", "kind"),
    [(CessationKind.VOLUNTARY, EndKind.DEATH), (CessationKind.LIQUIDATION, EndKind.DEATH),
     (CessationKind.TAKEN_OVER, EndKind.LEFT), (CessationKind.MERGED, EndKind.LEFT),
     (CessationKind.BROKEN_UP, EndKind.LEFT)],
)  # fmt: skip
def test_only_a_choice_or_a_liquidation_is_a_death(cessation: CessationKind, kind: EndKind) -> None:
    ended = life(CREATED, told("BusinessCeased", on=ENDED, cessation=cessation))
    assert (ended.ended_on, ended.end_kind) == (ENDED, kind)


@pytest.mark.parametrize("kind", ["BusinessRegimeLeft", "BusinessConfirmedActive", "BusinessTakenOver"])
def test_what_is_neither_a_birth_nor_an_end_changes_no_life(kind: str) -> None:
    assert life(CREATED, told(kind, on=ENDED)) == life(CREATED)


def test_a_business_taken_over_is_followed_and_counted_nowhere() -> None:
    assert after(told("BusinessTakenOver"), CEASED).life() is None


def test_an_annulled_cessation_did_not_take_place() -> None:
    assert life(CREATED, CEASED, ANNULLED) == life(CREATED)


@pytest.mark.parametrize("order", list(itertools.permutations((CREATED, CEASED, ANNULLED))))
def test_the_order_of_arrival_changes_nothing(order: tuple[Fact, ...]) -> None:
    assert after(*order) == after(CREATED, CEASED, ANNULLED)


def test_a_cessation_waits_for_its_creation() -> None:
    assert after(CEASED).life() is None
    assert life(CEASED, CREATED) == life(CREATED, CEASED)


def test_the_word_told_last_corrects_the_one_before() -> None:
    corrected = told("BusinessCeased", on=date(2018, 4, 1), cessation=CessationKind.MERGED)
    assert life(CREATED, corrected, CEASED) == life(CREATED, CEASED, corrected)
    assert life(CREATED, CEASED, corrected).end_kind is EndKind.LEFT
    moved = told("BusinessCreated", on=BORN, late_days=90, contract="CV217")
    assert life(CREATED, moved).stratum == "CV217"
    assert life(moved, CREATED) == life(CREATED, moved)


def test_the_first_day_observed_is_the_earliest_told() -> None:
    late = told("BusinessCreated", on=BORN, late_days=90, first_observed_on=date(2017, 1, 1))
    assert life(CREATED, late).first_observed_on == BORN
    assert life(late, CREATED).first_observed_on == BORN
