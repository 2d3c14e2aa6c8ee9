"""One envelope: a funder's credit for a contract and an exercise, and the postings that move it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from shared.kernel.funders import Funder


class Account(StrEnum):
    """The accounts of an envelope: of what may be engaged, of demand that waits, and of what may be paid."""

    VOTED = "voted"
    AVAILABLE = "available"
    FROZEN = "frozen"
    RESERVED = "reserved"
    ENGAGED = "engaged"
    LAPSED = "lapsed"
    DEMAND = "demand"
    WAITLISTED = "waitlisted"
    PAYMENT_VOTED = "payment-voted"
    PAYMENT_AVAILABLE = "payment-available"
    PAYMENT_FROZEN = "payment-frozen"
    PAID = "paid"
    TREASURY = "treasury"


class Way(NamedTuple):
    """Between which accounts an amount moves."""

    credit: Account
    debit: Account

    @property
    def back(self) -> "Way":
        """The other way."""
        return Way(self.debit, self.credit)


VOTE = Way(Account.VOTED, Account.AVAILABLE)
FREEZE = Way(Account.AVAILABLE, Account.FROZEN)
RESERVE = Way(Account.AVAILABLE, Account.RESERVED)
ENGAGE = Way(Account.RESERVED, Account.ENGAGED)
DECOMMIT = Way(Account.ENGAGED, Account.AVAILABLE)
LAPSE = Way(Account.ENGAGED, Account.LAPSED)
WAIT = Way(Account.DEMAND, Account.WAITLISTED)
VOTE_PAYMENT = Way(Account.PAYMENT_VOTED, Account.PAYMENT_AVAILABLE)
FREEZE_PAYMENT = Way(Account.PAYMENT_AVAILABLE, Account.PAYMENT_FROZEN)
PAY = Way(Account.PAYMENT_AVAILABLE, Account.PAID)
PAY_FROM_TREASURY = Way(Account.TREASURY, Account.PAID)
"""For a funder without payment credits."""


class Posting(Struct, frozen=True):
    """`amount_cents` (> 0) leaves one account of an envelope and reaches another: it sums to zero by its form."""

    envelope_id: str
    credit: Account
    debit: Account
    amount_cents: int


_COLUMNS: dict[Account, tuple[str, int]] = {
    Account.VOTED: ("authorised", -1),
    Account.FROZEN: ("frozen", 1),
    Account.RESERVED: ("reserved", 1),
    Account.ENGAGED: ("engaged", 1),
    Account.LAPSED: ("lapsed", 1),
    Account.WAITLISTED: ("waitlisted", 1),
    Account.PAYMENT_VOTED: ("payment_credits", -1),
    Account.PAYMENT_FROZEN: ("payments_frozen", 1),
    Account.PAID: ("paid", 1),
}
"""The balance that holds an account, and its sign; the other accounts follow from these."""


@dataclass(slots=True)
class Envelope:
    """The balances of one envelope in cents; `version` counts the facts applied to it.

    `payment_credits` is None for a funder that has none; `payment_opened` is what they were first, and
    `payment_carried_over` what of them went to the next exercise.
    """

    envelope_id: str
    contract: str
    funder: Funder
    exercise: int
    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    waitlisted: int = 0
    engaged: int = 0
    paid: int = 0
    waiting_count: int = 0
    version: int = 0
    lapsed: int = 0
    payment_credits: int | None = None
    payments_frozen: int = 0
    payment_opened: int = 0
    payment_carried_over: int = 0
    closed: bool = False

    @property
    def room(self) -> int:
        """What may still be reserved."""
        return self.authorised - self.frozen - self.reserved - self.engaged - self.lapsed

    @property
    def payable(self) -> int | None:
        """What may still be paid in the exercise; None without limit, for a funder without payment credits."""
        if self.payment_credits is None:
            return None
        return self.payment_credits - self.payments_frozen - self.paid

    def move(self, way: Way, amount: int) -> Posting:
        """Post `amount`; the caller has looked at `room` and `payable`."""
        for account, sign in ((way.credit, -1), (way.debit, 1)):
            column = _COLUMNS.get(account)
            if column is not None:
                setattr(self, column[0], getattr(self, column[0]) + sign * column[1] * amount)
        return Posting(self.envelope_id, way.credit, way.debit, amount)

    def reserve(self, amount: int) -> Posting:
        """Reserve what fits; the caller has looked at `room`."""
        self.reserved += amount
        return Posting(self.envelope_id, RESERVE.credit, RESERVE.debit, amount)

    def release(self, amount: int) -> Posting:
        """Give a reserved amount back."""
        self.reserved -= amount
        return Posting(self.envelope_id, RESERVE.debit, RESERVE.credit, amount)

    def wait(self, amount: int) -> Posting:
        """Note a demand that waits."""
        self.waitlisted += amount
        return Posting(self.envelope_id, WAIT.credit, WAIT.debit, amount)

    def stop_waiting(self, amount: int) -> Posting:
        """Take a waiting demand, or a part of it, away."""
        self.waitlisted -= amount
        return Posting(self.envelope_id, WAIT.debit, WAIT.credit, amount)
