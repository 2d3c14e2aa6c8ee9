"""What an envelope, and one commitment in it, may look like: cents and counts, and what no ledger can show."""

from operator import add
from typing import NamedTuple
from uuid import UUID

from shared.kernel.funders import Funder, envelope_id


def share_of(used: int, usable: int) -> float | None:
    """The part that is used of what may be; None when there is nothing to use."""
    return used / usable if usable > 0 else None


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

    A commitment is counted where it has cents: one whose amount is engaged in part is counted as reserved and as
    engaged, one whose whole amount is engaged as engaged alone. One that gave up all that was engaged is counted
    nowhere.
    """

    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    waitlisted: int = 0
    engaged: int = 0
    lapsed: int = 0
    paid: int = 0
    payment_credits: int = 0
    payments_frozen: int = 0
    reserved_count: int = 0
    waiting_count: int = 0
    engaged_count: int = 0
    refused_count: int = 0

    @property
    def available(self) -> int:
        """What may still be reserved, in cents."""
        return self.authorised - self.frozen - self.used

    @property
    def used(self) -> int:
        """Reserved, engaged, or lapsed: given up too late to be used again, in cents."""
        return self.reserved + self.engaged + self.lapsed

    @property
    def share_used(self) -> float | None:
        """(reserved + engaged + lapsed) / (authorised - frozen); None when there is nothing to use."""
        return share_of(self.used, self.authorised - self.frozen)

    @property
    def payable(self) -> int:
        """What may still be paid of the payment credits, in cents; without a meaning where there are none."""
        return self.payment_credits - self.payments_frozen - self.paid


class StakeKey(NamedTuple):
    """Whose amount: one funder's part of one commitment."""

    commitment_id: UUID
    funder: Funder


class Stake(NamedTuple):
    """Cents that one commitment has of one funder, over all exercises; also what one fact adds to them."""

    reserved: int = 0
    waitlisted: int = 0
    engaged: int = 0
    paid: int = 0

    @property
    def is_possible(self) -> bool:
        """Nothing below zero, no more paid than engaged, and what waits is neither reserved nor engaged."""
        waits = self.waitlisted and self.reserved + self.engaged
        return min(self) >= 0 and self.paid <= self.engaged and not waits


def added(one: Balances, other: Balances) -> Balances:
    """Add balances, amount by amount and count by count."""
    return Balances(*map(add, one, other))


def staked(stake: Stake, change: Balances) -> tuple[Stake, Balances]:
    """Return the stake after a change of its envelope, and the change with the counts that follow from it."""
    moved = (change.reserved, change.waitlisted, change.engaged, change.paid)
    after = Stake(*map(add, stake, moved))
    counted = change._replace(
        reserved_count=(after.reserved > 0) - (stake.reserved > 0),
        waiting_count=(after.waitlisted > 0) - (stake.waitlisted > 0),
        engaged_count=(after.engaged > 0) - (stake.engaged > 0),
    )
    return after, counted
