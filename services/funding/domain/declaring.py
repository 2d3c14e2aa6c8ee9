"""Answers a declaration: refused, reserved or waiting; whole, or each funder's part where rules say so."""

from services.funding.domain.accounts import Parts
from services.funding.domain.commitment import State
from services.funding.domain.outcome import Kind
from shared.contracts.reasons import RefusalReason

Answer = tuple[Kind, State, RefusalReason | None]


def first_answer(wanted: Parts | None, against: RefusalReason | None = None, *, skips: bool = False) -> Answer:
    """Answer a declaration: every envelope asked must exist, be large enough, have room, and have nobody waiting.

    `against` is what rules have against it; with rules that skip, others may wait.
    """
    if wanted is None:
        return Kind.REFUSED, State.REFUSED, RefusalReason.ENVELOPE_UNKNOWN
    if any(envelope.closed for envelope, _ in wanted):
        return Kind.REFUSED, State.REFUSED, RefusalReason.ENVELOPE_CLOSED
    if against is not None:
        return Kind.REFUSED, State.REFUSED, against
    fits = True
    for envelope, amount in wanted:
        if amount > envelope.authorised:
            return Kind.REFUSED, State.REFUSED, RefusalReason.EXCEEDS_AUTHORISED
        fits = fits and amount <= envelope.room and (skips or not envelope.waiting_count)
    return (Kind.RESERVED, State.RESERVED, None) if fits else (Kind.WAITLISTED, State.WAITLISTED, None)


def fitting(wanted: Parts, *, skips: bool) -> Parts:
    """The parts of one who cannot be reserved whole that fit by themselves."""
    return [
        (envelope, amount) for envelope, amount in wanted
        if amount <= envelope.room and (skips or not envelope.waiting_count)
    ]  # fmt: skip
