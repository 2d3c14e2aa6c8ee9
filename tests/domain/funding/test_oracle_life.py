"""The oracle answers as the tables of the whole life say, and on random lives its books always balance.

The tables were computed by hand; a table and the oracle were written from docs/ledger-rules.md, not from one another.
"""

import os
import re
from collections import Counter
from uuid import UUID, uuid5

import pytest
from hypothesis import Phase, given, settings

from services.funding.domain.objection import Objection
from shared.contracts.reasons import HeldReason, RefusalReason
from tests.support.clerk import Clerk
from tests.support.commitment_events import Json
from tests.support.life_lines import answer, commitment_figures, not_done, read
from tests.support.life_programmes import draw_until_met, programmes
from tests.support.life_tables import LIFE
from tests.support.life_tables_commands import SCENARIOS
from tests.support.life_tables_each import EACH
from tests.support.life_tables_edges import EDGES
from tests.support.life_tables_rules import RULES
from tests.support.oracle import Oracle
from tests.support.oracle_book import mixed

LIVES = int(os.environ.get("FABRIQUE_LIVES", "300"))
"""`FABRIQUE_LIVES=10000` tells as many; each failure prints how to repeat it."""
TABLES = LIFE | SCENARIOS | RULES | EDGES | EACH
TYPES = (
    "reserved", "waitlisted", "promoted", "refused", "amended", "released", "engaged", "certified", "paid",
    "returned", "decommitted", "closed", "displaced", "opened", "increased", "reduced", "frozen", "unfrozen",
    "transferred", "received",
)  # fmt: skip
REASONS = (
    "envelope-unknown", "envelope-closed", "exceeds-authorised", "below-engaged", "no-room", "commitment-unknown",
    "not-standing", "already-declared", "already-engaged", "wrong-exercise", "exceeds-reserved", "exceeds-engaged",
    "exceeds-paid", "waits-for-room", "not-declared", "not-engaged", "not-certified", "no-payment-credits",
    "not-paid",
)  # fmt: skip
BY_RULES = (
    "not-eligible", "exceeds-project-cap", "exceeds-beneficiary-cap", "exceeds-programme-cap",
    "exceeds-share", "exceeds-public-aid",
)  # fmt: skip
HELD = (
    "not-declared", "waits-for-room", "not-engaged", "not-certified", "no-payment-credits", "not-paid",
)  # fmt: skip
COMMANDS_REASONS = (
    "envelope-unknown", "envelope-exists", "envelope-closed", "no-amount", "no-payment-credits", "not-frozen",
    "no-room", "envelope-in-use", "payment-exceeds-payable", "carry-over-limit", "not-the-next-exercise",
    "not-the-same-funder", "same-envelope", "commitment-unknown", "not-standing",
)  # fmt: skip

FACTS = (
    "AllocationReserved", "AllocationWaitlisted", "AllocationPromoted", "AllocationRefused", "AllocationAmended",
    "AllocationReleased", "AllocationEngaged", "AllocationDecommitted", "AllocationClosed", "AllocationDisplaced",
    "CertificationRecorded", "PaymentRecorded", "PaymentReturnRecorded", "MovementHeld", "MovementRefused",
    "EnvelopeOpened", "EnvelopeIncreased", "EnvelopeReduced", "EnvelopeFrozen", "EnvelopeUnfrozen",
    "EnvelopeTransferred", "EnvelopeReceived", "EnvelopeCarriedOver", "EnvelopeClosed",
)  # fmt: skip
OF_MIXED = (
    "AllocationPromoted", "AllocationAmended", "AllocationReleased", "AllocationEngaged", "AllocationClosed",
    "AllocationDisplaced", "CertificationRecorded", "PaymentRecorded", "MovementHeld", "MovementRefused",
)  # fmt: skip
ACCOUNTS = (
    "voted", "available", "frozen", "reserved", "engaged", "lapsed", "demand", "waitlisted", "payment-voted",
    "payment-available", "payment-frozen", "paid", "treasury",
)  # fmt: skip
Accounts = Counter[tuple[str, str]]


@pytest.mark.parametrize("ledger", [Oracle, Clerk])
@pytest.mark.parametrize("name", TABLES)
def test_the_ledger_answers_as_the_table_says(name: str, ledger: type[Oracle | Clerk]) -> None:
    table, oracle = read(TABLES[name]), ledger()
    for line in table.lines:
        before, refused_before = len(oracle.decisions), len(oracle.refused_commands)
        oracle.tell([line.step])
        told, refused = oracle.decisions[before:], oracle.refused_commands[refused_before:]
        answers = [answer(each, table.names) for each in told] + [not_done(each, table.names) for each in refused]
        assert (line.text, answers) == (line.text, line.answers)
        if line.postings:
            assert (line.text, [each for fact in told for each in fact["postings"]]) == (line.text, line.postings)
        for envelope, figures in line.envelopes.items():
            balances = oracle.balances()[envelope]
            assert (line.text, {key: balances[key] for key in figures}) == (line.text, figures)
        for commitment, figures in line.commitments.items():
            found = commitment_figures(oracle.commitments()[commitment])
            assert (line.text, {key: found.get(key, {"CDC": 0, "STATE": 0}) for key in figures}) == (line.text, figures)
        if line.held is not None:
            assert [(table.names[event], reason) for event, reason in oracle.held()] == line.held


