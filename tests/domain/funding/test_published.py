"""What a fact says is what it posted: each fact of every table, read again from what subscribers are given."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from services.funding.announcement import allocation_fact, envelope_fact
from services.funding.domain.command import Command
from services.funding.domain.commands import EnvelopeAct, Told
from services.funding.domain.commitment import Asked
from services.funding.domain.journal import Fact
from services.funding.domain.outcome import Outcome
from services.funding.domain.published import FactUnreadable, Said, Stand, postings_of, said_by, stand_after
from shared.contracts.reasons import Standing
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
