"""Budgets against a naive recount, that keeps every commitment and adds all again at the end."""

import random
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.budget import Budgets
from shared.contracts.fields import Fact
from shared.kernel.funders import Funder
from tests.support.system_fold import Told
from tests.support.system_fold import budgets as plain_budgets
from tests.use_cases.reporting.drawn_ledger import UNKNOWN, Ledger

UP, DOWN = {"authorised": 1, "payment_credits": 1}, {"authorised": -1, "payment_credits": -1}
SIGNS: dict[str, dict[str, int]] = {
    "EnvelopeOpened": UP, "EnvelopeIncreased": UP, "EnvelopeReceived": UP, "EnvelopeCarriedOver": UP,
    "EnvelopeReduced": DOWN, "EnvelopeTransferred": DOWN, "EnvelopeClosed": DOWN,
    "EnvelopeFrozen": {"frozen": 1, "payments_frozen": 1}, "EnvelopeUnfrozen": {"frozen": -1, "payments_frozen": -1},
}  # fmt: skip
FUNDERS = {"CDC": "cdc_cents", "STATE": "state_cents"}
TAKEN = {"AllocationEngaged": "engaged", "PaymentRecorded": "paid", "PaymentReturnRecorded": "returned",
         "AllocationDecommitted": "given_up"}  # fmt: skip
Books = dict[str, Counter[str]]


def recount(facts: list[Fact]) -> Books:
    """Count what stands after all facts, commitment by commitment, from their JSON and nothing of the service's.

    Of each commitment everything told is kept, and read again at the end: what was asked last, less what was ever
    engaged and not given up, is what is promised.
    """
    books: Books = {}
    files: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for fact in facts:
        kind, told = type(fact).__name__, fact.model_dump(mode="json")
        if kind in SIGNS:
            book_credit(books.setdefault(told["envelope_id"], Counter()), kind, told, SIGNS[kind])
            if kind == "EnvelopeCarriedOver":
                book_credit(books[told["from_envelope_id"]], kind, told, DOWN)
        else:
            files.setdefault(told["commitment_id"], []).append((kind, told))
    for told_of in files.values():
        for funder, cents in FUNDERS.items():
            recount_one(books, told_of, funder, cents)
    return books


def book_credit(book: Counter[str], kind: str, told: dict[str, Any], signs: dict[str, int]) -> None:
    """Add a manager's act to one envelope."""
    for (account, sign), cents in zip(signs.items(), (told["amount_cents"], told["payment_cents"]), strict=True):
        book[account] += sign * cents
    book["closed"] += kind == "EnvelopeClosed"


def recount_one(books: Books, file: list[tuple[str, dict[str, Any]]], funder: str, cents: str) -> None:
    """Add what one funder's part of one commitment has become, from all that was told of it."""
    contract, exercise = file[0][1]["contract"], file[0][1]["exercise"]
    name = f"{contract}.{funder}.{exercise}"
    if file[0][0] == "AllocationRefused":
        if file[0][1][cents]:
            books.setdefault(name, Counter())["refused_count"] += 1
        return
    sums: Counter[str] = Counter()
    for kind, told in file:
        if kind in TAKEN and told["funder"] == funder:
            sums[TAKEN[kind]] += told[cents]
            sums["lapsed"] += told[cents] if kind == "AllocationDecommitted" and not told["same_exercise"] else 0
            if kind.startswith("Payment"):
                payer = f"{contract}.{funder}.{told['credit_exercise'] or exercise}"
                books[payer]["paid"] += told[cents] if kind == "PaymentRecorded" else -told[cents]
    engaged = sums["engaged"] - sums["given_up"]
    promised, waits = promise(file, cents, engaged)
    for account, amount in (("waitlisted" if waits else "reserved", promised), ("engaged", engaged)):
        books[name][account] += amount
        books[name][f"{account}_count"] += amount > 0
    books[name]["lapsed"] += sums["lapsed"]


def promise(file: list[tuple[str, dict[str, Any]]], cents: str, engaged: int) -> tuple[int, bool]:
    """What is still promised at the end, and whether it waits."""
    if file[-1][0] in ("AllocationReleased", "AllocationClosed"):
        return 0, False
    asked, waits = 0, False
    for kind, told in file:
        if kind in ("AllocationReserved", "AllocationWaitlisted", "AllocationAmended"):
            asked = told[cents]
        if kind == "AllocationDecommitted":
            asked -= told[cents]
        if kind in ("AllocationReserved", "AllocationPromoted"):
            waits = False
        if kind in ("AllocationWaitlisted", "AllocationDisplaced"):
            waits = True
    return asked - engaged, waits


@settings(max_examples=60, deadline=None, print_blob=True)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 250))
def test_the_fold_is_the_recount_of_what_stands(seed: int, count: int) -> None:
    facts = Ledger(random.Random(seed), ("CV217", "CV219")).facts(count)
    budgets = Budgets()
    for fact in facts:
        assert budgets.fold(fact) is None  # type: ignore[arg-type]
    naive = recount(facts)
    assert {envelope.envelope_id for envelope in budgets.by_envelope} == naive.keys()
    for envelope, budget in budgets.by_envelope.items():
        balances, counted = budget.balances, naive[envelope.envelope_id]
        for name, amount in balances._asdict().items():
            assert amount == counted[name.replace("waiting_count", "waitlisted_count")], (envelope, name)
        assert budget.closed is (counted["closed"] > 0)
        assert budget.has_payment_credits is (envelope.funder is Funder.STATE and envelope.exercise != UNKNOWN)
        if budget.has_payment_credits:
            assert budget.payable == counted["payment_credits"] - counted["payments_frozen"] - counted["paid"]


@settings(max_examples=30, deadline=None, print_blob=True)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 250))
def test_after_each_fact_the_fold_is_that_of_a_plain_subscriber(seed: int, count: int) -> None:
    facts = Ledger(random.Random(seed), ("CV217", "CV219")).facts(count)
    told = [
        Told(0, n, str(n), type(fact).__name__, fact.model_dump(mode="json")) for n, fact in enumerate(facts, start=1)
    ]
    folded, position = Budgets(), 0
    for at, name, now in plain_budgets(told):
        while position < at.sequence:
            assert folded.fold(facts[position]) is None  # type: ignore[arg-type]
            position += 1
        budget = next(b for envelope, b in folded.by_envelope.items() if envelope.envelope_id == name)
        ours = budget.balances._asdict()
        counts = {each: cents for each, cents in ours.items() if each.endswith("_count")}
        cents = {f"{each}_cents": amount for each, amount in ours.items() if each not in counts}
        assert {**cents, **counts, "version": budget.version} == now


@settings(max_examples=30, deadline=None, print_blob=True)
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 100))
def test_folding_in_two_parts_is_folding_at_once(seed: int, cut: int) -> None:
    facts = Ledger(random.Random(seed), ("CV219",)).facts(100)
    whole, first = Budgets(), Budgets()
    for fact in facts:
        whole.fold(fact)  # type: ignore[arg-type]
    for fact in facts[:cut]:
        first.fold(fact)  # type: ignore[arg-type]
    second = Budgets(first.by_envelope.values(), first.stakes)
    for fact in facts[cut:]:
        second.fold(fact)  # type: ignore[arg-type]
    assert (second.by_envelope, second.stakes) == (whole.by_envelope, whole.stakes)
