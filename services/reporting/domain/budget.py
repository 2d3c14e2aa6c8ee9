"""Where each envelope stands: the fold of allocation facts into balances and counts, one fact after the other.

The amounts are those of the facts, added; nothing is decided again. Every sum is of integers, so that the same facts
give the same balances in any batches. Of each commitment only what it has of each funder is kept, to count it rightly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.reporting.domain.balances import Balances, Envelope, Stake, StakeKey, added, staked
from services.reporting.domain.effects import Effect, effects
from shared.contracts.allocation import AllocationFact, EnvelopeClosed, EnvelopeFact, EnvelopeOpened

EMPTY = Stake()


class Impossible(StrEnum):
    """Why a fact cannot be folded."""

    BALANCE_IMPOSSIBLE = "balance-impossible"
    STAKE_IMPOSSIBLE = "stake-impossible"
    ENVELOPE_CLOSED = "envelope-closed"


@dataclass(frozen=True, slots=True)
class Budget:
    """One envelope's balances; `version` counts the facts that touched it, `known_at` is the latest of them."""

    envelope: Envelope
    balances: Balances
    version: int
    known_at: datetime
    has_payment_credits: bool = False
    closed: bool = False

    @property
    def payable(self) -> int | None:
        """What may still be paid in the exercise, in cents; None without payment credits: nothing limits it here."""
        return self.balances.payable if self.has_payment_credits else None

    @property
    def is_possible(self) -> bool:
        """Whether a ledger can stand like this: nothing below zero, nothing overdrawn, nothing promised once closed."""
        amounts = self.balances
        payable = amounts.payable if self.has_payment_credits else amounts.engaged - amounts.paid
        promised = amounts.frozen + amounts.reserved + amounts.waitlisted + amounts.payments_frozen
        return min(amounts) >= 0 and amounts.available >= 0 and payable >= 0 and not (self.closed and promised)


class Budgets:
    """The budgets and stakes that a batch may touch; afterwards `changed` and `restaked` name those to write."""

    def __init__(self, budgets: Iterable[Budget] = (), stakes: Mapping[StakeKey, Stake] | None = None) -> None:
        self.by_envelope = {budget.envelope: budget for budget in budgets}
        self.stakes = dict(stakes or {})
        self.changed: set[Envelope] = set()
        self.restaked: set[StakeKey] = set()

    def fold(self, fact: AllocationFact | EnvelopeFact) -> Impossible | None:
        """Add one fact, whole or not at all: it is refused when a balance or a stake would become impossible."""
        budgets: dict[Envelope, Budget] = {}
        stakes: dict[StakeKey, Stake] = {}
        for effect in effects(fact):
            change = effect.change
            if effect.stake is not None:
                stake, change = staked(self.stakes.get(effect.stake, EMPTY), change)
                if not stake.is_possible:
                    return Impossible.STAKE_IMPOSSIBLE
                stakes[effect.stake] = stake
            before = self.by_envelope.get(effect.envelope)
            if before is not None and before.closed and _needs_open(fact, effect):
                return Impossible.ENVELOPE_CLOSED
            after = _after(before, effect.envelope, change, fact)
            if not after.is_possible:
                return Impossible.BALANCE_IMPOSSIBLE
            budgets[effect.envelope] = after
        self.by_envelope |= budgets
        self.stakes |= stakes
        self.changed |= budgets.keys()
        self.restaked |= stakes.keys()
        return None


def _needs_open(fact: AllocationFact | EnvelopeFact, effect: Effect) -> bool:
    """Whether a closed envelope can have no such fact: only what was engaged there goes on, and what was paid."""
    return isinstance(fact, EnvelopeFact) or (getattr(fact, "from_payment_credits", False) and effect.change.paid > 0)


def _after(before: Budget | None, envelope: Envelope, change: Balances, fact: AllocationFact | EnvelopeFact) -> Budget:
    closes = isinstance(fact, EnvelopeClosed)
    gains = change.payment_credits > 0 or (isinstance(fact, EnvelopeOpened) and fact.has_payment_credits)
    if before is None:
        return Budget(envelope, change, 1, fact.known_at, gains, closes)
    return Budget(
        envelope, added(before.balances, change), before.version + 1, max(before.known_at, fact.known_at),
        before.has_payment_credits or gains, before.closed or closes,
    )  # fmt: skip
