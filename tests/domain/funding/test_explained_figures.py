"""The figures of an explanation, whole; and the edges of its sentences."""

from datetime import date
from uuid import UUID

import msgspec
import pytest

from services.funding.domain.explanation import Cause, Held, Story, explain, needs_convention
from services.funding.domain.explanation_words import Language
from services.funding.domain.rules import Funders, Rules
from tests.domain.funding.test_explanation import EN, EVENT, FR, A, decision, said


def test_figures_say_all_that_a_decision_was_made_of() -> None:
    cause = Cause("AllocationReleased", commitment_id=UUID(int=2))
    each = decision("MovementRefused", 100, cause=cause, others=7, rules_version=3, state_cents=200,
                    reason="exceeds-share", movement="CommitmentAmended")  # fmt: skip
    story = Story(A, (each,), (Held("PaymentMade", "not-engaged"),))
    found = explain(story, EN)
    assert found.figures == [{
        "type": "MovementRefused", "event_id": str(EVENT), "cause_id": str(EVENT), "known_at": each.fact.known_at,
        "cdc_cents": 100, "state_cents": 200, "reason": "exceeds-share", "movement": "CommitmentAmended",
        "rules_version": 3, "others_cents": 7, "rules": msgspec.to_builtins(each.rules),
        "cause": msgspec.to_builtins(cause), "convention_needed": False,
    }]  # fmt: skip
    assert (found.commitment_id, found.lang) == (A, "en")
    assert found.held == [{"movement": "PaymentMade", "reason": "not-engaged"}]
    [bare] = explain(Story(A, (decision("AllocationReserved", 1),)), EN).figures
    assert set(bare) == {"type", "event_id", "cause_id", "known_at", "cdc_cents", "state_cents"}


def test_a_convention_is_needed_above_its_threshold_alone() -> None:
    asked = [decision("AllocationReserved", cents, rules_version=1) for cents in (2_300_000, 2_300_001)]
    assert [needs_convention(each) for each in asked] == [False, True]
    assert not needs_convention(decision("AllocationReserved", 9_999_999))


def test_a_convention_is_needed_for_all_that_is_asked_where_a_fact_is_about_a_part() -> None:
    part = decision("AllocationReserved", 100, rules_version=1)
    asked = [msgspec.structs.replace(part, whole_cents=cents) for cents in (2_300_000, 2_300_001)]
    assert [needs_convention(each) for each in asked] == [False, True]


def test_that_each_funder_serves_its_own_part_is_said_of_who_waits_and_of_who_waited() -> None:
    sentence = "Each funder serves its part on its own: one may wait while the other is reserved."
    for type_, is_said in (("AllocationWaitlisted", True), ("AllocationPromoted", True), ("AllocationReserved", False)):
        one = decision(type_, 100, rules_version=1)
        assert sentence not in said(one, EN)
        apart = msgspec.structs.replace(one, rules=Rules(funders=Funders.EACH))
        assert (sentence in said(apart, EN)) is is_said


def test_a_decision_that_is_not_known_here_is_told_by_its_name() -> None:
    assert said(decision("AllocationPraised", 100), EN)[0] == "AllocationPraised"


@pytest.mark.parametrize(("language", "sentence"), [
    (FR, "Le 1er avril 2016, "), (EN, "On 1 April 2016, "),
])  # fmt: skip
def test_an_amendment_says_both_what_was_asked_and_what_is(language: Language, sentence: str) -> None:
    each = decision("AllocationAmended", 100, previous_cdc_cents=300, previous_state_cents=400)
    [found] = said(each, language)
    assert found.startswith(sentence)
    written = ("1,00", "3,00", "4,00") if language is FR else ("1.00", "3.00", "4.00")
    assert all(amount in found for amount in written)


def test_a_limit_without_days_and_a_contract_that_is_not_eligible_are_said() -> None:
    shut = msgspec.structs.replace(
        decision("AllocationRefused", 1, rules_version=1, reason="not-eligible"), rules=Rules(eligible=False)
    )
    assert said(shut, EN)[1] == ("Version 1 of the rules of 2016 says: contract eligible: no; from … to ….")
    shares = Rules(cdc_share_max=40, state_share_max=30, eligible_from=date(2016, 1, 1))
    share = msgspec.structs.replace(
        decision("AllocationRefused", 1, rules_version=1, reason="exceeds-share"), rules=shares
    )
    assert said(share, EN)[1].endswith("at most 40% of the cost of the Caisse des Dépôts, 30% of the State.")
    public = decision("AllocationRefused", 1, rules_version=1, reason="exceeds-public-aid")
    assert said(public, EN)[2] == "The project cost €70,000.00."
    other = decision("AllocationRefused", 1, rules_version=1, reason="exceeds-project-cap", others=5)
    assert len(said(other, EN)) == 2
