"""Where each envelope stands: the fold of allocation facts into balances and counts, one fact after the other.

The amounts are those of the facts, added; nothing is decided again. Every sum is of integers, so that the same facts
give the same balances in any batches.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import add
from typing import NamedTuple

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
    Standing,
)
from shared.kernel.funders import Funder, envelope_id


class Envelope(NamedTuple):
    """Which envelope: a funder's credit for a contract and an exercise."""

    contract: str
    funder: Funder
    exercise: int

    @property
    def envelope_id(self) -> str:
        """Its name: `CV219.CDC.2016`."""
        return envelope_id(*self)


class Balances(NamedTuple):
    """Cents and counts of one envelope; also what one fact adds to them.

    `reserved_count` counts the commitments that hold a reservation in the envelope; one whose amount was engaged is
    still counted, until it is released or closed: no fact says how much of a reservation an engagement leaves.
    """

    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    waitlisted: int = 0
    engaged: int = 0
    paid: int = 0
    reserved_count: int = 0
    waiting_count: int = 0
    refused_count: int = 0

    @property
    def available(self) -> int:
        """What may still be reserved, in cents."""
        return self.authorised - self.frozen - self.reserved - self.engaged

    @property
    def share_used(self) -> float | None:
        """(reserved + engaged) / (authorised - frozen); None when there is nothing to use."""
        usable = self.authorised - self.frozen
        return (self.reserved + self.engaged) / usable if usable > 0 else None

    @property
    def is_possible(self) -> bool:
        """Whether a ledger can stand like this: nothing below zero, nothing overdrawn."""
        return min(self) >= 0 and self.available >= 0


def added(one: Balances, other: Balances) -> Balances:
    """Add balances, amount by amount and count by count."""
    return Balances(*map(add, one, other))


class Impossible(StrEnum):
    """Why a fact cannot be folded."""

    BALANCE_IMPOSSIBLE = "balance-impossible"


@dataclass(frozen=True, slots=True)
class Budget:
    """One envelope's balances; `version` counts the facts that touched it, `known_at` is the latest of them."""

    envelope: Envelope
    balances: Balances
    version: int
    known_at: datetime


class Budgets:
    """The budgets that a batch may touch; afterwards `changed` names those to write."""

    def __init__(self, budgets: Iterable[Budget] = ()) -> None:
        self.by_envelope = {budget.envelope: budget for budget in budgets}
        self.changed: set[Envelope] = set()

    def fold(self, fact: AllocationFact | EnvelopeFact) -> Impossible | None:
        """Add one fact, whole or not at all: it is refused when a balance would become impossible."""
        touched = []
        for envelope, change in effects(fact):
            before = self.by_envelope.get(envelope)
            if before is None:
                after = Budget(envelope, change, 1, fact.known_at)
            else:
                known_at = max(before.known_at, fact.known_at)
                after = Budget(envelope, added(before.balances, change), before.version + 1, known_at)
            if not after.balances.is_possible:
                return Impossible.BALANCE_IMPOSSIBLE
            touched.append(after)
        for after in touched:
            self.by_envelope[after.envelope] = after
            self.changed.add(after.envelope)
        return None


def effects(fact: AllocationFact | EnvelopeFact) -> list[tuple[Envelope, Balances]]:
    """Say what a fact adds, and to which envelopes; an envelope that it touches without moving anything is named too.

    A commitment touches the envelopes of the funders that it asks. A refusal touches them even when they do not exist:
    what was asked of nobody is a figure as well. A movement that is held or refused touches nothing.
    """
    if isinstance(fact, EnvelopeFact):
        return list(_of_envelope(fact))
    return list(_of_commitment(fact))


def _of_envelope(fact: EnvelopeFact) -> Iterator[tuple[Envelope, Balances]]:
    amount = fact.amount_cents
    change = Balances()
    match fact:
        case EnvelopeOpened() | EnvelopeIncreased() | EnvelopeReceived() | EnvelopeCarriedOver():
            change = Balances(authorised=amount)
        case EnvelopeReduced() | EnvelopeTransferred() | EnvelopeClosed():
            change = Balances(authorised=-amount)
        case EnvelopeFrozen():
            change = Balances(frozen=amount)
        case EnvelopeUnfrozen():
            change = Balances(frozen=-amount)
    yield Envelope(fact.contract, fact.funder, fact.exercise), change
    if isinstance(fact, EnvelopeCarriedOver):
        yield _named(fact.from_envelope_id), Balances(authorised=-amount)


def _named(name: str) -> Envelope:
    contract, funder, exercise = name.split(".")
    return Envelope(contract, Funder(funder), int(exercise))


def _of_commitment(fact: AllocationFact) -> Iterator[tuple[Envelope, Balances]]:
    if fact.exercise is None:
        return
    exercise = fact.credit_exercise or fact.exercise if isinstance(fact, MoneyMoved) else fact.exercise
    for funder, amount in ((Funder.CDC, fact.cdc_cents), (Funder.STATE, fact.state_cents)):
        envelope = Envelope(fact.contract, funder, exercise)
        if isinstance(fact, AllocationAmended):
            previous = fact.previous_cdc_cents if funder is Funder.CDC else fact.previous_state_cents
            if amount or previous:
                yield envelope, added(_standing(fact.standing, amount, 1), _standing(fact.standing, previous, -1))
        elif amount:
            change = _of_amount(fact, funder, amount)
            if change is not None:
                yield envelope, change


def _standing(standing: Standing, amount: int, sign: int) -> Balances:
    """Add (or take away, `sign` -1) one commitment's amount where it stands."""
    count = sign if amount else 0
    if standing is Standing.RESERVED:
        return Balances(reserved=sign * amount, reserved_count=count)
    return Balances(waitlisted=sign * amount, waiting_count=count)


def _of_amount(fact: AllocationFact, funder: Funder, amount: int) -> Balances | None:
    """Say what a fact about a commitment does with one funder's amount; None when that funder is not concerned."""
    change = None
    match fact:
        case AllocationReserved():
            change = _standing(Standing.RESERVED, amount, 1)
        case AllocationWaitlisted():
            change = _standing(Standing.WAITLISTED, amount, 1)
        case AllocationPromoted():
            change = added(_standing(Standing.RESERVED, amount, 1), _standing(Standing.WAITLISTED, amount, -1))
        case AllocationDisplaced():
            change = added(_standing(Standing.RESERVED, amount, -1), _standing(Standing.WAITLISTED, amount, 1))
        case AllocationRefused():
            change = Balances(refused_count=1)
        case AllocationReleased():
            change = _standing(fact.standing, amount, -1)
        case AllocationClosed():
            change = _standing(fact.standing, amount, -1)
        case AllocationEngaged() if fact.funder is funder:
            change = Balances(reserved=-amount, engaged=amount)
        case PaymentRecorded() if fact.funder is funder:
            change = Balances(paid=amount)
        case PaymentReturnRecorded() if fact.funder is funder:
            change = Balances(paid=-amount)
        case AllocationDecommitted() if fact.funder is funder:  # in a later exercise the credit stays consumed
            change = Balances(engaged=-amount if fact.same_exercise else 0)
        case _:  # movements held or refused, and the other funder's acts
            pass
    return change
