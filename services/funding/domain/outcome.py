"""What the ledger answers: one outcome a decision, with the postings that it makes."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from services.funding.domain.commitment import Asked
from services.funding.domain.envelope import Posting
from shared.contracts.commitment import PaymentKind
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.kernel.funders import Funder


class Kind(StrEnum):
    """The decisions about commitments, by the name of their event."""

    RESERVED = "AllocationReserved"
    WAITLISTED = "AllocationWaitlisted"
    PROMOTED = "AllocationPromoted"
    DISPLACED = "AllocationDisplaced"
    REFUSED = "AllocationRefused"
    AMENDED = "AllocationAmended"
    RELEASED = "AllocationReleased"
    ENGAGED = "AllocationEngaged"
    CERTIFIED = "CertificationRecorded"
    PAID = "PaymentRecorded"
    RETURNED = "PaymentReturnRecorded"
    DECOMMITTED = "AllocationDecommitted"
    CLOSED = "AllocationClosed"
    HELD = "MovementHeld"
    MOVEMENT_REFUSED = "MovementRefused"


class Outcome(Struct):
    """One decision; `movement` names the event that is held or refused, `movement_id` one that was held before.

    `credit_exercise`, `from_payment_credits` and `payment_kind` are said of money that moves; `occurred_on` is the day
    of a funder's act, by its own word.
    """

    kind: Kind
    commitment_id: UUID
    contract: str
    exercise: int | None
    amounts: Asked
    postings: tuple[Posting, ...] = ()
    reason: RefusalReason | HeldReason | None = None
    standing: Standing | None = None
    previous: Asked | None = None
    movement: str | None = None
    funder: Funder | None = None
    same_exercise: bool = False
    credit_exercise: int | None = None
    from_payment_credits: bool = False
    payment_kind: PaymentKind | None = None
    movement_id: UUID | None = None
    rules_version: int | None = None
    occurred_on: date | None = None
