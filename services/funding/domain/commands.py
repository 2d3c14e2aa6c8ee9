"""Managers' commands: each is refused whole, or becomes acts on envelopes and decisions about commitments, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.funding.domain.books import Books
from services.funding.domain.command import TAKING, Act, Command, parts
from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import (
    FREEZE,
    FREEZE_PAYMENT,
    VOTE,
    VOTE_PAYMENT,
    Envelope,
    Posting,
    Way,
)
from services.funding.domain.movements import promised
from services.funding.domain.objection import Refused, could_go_back, in_the_way, keeps_the_rest, misshaped, objection
from services.funding.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class EnvelopeAct:
    """One fact about an envelope, by the name of its event, and what it posts."""

    type: str
    envelope: Envelope
    amount_cents: int
    payment_cents: int
    postings: tuple[Posting, ...]
    other: tuple[str, str] | None = None

    @property
    def contract(self) -> str:
        """Whose line the fact belongs to."""
        return self.envelope.contract


Told = EnvelopeAct | Outcome


@dataclass(frozen=True, slots=True)
class Applied:
    """What a command did, in the order in which it is announced."""

    facts: tuple[Told, ...]


def open_envelope(envelope: Envelope, amount: int, payment: int | None) -> tuple[Posting, ...]:
    """Authorise what may be engaged and, for a funder that has payment credits, be they 0, what may be paid."""
    if payment is not None:
        envelope.payment_credits, envelope.payment_opened = 0, payment
    return _moved(envelope, (VOTE, VOTE_PAYMENT), amount, payment or 0)


def decide(books: Books, command: Command) -> Applied | Refused:
    """Decide one command; the books are changed unless it is refused.

    The caller has loaded every envelope of the contracts concerned, who waits beside the giver and the receiver, and
    all that is reserved, engaged or waiting beside the giver when `needs_standing`.
    """
    refused = misshaped(command) or objection(books, command)
    if refused is not None:
        return refused
    giver = books.envelopes[command.envelope]
    receiver = None if command.to is None else books.envelopes[command.to]
    facts = [*(_closed(books, giver) if command.act is Act.CLOSE else _acted(books, command, giver, receiver))]
    facts += [*_promoted(books, command), *_looked_at_again(books, command)]
    _count(books, facts)
    return Applied(tuple(facts))


def _promoted(books: Books, command: Command) -> Iterator[Told]:
    """Serve the waitlists where something was given back: the giver's first, then the receiver's."""
    served = []
    if command.displace or command.act in (Act.INCREASE, Act.UNFREEZE):
        served.append(command.envelope)
    if command.to is not None:
        served.append(command.to)
    for name in served:
        contract, _, exercise = parts(name)
        yield from books.promote(contract, exercise)


def _looked_at_again(books: Books, command: Command) -> Iterator[Told]:
    """Look at held movements again, the giver's contract first."""
    for contract in dict.fromkeys(parts(name)[0] for name in command.concerned):
        yield from books.settle(contract)


def _count(books: Books, facts: Iterable[Told]) -> None:
    """Count each fact in the version of every envelope that it moves; an act, even one of nothing, in its own."""
    for fact in facts:
        if isinstance(fact, Outcome):
            books.count([fact])
            continue
        for name in {posting.envelope_id for posting in fact.postings} | {fact.envelope.envelope_id}:
            books.envelopes[name].version += 1
            books.changed_envelopes.add(name)


def _acted(books: Books, command: Command, giver: Envelope, receiver: Envelope | None) -> Iterator[Told]:
    """Send back what must go, then do what is commanded."""
    if command.act in TAKING:
        for commitment in could_go_back(books, giver):
            if giver.room >= command.amount_cents:
                break
            yield books.displace(commitment, giver)
    match command.act:
        case Act.INCREASE:
            yield _act("EnvelopeIncreased", command, giver, VOTE, VOTE_PAYMENT)
        case Act.REDUCE:
            yield _act("EnvelopeReduced", command, giver, VOTE.back, VOTE_PAYMENT.back)
        case Act.FREEZE:
            yield _act("EnvelopeFrozen", command, giver, FREEZE, FREEZE_PAYMENT)
        case Act.UNFREEZE:
            yield _act("EnvelopeUnfrozen", command, giver, FREEZE.back, FREEZE_PAYMENT.back)
        case Act.TRANSFER | Act.CARRY_OVER if receiver is not None:
            yield from _handed_over(command, giver, receiver)


def _act(type_: str, command: Command, envelope: Envelope, way: Way, payment_way: Way) -> EnvelopeAct:
    postings = _moved(envelope, (way, payment_way), command.amount_cents, command.payment_cents)
    return EnvelopeAct(type_, envelope, command.amount_cents, command.payment_cents, postings)


def _handed_over(command: Command, giver: Envelope, receiver: Envelope) -> Iterator[EnvelopeAct]:
    amount, payment = command.amount_cents, command.payment_cents
    given = _moved(giver, (VOTE.back, VOTE_PAYMENT.back), amount, payment)
    taken = _moved(receiver, (VOTE, VOTE_PAYMENT), amount, payment)
    came_from = ("from_envelope_id", giver.envelope_id)
    if command.act is Act.CARRY_OVER:
        giver.payment_carried_over += payment
        yield EnvelopeAct("EnvelopeCarriedOver", receiver, amount, payment, (*given, *taken), came_from)
        return
    went_to = ("to_envelope_id", receiver.envelope_id)
    yield EnvelopeAct("EnvelopeTransferred", giver, amount, payment, given, went_to)
    yield EnvelopeAct("EnvelopeReceived", receiver, amount, payment, taken, came_from)


def _closed(books: Books, envelope: Envelope) -> Iterator[Told]:
    """Give back what is promised, last in first, thaw what is frozen, and take all that is left."""
    for commitment in in_the_way(books, envelope):
        amend = keeps_the_rest(books, commitment, envelope)
        yield from _amended_away(books, commitment, envelope) if amend else books.release(commitment)
    frozen, payments_frozen = envelope.frozen, envelope.payments_frozen
    if frozen or payments_frozen:
        postings = _moved(envelope, (FREEZE.back, FREEZE_PAYMENT.back), frozen, payments_frozen)
        yield EnvelopeAct("EnvelopeUnfrozen", envelope, frozen, payments_frozen, postings)
    room, payable = envelope.room, envelope.payable or 0
    postings = _moved(envelope, (VOTE.back, VOTE_PAYMENT.back), room, payable)
    envelope.closed = True
    yield EnvelopeAct("EnvelopeClosed", envelope, room, payable, postings)


def _moved(envelope: Envelope, ways: tuple[Way, Way], amount: int, payment: int) -> tuple[Posting, ...]:
    """Post what may be engaged, then what may be paid; nothing is posted of nothing."""
    return tuple(envelope.move(way, cents) for way, cents in zip(ways, (amount, payment), strict=True) if cents)


def _amended_away(books: Books, commitment: Commitment, envelope: Envelope) -> list[Outcome]:
    """Give back what a commitment was promised of this envelope, and has not engaged."""
    funder = envelope.funder
    return books.change(
        commitment, commitment.asked.but(funder, commitment.asked.of(funder) - promised(commitment, funder))
    )
