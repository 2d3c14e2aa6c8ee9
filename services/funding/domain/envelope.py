"""One envelope: a funder's credit for a contract and an exercise, and the postings that move it."""

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from shared.kernel.funders import Funder


class Account(StrEnum):
    """The accounts of an envelope; waiting demand is kept apart from credit."""

    VOTED = "voted"
    AVAILABLE = "available"
    FROZEN = "frozen"
    RESERVED = "reserved"
    DEMAND = "demand"
    WAITLISTED = "waitlisted"


class Posting(Struct, frozen=True):
    """`amount_cents` (> 0) leaves one account of an envelope and reaches another: it sums to zero by its form."""

    envelope_id: str
    credit: Account
    debit: Account
    amount_cents: int


@dataclass(slots=True)
class Envelope:
    """The balances of one envelope in cents; `version` counts the facts applied to it."""

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

    @property
    def room(self) -> int:
        """What may still be reserved."""
        return self.authorised - self.frozen - self.reserved - self.engaged

    def open(self, amount: int) -> Posting:
        """Authorise `amount`."""
        self.authorised += amount
        return Posting(self.envelope_id, Account.VOTED, Account.AVAILABLE, amount)

    def reserve(self, amount: int) -> Posting:
        """Reserve what fits; the caller has looked at `room`."""
        self.reserved += amount
        return Posting(self.envelope_id, Account.AVAILABLE, Account.RESERVED, amount)

    def release(self, amount: int) -> Posting:
        """Give a reserved amount back."""
        self.reserved -= amount
        return Posting(self.envelope_id, Account.RESERVED, Account.AVAILABLE, amount)

    def wait(self, amount: int) -> Posting:
        """Note a demand that waits."""
        self.waitlisted += amount
        return Posting(self.envelope_id, Account.DEMAND, Account.WAITLISTED, amount)

    def stop_waiting(self, amount: int) -> Posting:
        """Take a waiting demand, or a part of it, away."""
        self.waitlisted -= amount
        return Posting(self.envelope_id, Account.WAITLISTED, Account.DEMAND, amount)
