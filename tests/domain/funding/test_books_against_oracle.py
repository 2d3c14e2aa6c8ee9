"""On random programmes the books decide as the oracle does, and no envelope is ever overdrawn."""

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.funding.domain.books import Books
from shared.contracts import allocation
from tests.support.commitment_events import FUNDERS_ACTS, START, Json, Scribe, event, opened
from tests.support.oracle import Oracle
from tests.support.seeds import seeds
from tests.support.sequential import balances, books_with, decide_each

CONTRACTS, EXERCISES = ("CV217", "CV219"), (2016, 2017)
amounts = st.one_of(st.just(0), st.integers(1, 12))
openings = st.fixed_dictionaries(
    {},
    optional={
        (contract, funder, exercise): st.integers(0, 20)
        for contract in CONTRACTS
        for funder in ("CDC", "STATE")
        for exercise in EXERCISES
    },
).map(lambda chosen: [opened(*envelope, amount) for envelope, amount in chosen.items()])
crowded = st.integers(5, 15).map(
    lambda amount: [
        opened("CV219", "CDC", 2016, amount), opened("CV219", "STATE", 2016, amount, amount // 2),
        opened("CV219", "STATE", 2017, amount, amount),
    ]
)  # fmt: skip
asks = (
    st.tuples(amounts, amounts)
    .filter(any)
    .map(lambda asked: {"cdc_cents": asked[0], "state_cents": asked[1], "cost_cents": sum(asked)})
)


def _terms(kind: str, funder: str, exercise: int, amount: int, payment: str) -> Json:
    if kind == "CommitmentClosed":
        return {}
    terms = {"funder": funder, "exercise": exercise, "amount_cents": amount}
    return terms | {"kind": payment} if kind == "PaymentMade" else terms


def declared(exercises: tuple[int, ...]) -> st.SearchStrategy[tuple[str, Json]]:
    """Draw a declaration."""
    return st.tuples(asks, st.sampled_from(exercises), st.sampled_from((1, 5, 9))).map(
        lambda drawn: ("CommitmentDeclared", drawn[0] | {"exercise": drawn[1], "priority": drawn[2]})
    )


withdrawn = st.just(("CommitmentWithdrawn", {"reason": "abandoned"}))
acts = st.tuples(
    st.sampled_from(FUNDERS_ACTS), st.sampled_from(("CDC", "STATE")), st.sampled_from(EXERCISES), st.integers(1, 8),
    st.sampled_from(("advance", "instalment", "balance")),
).map(lambda drawn: (drawn[0], _terms(*drawn)))  # fmt: skip
movements = st.one_of(asks.map(lambda asked: ("CommitmentAmended", asked)), withdrawn, acts)
whom = st.integers(0, 30)
"""0 is somebody known where a new one is expected, and nobody where a known one is; the rest counts who is known."""


def steps(contracts: tuple[str, ...], exercises: tuple[int, ...], *, longest: int) -> st.SearchStrategy[list[Any]]:
    """Draw what happens: to whom, and what."""
    what = st.one_of(declared(exercises), declared(exercises), withdrawn, movements)
    return st.lists(st.tuples(st.sampled_from(contracts), whom, what), min_size=longest // 3, max_size=longest)


programmes = st.one_of(
    st.tuples(openings, steps(CONTRACTS, EXERCISES, longest=40)),
    st.tuples(crowded, steps(("CV219",), (2016,), longest=40)),
)
"""Any envelopes at all; or two tight ones at which many wait."""


def _events(drawn: list[tuple[str, int, tuple[str, Json]]]) -> list[Json]:
    """Name the commitments: after their contract, since another contract's are never mentioned."""
    known: dict[str, list[str]] = {contract: [] for contract in CONTRACTS}
    events = []
    for number, (contract, who, (kind, terms)) in enumerate(drawn):
        names, is_new = known[contract], kind == "CommitmentDeclared"
        if is_new == (who > 0) or not names:
            name = f"{contract}/{number}"
            names += [name] * is_new
        else:
            name = names[who % len(names)]
        events.append(event(kind, name, contract=contract, number=number, **terms))
    return events


def _assert_never_overdrawn(books: Books) -> None:
    for envelope in books.envelopes.values():
        assert min(envelope.room, envelope.reserved, envelope.waitlisted, envelope.waiting_count) >= 0
        assert min(envelope.engaged, envelope.lapsed, envelope.paid, envelope.payable or 0) >= 0


@settings(max_examples=200, deadline=None, print_blob=True)
@given(programmes)
def test_the_books_decide_as_the_oracle_does_and_are_never_overdrawn(drawn: tuple[list[Json], list[Any]]) -> None:
    opening, events = drawn[0], _events(drawn[1])
    oracle = Oracle().tell([*opening, *events])
    books, answers = books_with(opening), []
    for each in decide_each(books, events):
        _assert_never_overdrawn(books)
        assert each[0]["type"] != "AllocationPromoted"
        answers += each
    assert answers == oracle.answers
    assert balances(books) == oracle.balances()


@settings(max_examples=60, deadline=None, print_blob=True)
@given(programmes)
def test_every_answer_is_the_fact_that_its_contract_describes(drawn: tuple[list[Json], list[Any]]) -> None:
    for each in decide_each(books_with(drawn[0]), _events(drawn[1])):
        for told in each:
            fields = {k: v for k, v in told.items() if k not in ("type", "moves", "postings", "id", "cause")}
            model = getattr(allocation, told["type"])
            fact = model.model_validate_json(json.dumps(fields | {"known_at": START.isoformat()}))
            assert fact.model_dump(mode="json", exclude={"known_at"}, exclude_unset=True) == fields


@settings(max_examples=60, deadline=None, print_blob=True)
@given(programmes)
def test_versions_count_the_answers_that_moved_an_envelope(drawn: tuple[list[Json], list[Any]]) -> None:
    books = books_with(drawn[0])
    answers = [told for each in decide_each(books, _events(drawn[1])) for told in each]
    moved = Counter(name for told in answers for name in {name for name, _ in told["moves"]})
    for envelope in books.envelopes.values():
        assert envelope.version >= moved[envelope.envelope_id]  # an amendment to the same amounts is a fact as well
    assert {e.envelope_id for e in books.envelopes.values() if e.version} == books.changed_envelopes


@pytest.mark.parametrize("seed", seeds(3))
def test_long_logs_in_tight_envelopes_are_decided_as_the_oracle_does(seed: int) -> None:
    scribe = Scribe(random.Random(seed), CONTRACTS)
    opening, events = scribe.openings(), scribe.events(1000)
    oracle = Oracle().tell([*opening, *events])
    books = books_with(opening)
    assert [told for each in decide_each(books, events) for told in each] == oracle.answers
    assert balances(books) == oracle.balances()


def test_the_logs_that_are_drawn_meet_every_rule() -> None:
    scribes = [Scribe(random.Random(20161003 + number), CONTRACTS) for number in range(120)]
    met = Counter(
        (told["type"], told.get("reason"), told.get("standing"))
        for scribe in scribes
        for told in Oracle().tell([*scribe.openings(), *scribe.events(100)]).answers
    )
    expected = {
        ("AllocationReserved", None, None), ("AllocationWaitlisted", None, None), ("AllocationPromoted", None, None),
        ("AllocationRefused", "envelope-unknown", None), ("AllocationRefused", "exceeds-authorised", None),
        ("AllocationAmended", None, "reserved"), ("AllocationAmended", None, "waitlisted"),
        ("AllocationReleased", None, "reserved"), ("AllocationReleased", None, "waitlisted"),
        ("AllocationEngaged", None, None), ("CertificationRecorded", None, None), ("PaymentRecorded", None, None),
        ("PaymentReturnRecorded", None, None), ("AllocationDecommitted", None, None),
        ("AllocationClosed", None, "reserved"), ("AllocationClosed", None, "waitlisted"),
        *(("MovementHeld", reason, None) for reason in
          ("not-declared", "waits-for-room", "not-engaged", "not-certified", "not-paid")),
        *(("MovementRefused", reason, None) for reason in
          ("envelope-unknown", "exceeds-authorised", "no-room", "commitment-unknown", "already-declared",
           "not-standing", "already-engaged", "below-engaged", "wrong-exercise", "exceeds-reserved", "exceeds-engaged",
           "exceeds-paid")),
    }  # fmt: skip
    assert expected == set(met)
    assert min(met.values()) >= 2, met
