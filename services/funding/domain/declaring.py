"""A declaration and its answer: refused, reserved or waiting; whole, or each funder's part where rules say so."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from services.funding.domain.accounts import Parts
from services.funding.domain.commitment import State
from services.funding.domain.outcome import Kind
from shared.contracts.commitment import CommitmentFact
from shared.contracts.reasons import RefusalReason


class Declaration(Struct, frozen=True):
    """What a partner asks the funders for, as far as a rule looks at it (CommitmentDeclared); amounts in cents."""

    commitment_id: UUID
    contract: str
    exercise: int
    cost_cents: int
    cdc_cents: int
    state_cents: int
    priority: int
    beneficiary_id: UUID | None
    occurred_on: date
    known_at: datetime


CommitmentEvent = Declaration | CommitmentFact
"""What a commitment event says: a declaration as it was read, or the fact itself."""
Answer = tuple[Kind, State, RefusalReason | None]
RESERVED: Answer = (Kind.RESERVED, State.RESERVED, None)
WAITLISTED: Answer = (Kind.WAITLISTED, State.WAITLISTED, None)


def first_answer(wanted: Parts | None, against: RefusalReason | None = None, *, skips: bool = False) -> Answer:
    """Answer a declaration: every envelope asked must exist, be large enough, have room, and have nobody waiting.

    `against` is what rules have against it; with rules that skip, others may wait.
    """
    if wanted is None:
        return refused(RefusalReason.ENVELOPE_UNKNOWN)
    fits, exceeds = True, False
    for envelope, amount in wanted:
        if envelope.closed:
            return refused(RefusalReason.ENVELOPE_CLOSED)
        exceeds = exceeds or amount > envelope.authorised
        fits = fits and amount <= envelope.room and (skips or not envelope.waiting_count)
    if against is not None:
        return refused(against)
    if exceeds:
        return refused(RefusalReason.EXCEEDS_AUTHORISED)
    return RESERVED if fits else WAITLISTED


def refused(reason: RefusalReason) -> Answer:
    """Answer that nothing is reserved, and nothing waits."""
    return Kind.REFUSED, State.REFUSED, reason


def fitting(wanted: Parts, *, skips: bool) -> Parts:
    """The parts of one who cannot be reserved whole that fit by themselves."""
    return [
        (envelope, amount) for envelope, amount in wanted
        if amount <= envelope.room and (skips or not envelope.waiting_count)
    ]  # fmt: skip
