"""Says what each allocation fact does, and to which envelopes; nothing is decided again."""

from collections.abc import Iterator
from typing import NamedTuple

from services.reporting.domain.balances import Balances, Envelope, StakeKey
from shared.contracts.allocation import (
    AllocationAmended,
    AllocationClosed,
    AllocationDecommitted,
    AllocationDisplaced,
    AllocationEngaged,
    AllocationFact,
    AllocationPromoted,
    AllocationRefused,
    AllocationReleased,
    AllocationReserved,
    AllocationWaitlisted,
    EnvelopeCarriedOver,
    EnvelopeClosed,
    EnvelopeFact,
    EnvelopeFrozen,
    EnvelopeIncreased,
    EnvelopeOpened,
    EnvelopeReceived,
    EnvelopeReduced,
    EnvelopeTransferred,
    EnvelopeUnfrozen,
    MoneyMoved,
    PaymentRecorded,
    PaymentReturnRecorded,
)
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder


class Effect(NamedTuple):
    """What a fact adds to one envelope: the cents, and no counts but of refusals; `stake` is whose cents they are."""

    envelope: Envelope
    change: Balances
    stake: StakeKey | None = None


def effects(fact: AllocationFact | EnvelopeFact) -> list[Effect]:
    """Say what a fact adds, and to which envelopes; an envelope that it touches without moving anything is named too.

    A commitment touches the envelopes of the funders that it asks. A refusal touches them even when they do not exist:
    what was asked of nobody is a figure as well. A movement held or refused and a certification touch nothing.
    """
    if isinstance(fact, EnvelopeFact):
        return list(_of_envelope(fact))
    return list(_of_commitment(fact))


def _of_envelope(fact: EnvelopeFact) -> Iterator[Effect]:
    amount, payment = fact.amount_cents, fact.payment_cents
    change = Balances()
    match fact:
        case EnvelopeOpened() | EnvelopeIncreased() | EnvelopeReceived() | EnvelopeCarriedOver():
            change = Balances(authorised=amount, payment_credits=payment)
        case EnvelopeReduced() | EnvelopeTransferred() | EnvelopeClosed():
            change = Balances(authorised=-amount, payment_credits=-payment)
        case EnvelopeFrozen():
            change = Balances(frozen=amount, payments_frozen=payment)
        case EnvelopeUnfrozen():
            change = Balances(frozen=-amount, payments_frozen=-payment)
    yield Effect(Envelope(fact.contract, fact.funder, fact.exercise), change)
    if isinstance(fact, EnvelopeCarriedOver):
        yield Effect(_named(fact.from_envelope_id), Balances(authorised=-amount, payment_credits=-payment))


def _named(name: str) -> Envelope:
    contract, funder, exercise = name.split(".")
    return Envelope(contract, Funder(funder), int(exercise))


def _of_commitment(fact: AllocationFact) -> Iterator[Effect]:
    if fact.exercise is None:
        return
    exercise = fact.credit_exercise or fact.exercise if isinstance(fact, MoneyMoved) else fact.exercise
    for funder, amount in ((Funder.CDC, fact.cdc_cents), (Funder.STATE, fact.state_cents)):
        previous = 0
        if isinstance(fact, AllocationAmended):
            previous = fact.previous_cdc_cents if funder is Funder.CDC else fact.previous_state_cents
        change = _of_amount(fact, funder, amount, previous) if amount or previous else None
        if change is not None:
            stake = None if isinstance(fact, AllocationRefused) else StakeKey(fact.commitment_id, funder)
            yield Effect(Envelope(fact.contract, funder, exercise), change, stake)


def _standing(standing: Standing, amount: int) -> Balances:
    """Add an amount where its commitment stands."""
    return Balances(reserved=amount) if standing is Standing.RESERVED else Balances(waitlisted=amount)


def _of_amount(fact: AllocationFact, funder: Funder, amount: int, previous: int) -> Balances | None:
    """Say what a fact about a commitment does with one funder's amount; None when that funder is not concerned."""
    change = None
    match fact:
        case AllocationReserved():
            change = Balances(reserved=amount)
        case AllocationWaitlisted():
            change = Balances(waitlisted=amount)
        case AllocationPromoted():
            change = Balances(reserved=amount, waitlisted=-amount)
        case AllocationDisplaced():
            change = Balances(reserved=-amount, waitlisted=amount)
        case AllocationRefused():
            change = Balances(refused_count=1)
        case AllocationAmended():
            change = _standing(fact.standing, amount - previous)
        case AllocationReleased() | AllocationClosed():
            change = _standing(fact.standing, -amount)
        case AllocationEngaged() if fact.funder is funder:
            change = Balances(reserved=-amount, engaged=amount)
        case PaymentRecorded() if fact.funder is funder:
            change = Balances(paid=amount)
        case PaymentReturnRecorded() if fact.funder is funder:
            change = Balances(paid=-amount)
        case AllocationDecommitted() if fact.funder is funder:  # in a later exercise the credit stays consumed
            change = Balances(engaged=-amount, lapsed=0 if fact.same_exercise else amount)
        case _:  # movements held or refused, certifications, and the other funder's acts
            pass
    return change
