"""Budgets against a naive recount, that keeps every commitment and adds all again at the end."""

import random
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.budget import Budgets
from shared.contracts.fields import Fact
from tests.use_cases.reporting.drawn import Ledger

SIGNS = {"EnvelopeOpened": ("authorised", 1), "EnvelopeIncreased": ("authorised", 1),
         "EnvelopeReduced": ("authorised", -1), "EnvelopeFrozen": ("frozen", 1)}  # fmt: skip
STANDS = {"AllocationReserved": "reserved", "AllocationPromoted": "reserved", "AllocationWaitlisted": "waiting"}


def recount(facts: list[Fact]) -> dict[str, Counter[str]]:
    """Count what stands after all facts, commitment by commitment, from their JSON and nothing of the service's."""
    books: dict[str, Counter[str]] = {}
    standing: dict[str, tuple[str, dict[str, Any]]] = {}
    for fact in facts:
        kind, told = type(fact).__name__, fact.model_dump(mode="json")
        if kind in SIGNS:
            account, sign = SIGNS[kind]
            books.setdefault(told["envelope_id"], Counter())[account] += sign * told["amount_cents"]
        elif kind == "AllocationRefused":
            for name in asked(told):
                books.setdefault(name, Counter())["refused"] += 1
        elif kind in STANDS:
            standing[told["commitment_id"]] = (STANDS[kind], told)
        elif kind == "AllocationAmended":
            standing[told["commitment_id"]] = ({"waitlisted": "waiting"}.get(told["standing"], "reserved"), told)
        elif kind == "AllocationReleased":
            del standing[told["commitment_id"]]
    for state, told in standing.values():
        for name, amount in asked(told).items():
            books[name][f"{state}_cents"] += amount
            books[name][f"{state}_count"] += 1
    return books


def asked(told: dict[str, Any]) -> dict[str, int]:
    """The amounts that are asked, by envelope."""
    amounts = {"CDC": told["cdc_cents"], "STATE": told["state_cents"]}
    return {f"{told['contract']}.{funder}.{told['exercise']}": amount for funder, amount in amounts.items() if amount}


@settings(max_examples=60, deadline=None, print_blob=True)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 150))
def test_the_fold_is_the_recount_of_what_stands(seed: int, count: int) -> None:
    facts = Ledger(random.Random(seed), ("CV217", "CV219")).facts(count)
    budgets = Budgets()
    for fact in facts:
        assert budgets.fold(fact) is None  # type: ignore[arg-type]
    naive = recount(facts)
    assert {envelope.envelope_id for envelope in budgets.by_envelope} == naive.keys()
    for envelope, budget in budgets.by_envelope.items():
        balances, counted = budget.balances, naive[envelope.envelope_id]
        assert balances.authorised == counted["authorised"]
        assert balances.frozen == counted["frozen"]
        assert (balances.reserved, balances.reserved_count) == (counted["reserved_cents"], counted["reserved_count"])
        assert (balances.waitlisted, balances.waiting_count) == (counted["waiting_cents"], counted["waiting_count"])
        assert balances.refused_count == counted["refused"]


@settings(max_examples=30, deadline=None, print_blob=True)
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 100))
def test_folding_in_two_parts_is_folding_at_once(seed: int, cut: int) -> None:
    facts = Ledger(random.Random(seed), ("CV219",)).facts(100)
    whole, first = Budgets(), Budgets()
    for fact in facts:
        whole.fold(fact)  # type: ignore[arg-type]
    for fact in facts[:cut]:
        first.fold(fact)  # type: ignore[arg-type]
    second = Budgets(first.by_envelope.values())
    for fact in facts[cut:]:
        second.fold(fact)  # type: ignore[arg-type]
    assert second.by_envelope == whole.by_envelope
