"""Why a command is refused: the closed list of reasons, in the order in which they are looked at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.funding.domain.books import Books
from services.funding.domain.command import TAKING, Act, Command, parts
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.movements import promised

CARRY_OVER_PERCENT = 3
"""Of the payment credits first opened, over all carry-overs, rounded down."""


class Objection(StrEnum):
    """The closed list of reasons for which a command is refused, in the order in which they are looked at.

    The last two are of a score, which concerns no envelope.
    """

    SAME_ENVELOPE = "same-envelope"
    NOT_THE_SAME_FUNDER = "not-the-same-funder"
    NOT_THE_NEXT_EXERCISE = "not-the-next-exercise"
    ENVELOPE_UNKNOWN = "envelope-unknown"
    ENVELOPE_CLOSED = "envelope-closed"
    NO_AMOUNT = "no-amount"
    NO_PAYMENT_CREDITS = "no-payment-credits"
    CARRY_OVER_LIMIT = "carry-over-limit"
    PAYMENT_EXCEEDS_PAYABLE = "payment-exceeds-payable"
    NOT_FROZEN = "not-frozen"
    ENVELOPE_IN_USE = "envelope-in-use"
    NO_ROOM = "no-room"
    COMMITMENT_UNKNOWN = "commitment-unknown"
    NOT_STANDING = "not-standing"


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A commitment that stands in the way: how it stands at the envelope, and `amounts`, what it would lose.

    `goes` when it would be sent back, or ended, with `displace`.
    """

    commitment_id: UUID
    state: str
    amounts: Asked
    place: int
    goes: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer is no, because of one field; nothing was changed."""

    objection: Objection
    field: str
    in_the_way: tuple[InTheWay, ...] = ()


def misshaped(command: Command) -> Refused | None:
    """What is wrong with a command whatever the books say."""
    if command.to is None:
        return None
    contract, funder, exercise = parts(command.envelope)
    contract_to, funder_to, exercise_to = parts(command.to)
    alike = exercise == exercise_to if command.act is Act.TRANSFER else contract == contract_to
    if command.envelope == command.to:
        return Refused(Objection.SAME_ENVELOPE, "to")
    if funder != funder_to or not alike:
        return Refused(Objection.NOT_THE_SAME_FUNDER, "to")
    if command.act is Act.CARRY_OVER and exercise_to != exercise + 1:
        return Refused(Objection.NOT_THE_NEXT_EXERCISE, "to")
    return None


def objection(books: Books, command: Command) -> Refused | None:
    """Return the first reason that the books give against a command; None when it can be done."""
    concerned = [*zip(("envelope", "to"), command.concerned, strict=False)]
    for field, name in concerned:
        if name not in books.envelopes:
            return Refused(Objection.ENVELOPE_UNKNOWN, field)
    envelopes = [(field, books.envelopes[name]) for field, name in concerned]
    for field, envelope in envelopes:
        if envelope.closed:
            return Refused(Objection.ENVELOPE_CLOSED, field)
    giver = envelopes[0][1]
    if command.act is Act.CLOSE:
        standing = in_the_way(books, giver)
        listed = tuple(_listed(c, giver, given_back(books, c, giver), goes=True) for c in standing)
        return Refused(Objection.ENVELOPE_IN_USE, "envelope", listed) if standing and not command.displace else None
    if not command.amount_cents and not command.payment_cents:
        return Refused(Objection.NO_AMOUNT, "amount_cents")
    if command.payment_cents and any(envelope.payment_credits is None for _, envelope in envelopes):
        return Refused(Objection.NO_PAYMENT_CREDITS, "payment_cents")
    return _beyond(books, command, giver)


def _beyond(books: Books, command: Command, giver: Envelope) -> Refused | None:
    """The first limit that the amounts pass."""
    amount, payment = command.amount_cents, command.payment_cents
    if command.act is Act.CARRY_OVER and payment > _may_be_carried_over(giver):
        return Refused(Objection.CARRY_OVER_LIMIT, "payment_cents")
    if command.act in TAKING and payment > (giver.payable or 0):
        return Refused(Objection.PAYMENT_EXCEEDS_PAYABLE, "payment_cents")
    if command.act is Act.UNFREEZE:
        if amount > giver.frozen:
            return Refused(Objection.NOT_FROZEN, "amount_cents")
        if payment > giver.payments_frozen:
            return Refused(Objection.NOT_FROZEN, "payment_cents")
    if command.act in TAKING and amount > giver.room:
        could = could_go_back(books, giver)
        if not command.displace or amount > giver.room + sum(c.asked.of(giver.funder) for c in could):
            return Refused(Objection.NO_ROOM, "amount_cents", tuple(_with_fate(books, could, giver, amount)))
    return None


def _may_be_carried_over(giver: Envelope) -> int:
    return giver.payment_opened * CARRY_OVER_PERCENT // 100 - giver.payment_carried_over


def _who_asks(books: Books, envelope: Envelope) -> list[Commitment]:
    """Who asks something of an envelope, last in first."""
    found = (
        c for c in books.commitments.values()
        if c.contract == envelope.contract and c.exercise == envelope.exercise and c.asked.of(envelope.funder)
    )  # fmt: skip
    return sorted(found, key=lambda c: -c.place)


def could_go_back(books: Books, envelope: Envelope) -> list[Commitment]:
    """Who could be sent back to the waitlist to make room, last in first."""
    return [c for c in _who_asks(books, envelope) if c.state is State.RESERVED and c.waits is not envelope.funder]


def in_the_way(books: Books, envelope: Envelope) -> list[Commitment]:
    """Who keeps an envelope from being closed, last in first."""
    standing = (State.RESERVED, State.WAITLISTED, State.ENGAGED)
    return [c for c in _who_asks(books, envelope) if c.state in standing and promised(c, envelope.funder)]


def keeps_the_rest(books: Books, commitment: Commitment, envelope: Envelope) -> bool:
    """Whether a commitment goes on without what it was promised of an envelope that is closed."""
    if commitment.state is State.ENGAGED:
        return True
    return books.apart(commitment) and sum(commitment.asked) > commitment.asked.of(envelope.funder)


def given_back(books: Books, commitment: Commitment, envelope: Envelope) -> Asked:
    """What a commitment loses when an envelope is closed."""
    if keeps_the_rest(books, commitment, envelope):
        return Asked(0, 0).but(envelope.funder, promised(commitment, envelope.funder))
    return commitment.asked


def _listed(commitment: Commitment, envelope: Envelope, amounts: Asked, *, goes: bool) -> InTheWay:
    state = State.WAITLISTED if commitment.waits_for(envelope.funder) else commitment.state
    return InTheWay(commitment.commitment_id, state.value, amounts, commitment.place, goes)


def _with_fate(books: Books, could: Iterable[Commitment], giver: Envelope, amount: int) -> Iterator[InTheWay]:
    room = giver.room
    for commitment in could:
        yield _listed(commitment, giver, books.sent_back(commitment, giver), goes=room < amount)
        room += commitment.asked.of(giver.funder)
