"""What is shown of the journal is a plain fold of its postings, to the cent."""

import json
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrique.ledger.screen import step_lines
from services.funding.domain.audit import stand_of
from services.funding.domain.envelope import Account, Envelope
from services.funding.domain.journal import Record, Sum, balances_of, euros, funder_of, statement, trial_balance
from services.funding.domain.published import Step, life, said_by
from shared.kernel.funders import Funder
from tests.support.commitment_events import named
from tests.support.journal import Kept, kept

books = st.integers(0, 10**6).map(kept)


def folded(found: Kept) -> Counter[tuple[str, str]]:
    """The naive way: what reached each account, less what left it."""
    balances: Counter[tuple[str, str]] = Counter()
    for line in found.lines:
        balances[(line.envelope_id, str(line.debit))] += line.amount_cents
        balances[(line.envelope_id, str(line.credit))] -= line.amount_cents
    return balances


def sums(found: Kept) -> list[Sum]:
    """Sums as the database would give them, in pieces."""
    pieces = [Sum(line.envelope_id, line.debit, line.amount_cents, 0) for line in found.lines]
    return pieces + [Sum(line.envelope_id, line.credit, 0, line.amount_cents) for line in found.lines]


@settings(deadline=None, max_examples=50)
@given(books)
def test_a_trial_balance_is_a_naive_fold_and_its_totals_agree(found: Kept) -> None:
    balance = trial_balance(sums(found))
    assert {(row.of, str(row.account)): row.balance for row in balance.rows} == dict(folded(found))
    assert balance.debits == balance.credits == sum(line.amount_cents for line in found.lines)


def test_a_trial_balance_is_in_the_order_of_envelopes_and_then_of_the_plan_of_accounts() -> None:
    named = ["later-account", "earlier-account", *reversed(Account)]
    rows = trial_balance(Sum(name, account, 1, 1) for name in ("B", "A") for account in named).rows
    plan = [*Account, "earlier-account", "later-account"]
    assert [(row.of, row.account) for row in rows] == [(name, account) for name in "AB" for account in plan]


@pytest.mark.parametrize(("name", "funder"), [("CV219.CDC.2016", "CDC"), ("CV219", "CV219"), ("a.b", "a.b")])
def test_a_funder_is_read_from_an_envelope_s_name(name: str, funder: str) -> None:
    assert funder_of(name) == funder


def test_a_row_says_what_stands_on_each_account() -> None:
    terms = {"authorised": 1000, "frozen": 1, "reserved": 20, "engaged": 4, "lapsed": 5, "waitlisted": 300, "paid": 6}
    balances = balances_of(Envelope("CV219.CDC.2016", "CV219", Funder.CDC, 2016, **terms))
    assert balances == {
        Account.VOTED: -1000, Account.AVAILABLE: 970, Account.FROZEN: 1, Account.RESERVED: 20, Account.ENGAGED: 4,
        Account.LAPSED: 5, Account.DEMAND: -300, Account.WAITLISTED: 300, Account.PAYMENT_VOTED: 0,
        Account.PAYMENT_AVAILABLE: 0, Account.PAYMENT_FROZEN: 0, Account.PAID: 6, Account.TREASURY: -6,
    }  # fmt: skip
    state = Envelope("CV219.STATE.2016", "CV219", Funder.STATE, 2016, **terms, payment_credits=80, payments_frozen=7)
    assert balances_of(state) == balances | {
        Account.PAYMENT_VOTED: -80, Account.PAYMENT_AVAILABLE: 67, Account.PAYMENT_FROZEN: 7, Account.TREASURY: 0,
    }  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(books)
def test_a_trial_balance_by_funder_adds_its_envelopes_up(found: Kept) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for (name, account), cents in folded(found).items():
        expected[(name.split(".")[1], account)] += cents
    balance = trial_balance(sums(found), of=funder_of)
    assert {(row.of, str(row.account)): row.balance for row in balance.rows} == dict(expected)


@settings(deadline=None, max_examples=50)
@given(books)
def test_a_statement_ends_on_what_the_envelope_holds(found: Kept) -> None:
    for envelope in found.envelopes:
        mine = [
            type(record)(record.fact, tuple(line for line in record.lines if line.envelope_id == envelope.envelope_id))
            for record in found.records
        ]
        last = {entry.account: entry.balance for entry in statement(mine)}
        assert all(last.get(account, 0) == cents for account, cents in balances_of(envelope).items())
        for account, stands in last.items():
            entries = [*statement(mine, account)]
            both = [(record.fact, line) for record in mine for line in record.lines]
            assert [(e.fact, e.line) for e in entries] == [b for b in both if account in (b[1].debit, b[1].credit)]
            assert {entry.account for entry in entries} == {account}
            assert entries[-1].balance == sum(entry.debit - entry.credit for entry in entries) == stands


@settings(deadline=None, max_examples=50)
@given(books)
def test_the_life_of_a_commitment_ends_where_it_stands(found: Kept) -> None:
    for commitment in found.commitments:
        about = [r for r in found.records if r.fact and str(commitment.commitment_id).encode() in r.fact.value]
        *_, end = steps = [*life(about)]
        assert [(step.record, step.said) for step in steps] == [(r, said_by(r.fact)) for r in about if r.fact]
        assert end.stand == stand_of(commitment)


@pytest.mark.parametrize(
    ("cents", "said"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-100, "-1.00"), (-101, "-1.01"), (10**17 + 1, "1000000000000000.01")],
)
def test_cents_are_written_whole(cents: int, said: str) -> None:
    assert euros(cents) == said


def test_what_was_held_before_is_named_beside_its_cause() -> None:
    told, movement = kept(2016).records[0].fact, named("a payment that came early")
    assert told is not None
    early = told._replace(value=json.dumps(msgspec.json.decode(told.value) | {"movement_id": movement}).encode())
    step = Step(Record(early), said_by(early), None)
    assert any(f"held before: {movement}" in line for line in step_lines(step))
