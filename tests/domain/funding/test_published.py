"""What a fact says is what it posted: each fact of every table, read again from what subscribers are given."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from services.funding.announcement import allocation_fact, envelope_fact
from services.funding.domain.command import Command
from services.funding.domain.commands import EnvelopeAct, Told
from services.funding.domain.commitment import Asked
from services.funding.domain.journal import Fact, Payment
from services.funding.domain.outcome import Outcome
from services.funding.domain.published import (
    FactUnreadable,
    Said,
    Stand,
    paid_by,
    postings_of,
    said_by,
    stand_after,
    whole_cents,
)
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder
from tests.support.clerk import Clerk
from tests.support.commitment_events import NAMES, START
from tests.support.life_lines import read
from tests.support.life_tables import LIFE
from tests.support.life_tables_commands import SCENARIOS
from tests.support.life_tables_edges import EDGES
from tests.support.life_tables_rules import RULES

TABLES = LIFE | SCENARIOS | RULES | EDGES


class ReadingClerk(Clerk):
    """Reads each fact again as it is told."""

    def _say(
        self, cause: UUID | str | None, facts: Iterable[Told], wanted: Command | None = None, *, start: int = 0
    ) -> None:
        told = [*facts]
        for fact in told:
            if isinstance(fact, EnvelopeAct) and wanted is not None:
                _assert_said(fact.type, envelope_fact(fact, wanted, known_at=START), fact)
            elif isinstance(fact, Outcome):
                _assert_said(fact.kind, allocation_fact(fact, known_at=START), fact)
        super()._say(cause, told, wanted, start=start)


def _assert_said(type_: str, value: bytes, fact: Told) -> None:
    assert postings_of(type_, said_by(Fact(0, 1, NAMES, type_, None, START, value))) == fact.postings, type_


@pytest.mark.parametrize("name", TABLES)
def test_each_fact_of_a_table_says_what_it_posted(name: str) -> None:
    ReadingClerk().tell(line.step for line in read(TABLES[name]).lines)


@pytest.mark.parametrize(("type_", "said", "why"), [
    ("MoneyBurnt", Said("CV219"), "MoneyBurnt is not understood here"),
    ("AllocationReserved", Said("CV219", cdc_cents=1), "it does not say of which exercise its amounts are"),
    ("AllocationReleased", Said("CV219", 2016, cdc_cents=1), "it does not say how its amounts stood"),
])  # fmt: skip
def test_a_fact_that_does_not_say_what_moves_is_not_posted(type_: str, said: Said, why: str) -> None:
    with pytest.raises(FactUnreadable, match=f"^{why}$"):
        postings_of(type_, said)


def test_what_comes_back_lowers_what_is_certified_only_where_all_of_it_was_paid() -> None:
    said = Said("CV219", 2016, cdc_cents=3, state_cents=3, standing=Standing.RESERVED)
    before = Stand("engaged", Asked(9, 9), Asked(9, 9), Asked(5, 6), Asked(5, 5))
    assert stand_after("PaymentReturnRecorded", said, before) == before._replace(
        certified=Asked(2, 6), paid=Asked(2, 2)
    )


def test_a_payment_is_of_the_exercise_whose_credits_paid_it_and_a_return_takes_it_away() -> None:
    who = UUID(int=1)
    same, later = Said("CV219", 2016, who, state_cents=3), Said("CV219", 2016, who, cdc_cents=2, credit_exercise=2017)
    assert [*paid_by("PaymentRecorded", same)] == [Payment(who, Funder.STATE, 2016, 3)]
    assert [*paid_by("PaymentReturnRecorded", later)] == [Payment(who, Funder.CDC, 2017, -2)]
    assert [*paid_by("PaymentRecorded", Said("CV219", None, who, cdc_cents=2, credit_exercise=2017))] != []
    for type_, said in (
        ("AllocationEngaged", same), ("PaymentRecorded", Said("CV219", 2016, None, cdc_cents=2)),
        ("PaymentRecorded", Said("CV219", None, who, cdc_cents=2)),
    ):  # fmt: skip
        assert [*paid_by(type_, said)] == []


def facts(*told: tuple[str, str]) -> list[Fact]:
    return [
        Fact(0, number, NAMES, type_, None, START, f'{{"contract":"CV219","exercise":2016,{amounts}}}'.encode())
        for number, (type_, amounts) in enumerate(told, 1)
    ]


def test_all_that_was_asked_is_told_after_each_fact_and_a_declaration_of_two_facts_is_one() -> None:
    told = facts(
        ("MovementHeld", '"movement":"PaymentMade"'), ("AllocationReserved", '"cdc_cents":60'),
        ("AllocationWaitlisted", '"state_cents":30'), ("AllocationPromoted", '"state_cents":30'),
        ("AllocationAmended", '"cdc_cents":50,"state_cents":30,"previous_cdc_cents":60,"previous_state_cents":30'),
    )  # fmt: skip
    assert whole_cents(told) == [None, 90, 90, 90, 80]
    assert whole_cents(told[1:2] + told[4:]) == [60, 80]
    assert whole_cents(told[1:2]) == [60]
    assert whole_cents([]) == []


@pytest.mark.parametrize(
    ("type_", "stand"),
    [
        ("AllocationPromoted", Stand("reserved", Asked(5, 0))), ("AllocationEngaged", None),
        ("AllocationWaitlisted", Stand("waitlisted", Asked(5, 0))),
        ("AllocationDisplaced", Stand("waitlisted", Asked(5, 0))),
    ],
)  # fmt: skip
def test_where_a_fact_leaves_whoever_was_not_heard_of_before(type_: str, stand: Stand | None) -> None:
    assert stand_after(type_, Said("CV219", 2016, cdc_cents=5), None) == stand
