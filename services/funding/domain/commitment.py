"""One commitment as the ledger sees it: what it asks of each funder, where it stands, and what was engaged and paid."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from shared.kernel.funders import Funder


class Asked(NamedTuple):
    """Amounts in cents asked of each funder."""

    cdc: int
    state: int

    def of(self, funder: Funder) -> int:
        """One funder's amount."""
        return self.cdc if funder is Funder.CDC else self.state

    def but(self, funder: Funder, amount: int) -> "Asked":
        """The same, with another amount of one funder."""
        return Asked(amount, self.state) if funder is Funder.CDC else Asked(self.cdc, amount)


class State(StrEnum):
    """Where a commitment stands."""

    RESERVED = "reserved"
    WAITLISTED = "waitlisted"
    ENGAGED = "engaged"
    REFUSED = "refused"
    RELEASED = "released"
    CLOSED = "closed"


@dataclass(slots=True)
class Engagement:
    """What one funder engaged of a commitment, less what it gave up, and what came of it, in cents.

    `paid_by` says which exercise's credits paid how much, net of returns.
    """

    engaged: int = 0
    certified: int = 0
    paid_by: dict[int, int] = field(default_factory=dict)

    @property
    def paid(self) -> int:
        """Over all exercises."""
        return sum(self.paid_by.values())


class Commitment(Struct):
    """A declared commitment; `place` orders the waitlist within a priority.

    `engagements` has an entry for each funder that engaged something; `beneficiary` is None when nobody knows it,
    `score` when no committee gave one. `waits` is the one funder whose part waits while the commitment is reserved or
    engaged: it is mixed then. One that is waitlisted waits whole, and has None.
    """

    commitment_id: UUID
    contract: str
    exercise: int
    asked: Asked
    cost: int
    priority: int
    place: int
    state: State
    is_new: bool = False
    engagements: dict[Funder, Engagement] | None = None
    beneficiary: UUID | None = None
    score: int | None = None
    waits: Funder | None = None

    @property
    def is_in_line(self) -> bool:
        """Whether it waits, whole or in part."""
        return self.state is State.WAITLISTED or self.waits is not None

    def waits_for(self, funder: Funder) -> bool:
        """Whether what is asked of a funder waits."""
        return self.state is State.WAITLISTED or self.waits is funder

    @property
    def waiting(self) -> Asked:
        """What of it waits, in cents."""
        return Asked(*(self.asked.of(funder) if self.waits_for(funder) else 0 for funder in Funder))


def stood(state: str, asked: Asked, waiting: Asked) -> tuple[State, Funder | None]:
    """Where a standing commitment comes to stand when this much of what it asks waits, and which part waits."""
    waits = next((funder for funder in Funder if waiting.of(funder)), None)
    if state == State.ENGAGED:
        return State.ENGAGED, waits
    if waits is not None and waiting == asked:
        return State.WAITLISTED, None
    return State.RESERVED, waits
