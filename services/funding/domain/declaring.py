"""Answers a declaration: refused, reserved or waiting; whole, or each funder's part where rules say so."""

from services.funding.domain.accounts import Parts
from services.funding.domain.commitment import State
from services.funding.domain.outcome import Kind
from shared.contracts.reasons import RefusalReason

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
