"""One commitment as the ledger sees it: what it asks of each funder and where it stands."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct


class Asked(NamedTuple):
    """Amounts in cents asked of each funder."""

    cdc: int
    state: int


class State(StrEnum):
    """Where a commitment stands."""

    RESERVED = "reserved"
    WAITLISTED = "waitlisted"
    REFUSED = "refused"
    RELEASED = "released"


class Commitment(Struct):
    """A declared commitment; `place` orders the waitlist within a priority."""

    commitment_id: UUID
    contract: str
    exercise: int
    asked: Asked
    cost: int
    priority: int
    place: int
    state: State
    is_new: bool = False
