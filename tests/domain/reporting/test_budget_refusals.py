"""Payments across exercises, closed envelopes, and facts that no ledger can have told of one commitment."""

from typing import Any

import pytest

from services.reporting.domain.balances import Balances, Stake, StakeKey
from services.reporting.domain.budget import Impossible
from shared.contracts.reasons import RefusalReason, Standing
from shared.kernel.funders import Funder
from tests.domain.reporting.test_budget import RESERVED, STATE, WAITING, folded
from tests.use_cases.reporting.records import decided, envelope, named

LATER = "CV219.STATE.2017"
PAID_LATER = (
    envelope("EnvelopeOpened", LATER, 0, payment_cents=80),
    decided("AllocationReserved", state_cents=100),
    decided("AllocationEngaged", state_cents=100, funder=Funder.STATE),
)


def paid_later(cents: int, type_: str = "PaymentRecorded") -> Any:
    """A payment of the State for a commitment of 2016, out of its credits of 2017."""
    return decided(type_, state_cents=cents, funder=Funder.STATE, credit_exercise=2017, from_payment_credits=True)


def test_a_payment_uses_the_credits_of_the_exercise_in_which_it_is_paid() -> None:
    budgets = folded(*PAID_LATER, paid_later(70), paid_later(20, "PaymentReturnRecorded"))
    later = budgets.by_envelope[STATE._replace(exercise=2017)]
    assert later.balances == Balances(payment_credits=80, paid=50)
    assert (later.payable, later.has_payment_credits) == (30, True)
    assert (budgets.by_envelope[STATE].payable, budgets.by_envelope[STATE].balances.paid) == (None, 0)
    assert budgets.stakes[StakeKey(named("c"), Funder.STATE)] == Stake(engaged=100, paid=50)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ((*PAID_LATER, paid_later(81)), Impossible.BALANCE_IMPOSSIBLE),
        ((*PAID_LATER, envelope("EnvelopeFrozen", LATER, 0, payment_cents=20), paid_later(61)),
         Impossible.BALANCE_IMPOSSIBLE),
        ((RESERVED, decided("PaymentRecorded", cdc_cents=1, funder=Funder.CDC)), Impossible.STAKE_IMPOSSIBLE),
        ((RESERVED, decided("AllocationEngaged", cdc_cents=301, funder=Funder.CDC)), Impossible.STAKE_IMPOSSIBLE),
        ((RESERVED, WAITING, decided("AllocationReleased", "w", cdc_cents=50, standing=Standing.RESERVED)),
         Impossible.STAKE_IMPOSSIBLE),
        ((RESERVED, decided("AllocationDecommitted", cdc_cents=1, funder=Funder.CDC, same_exercise=False)),
         Impossible.STAKE_IMPOSSIBLE),
        ((RESERVED, envelope("EnvelopeClosed", "CV219.CDC.2016", 700)), Impossible.BALANCE_IMPOSSIBLE),
    ],
)  # fmt: skip
def test_what_one_commitment_or_one_exercise_does_not_have_is_refused(facts: tuple[Any, ...], why: Impossible) -> None:
    budgets = folded(*facts[:-1])
    before = (dict(budgets.by_envelope), dict(budgets.stakes))
    assert budgets.fold(facts[-1]) is why
    assert (budgets.by_envelope, budgets.stakes) == before


def test_payment_credits_of_0_are_not_the_same_as_none() -> None:
    opened = envelope("EnvelopeOpened", "CV217.STATE.2016", 9, has_payment_credits=True)
    budgets = folded(opened, envelope("EnvelopeOpened", "CV217.CDC.2016", 9))
    assert [budgets.by_envelope[STATE._replace(contract="CV217", funder=funder)].payable for funder in Funder] == [
        None if funder is Funder.CDC else 0 for funder in Funder
    ]


def test_from_a_closed_envelope_only_what_was_engaged_goes_on() -> None:
    budgets = folded(*PAID_LATER, paid_later(50), envelope("EnvelopeClosed", LATER, 0, payment_cents=30),
                     envelope("EnvelopeClosed", "CV219.STATE.2016", 400))  # fmt: skip
    assert budgets.by_envelope[STATE].closed
    for fact in (
        envelope("EnvelopeIncreased", LATER, 5), envelope("EnvelopeCarriedOver", LATER, 5,
                                                           from_envelope_id="CV219.STATE.2016"), paid_later(1),
    ):  # fmt: skip
        assert budgets.fold(fact) is Impossible.ENVELOPE_CLOSED
    assert budgets.fold(decided("AllocationReserved", "d", state_cents=1)) is Impossible.BALANCE_IMPOSSIBLE
    assert budgets.fold(paid_later(20, "PaymentReturnRecorded")) is None
    given_up = decided("AllocationDecommitted", state_cents=10, funder=Funder.STATE, same_exercise=True)
    assert budgets.fold(given_up) is None
    refused = decided("AllocationRefused", "e", state_cents=1, reason=RefusalReason.ENVELOPE_CLOSED)
    assert budgets.fold(refused) is None
    assert budgets.fold(decided("AllocationReserved", "d", state_cents=10)) is Impossible.BALANCE_IMPOSSIBLE