def test_the_tables_meet_every_answer_and_every_reason() -> None:
    said = " ".join(TABLES.values())
    for words in (*TYPES, "carried over to", "closed envelope"):
        assert re.search(rf"(->|;|and) {words} ", said), words
    for reason in REASONS:
        assert re.search(rf"(refused|held) \w.*: {reason}", said), reason
    for reason in BY_RULES:
        assert re.search(rf"(->|;|and) refused \w.*: {reason} \(rules", said), reason
        assert re.search(rf"movement refused \w.*: {reason} \(rules", said), reason
    for reason in COMMANDS_REASONS:
        assert f"not done: {reason}" in said, reason


def test_no_reason_of_the_closed_lists_is_left_without_a_line() -> None:
    never_given = {HeldReason.NOT_DECIDED_YET}  # by an earlier version; schemas only grow
    assert {*RefusalReason, *HeldReason} - never_given == {*REASONS, *BY_RULES}
    assert {*HeldReason} - never_given == {*HELD}
    assert {*Objection} == {*COMMANDS_REASONS} - {"envelope-exists"}  # a programme file leaves it as it is


@settings(max_examples=LIVES, deadline=None, print_blob=True)
@given(programmes())
def test_funding_decides_as_the_oracle_does_through_whole_lives(steps: list[Json]) -> None:
    oracle, clerk = Oracle(), Clerk()
    for step in steps:
        oracle.tell([step])
        clerk.tell([step])
        assert clerk.decisions == oracle.decisions
        assert clerk.refused_commands == oracle.refused_commands
    assert clerk.balances() == oracle.balances()
    assert clerk.commitments() == oracle.commitments()
    assert clerk.held() == oracle.held()
    assert all(clerk.books.commitments[name] is kept for name, kept in clerk.books.changed_commitments.items())


@settings(max_examples=300, deadline=None, print_blob=True)
@given(programmes())
def test_the_books_balance_after_every_step(steps: list[Json]) -> None:
    oracle, accounts = Oracle(), Accounts()
    for step in steps:
        before = len(oracle.decisions)
        oracle.tell([step])
        for ordinal, fact in enumerate(told := oracle.decisions[before:]):
            assert fact["id"] == str(uuid5(UUID(fact["cause"]), str(ordinal)))
            for envelope, credit, debit, cents in fact["postings"]:
                assert cents > 0
                accounts[envelope, credit] -= cents
                accounts[envelope, debit] += cents
        assert told or "kind" in step or "open" in step or "rules" in step
        assert_balanced(oracle, accounts)


def test_the_lives_that_are_drawn_meet_every_answer() -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=500, deadline=None, database=None, phases=[Phase.generate])
    @given(programmes())
    def draw(steps: list[Json]) -> None:
        oracle = Oracle()
        for step in steps:
            parted = _mixed(oracle)
            told = len(oracle.decisions)
            oracle.tell([step])
            met.update(f"{each['type']} of a mixed one" for each in _about(oracle.decisions[told:], parted))
            met.update({"rules while mixed"} if parted and "rules" in step else ())
        met.update({each["type"] for each in oracle.decisions})
        met.update({each["reason"] for each in oracle.decisions if each["type"] == "MovementHeld"})
        met.update({each["reason"] for each in oracle.decisions if each.get("reason") in BY_RULES})
        met.update({f"{each['type']}, held before" for each in oracle.decisions if "movement_id" in each})

    resolved = (f"{kind}, held before" for kind in ("AllocationEngaged", "CertificationRecorded", "PaymentRecorded"))
    of_mixed = (f"{kind} of a mixed one" for kind in OF_MIXED)
    draw_until_met(draw, met, (*FACTS, *HELD, *BY_RULES, *resolved, *of_mixed, "rules while mixed"))


def _mixed(oracle: Oracle) -> set[str]:
    everyone = (c for contract in oracle.book.contracts.values() for c in contract.values())
    return {c["commitment_id"] for c in everyone if mixed(c)}


def _about(told: list[Json], whom: set[str]) -> list[Json]:
    return [fact for fact in told if fact.get("commitment_id") in whom]


def assert_balanced(oracle: Oracle, accounts: Counter[tuple[str, str]]) -> None:
    """No envelope and no commitment is overdrawn, and what stands is what was posted."""
    for envelope, found in oracle.balances().items():
        posted = {account: accounts[envelope, account] for account in ACCOUNTS}
        with_credits = found["payment_cents"] is not None
        assert posted == {
            "voted": -found["authorised_cents"], "available": found["room_cents"], "frozen": found["frozen_cents"],
            "reserved": found["reserved_cents"], "engaged": found["engaged_cents"], "lapsed": found["lapsed_cents"],
            "demand": -found["waitlisted_cents"], "waitlisted": found["waitlisted_cents"],
            "payment-voted": -(found["payment_cents"] or 0), "payment-available": found["payable_cents"] or 0,
            "payment-frozen": found["payment_frozen_cents"], "paid": found["paid_cents"],
            "treasury": 0 if with_credits else -found["paid_cents"],
        }  # fmt: skip
        assert sum(posted.values()) == 0
        assert min(cents for cents in found.values() if cents is not None) >= 0
        idle = ("room_cents", "reserved_cents", "waiting_count", "frozen_cents")
        assert not found["closed"] or not any(found[amount] for amount in idle)
    for row in oracle.commitments().values():
        for funder, field in (("CDC", "cdc_cents"), ("STATE", "state_cents")):
            assert 0 <= row["certified"][funder] <= row["engaged"][funder] <= row[field]
            assert 0 <= sum(row["paid"][funder].values()) <= row["engaged"][funder]
            assert min(row["paid"][funder].values(), default=0) >= 0
