"""What a funder's act does to a commitment: engage, certify, pay, take back, decommit, close; or why it must wait."""

from collections.abc import Callable
from typing import Any

from services.funding.domain.amending import Envelopes, without_what_waits
from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.envelope import (
    DECOMMIT,
    ENGAGE,
    LAPSE,
    PAY,
    PAY_FROM_TREASURY,
    RESERVE,
    WAIT,
    Envelope,
)
from services.funding.domain.outcome import Kind, Outcome
from shared.contracts.commitment import (
    CommitmentClosed,
    CommitmentDecommitted,
    CommitmentEngaged,
    CommitmentFact,
    PaymentKind,
    PaymentMade,
    PaymentReturned,
    ServiceCertified,
)
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.kernel.funders import Funder, envelope_id

Answer = list[Outcome] | RefusalReason | HeldReason
"""What is announced, why it is refused, or what it waits for: then nothing has changed."""


def act(envelopes: Envelopes, commitment: Commitment, fact: CommitmentFact) -> Answer:
    """Decide a funder's act on a commitment that is neither refused nor released."""
    return _ACTS[type(fact)](envelopes, commitment, fact)


def promised(commitment: Commitment, funder: Funder) -> int:
    """What is asked of a funder and not engaged."""
    return commitment.asked.of(funder) - _of(commitment, funder).engaged


def _engage(envelopes: Envelopes, commitment: Commitment, fact: CommitmentEngaged) -> Answer:
    if fact.exercise != commitment.exercise:
        return RefusalReason.WRONG_EXERCISE
    if fact.amount_cents > promised(commitment, fact.funder):
        return RefusalReason.EXCEEDS_RESERVED
    if commitment.waits_for(fact.funder):
        return HeldReason.WAITS_FOR_ROOM
    engagement = _of(commitment, fact.funder)
    engagement.engaged += fact.amount_cents
    commitment.engagements = {**(commitment.engagements or {}), fact.funder: engagement}
    commitment.state = State.ENGAGED
    outcome = _said(Kind.ENGAGED, commitment, fact.funder, fact.amount_cents)
    outcome.postings = (_own(envelopes, commitment, fact.funder).move(ENGAGE, fact.amount_cents),)
    return [outcome]


def _certify(_: Envelopes, commitment: Commitment, fact: ServiceCertified) -> Answer:
    engagement = _of(commitment, fact.funder)
    if unmet := _beyond(commitment, fact.funder, fact.amount_cents, engagement.engaged - engagement.certified):
        return unmet
    engagement.certified += fact.amount_cents
    return [_said(Kind.CERTIFIED, commitment, fact.funder, fact.amount_cents)]


def _pay(envelopes: Envelopes, commitment: Commitment, fact: PaymentMade) -> Answer:
    engagement, amount = _of(commitment, fact.funder), fact.amount_cents
    payer = _payer(envelopes, commitment, fact.funder, fact.exercise)
    if fact.exercise < commitment.exercise:
        return RefusalReason.WRONG_EXERCISE
    if beyond := _beyond(commitment, fact.funder, amount, engagement.engaged - engagement.paid):
        return beyond
    if fact.kind is PaymentKind.BALANCE and amount > engagement.certified - engagement.paid:
        return HeldReason.NOT_CERTIFIED
    if payer is None:
        return RefusalReason.ENVELOPE_UNKNOWN
    if unpayable := _unpayable(payer, amount):
        return unpayable
    engagement.paid_by[payer.exercise] = engagement.paid_by.get(payer.exercise, 0) + amount
    return [_money(Kind.PAID, commitment, payer, amount, payment_kind=fact.kind)]


def _unpayable(payer: Envelope, amount: int) -> RefusalReason | HeldReason | None:
    """Say why an envelope's payment credits cannot pay; a funder without such credits always can."""
    if payer.payable is None:
        return None
    if payer.closed:
        return RefusalReason.ENVELOPE_CLOSED
    return HeldReason.NO_PAYMENT_CREDITS if amount > payer.payable else None


def _take_back(envelopes: Envelopes, commitment: Commitment, fact: PaymentReturned) -> Answer:
    engagement, amount = _of(commitment, fact.funder), fact.amount_cents
    payer = _payer(envelopes, commitment, fact.funder, fact.exercise)
    paid = 0 if payer is None else engagement.paid_by.get(payer.exercise, 0)
    if payer is None or amount > paid:
        to_come = engagement.engaged - engagement.paid + promised(commitment, fact.funder)
        if commitment.state is State.CLOSED or amount > paid + to_come:
            return RefusalReason.EXCEEDS_PAID
        return HeldReason.NOT_PAID
    was_all_paid = engagement.certified <= engagement.paid
    engagement.paid_by[payer.exercise] = paid - amount
    if was_all_paid:
        engagement.certified = min(engagement.certified, engagement.paid)
    return [_money(Kind.RETURNED, commitment, payer, -amount)]


def _decommit(envelopes: Envelopes, commitment: Commitment, fact: CommitmentDecommitted) -> Answer:
    engagement = _of(commitment, fact.funder)
    if fact.exercise < commitment.exercise:
        return RefusalReason.WRONG_EXERCISE
    free = engagement.engaged - max(engagement.certified, engagement.paid)
    if unmet := _beyond(commitment, fact.funder, fact.amount_cents, free):
        return unmet
    same = fact.exercise == commitment.exercise
    return [_given_up(envelopes, commitment, fact.funder, fact.amount_cents, same_exercise=same)]


def _close(envelopes: Envelopes, commitment: Commitment, fact: CommitmentClosed) -> Answer:
    engagements = commitment.engagements or {}
    if any(engagement.certified > engagement.paid for engagement in engagements.values()):
        return HeldReason.NOT_PAID
    same = fact.occurred_on.year == commitment.exercise
    outcomes = [
        _given_up(envelopes, commitment, funder, unpaid, same_exercise=same)
        for funder in Funder
        if (unpaid := _of(commitment, funder).engaged - _of(commitment, funder).paid)
    ]
    outcomes += without_what_waits(envelopes, commitment)
    waits = commitment.state is State.WAITLISTED
    left = Asked(*(promised(commitment, funder) for funder in Funder))
    postings = []
    for funder in Funder:
        if amount := left.of(funder):
            envelope = _own(envelopes, commitment, funder)
            envelope.waiting_count -= waits
            postings.append(envelope.move(WAIT.back if waits else RESERVE.back, amount))
    commitment.asked = Asked(commitment.asked.cdc - left.cdc, commitment.asked.state - left.state)
    commitment.state = State.CLOSED
    standing = Standing.WAITLISTED if waits else Standing.RESERVED
    closed = Outcome(Kind.CLOSED, commitment.commitment_id, commitment.contract, commitment.exercise, left,
                     tuple(postings), standing=standing)  # fmt: skip
    return [*outcomes, closed]


_ACTS: dict[type[CommitmentFact], Callable[[Envelopes, Commitment, Any], Answer]] = {
    CommitmentEngaged: _engage, ServiceCertified: _certify, PaymentMade: _pay, PaymentReturned: _take_back,
    CommitmentDecommitted: _decommit, CommitmentClosed: _close,
}  # fmt: skip


def _of(commitment: Commitment, funder: Funder) -> Engagement:
    return (commitment.engagements or {}).get(funder) or Engagement()


def _beyond(commitment: Commitment, funder: Funder, amount: int, free: int) -> RefusalReason | HeldReason | None:
    """Say what an act above `free` comes to: it waits as long as what is promised may still be engaged for it."""
    if amount <= free:
        return None
    waits = amount <= free + promised(commitment, funder)
    return HeldReason.NOT_ENGAGED if waits else RefusalReason.EXCEEDS_ENGAGED


def _payer(envelopes: Envelopes, commitment: Commitment, funder: Funder, exercise: int) -> Envelope | None:
    """The envelope that pays: the year's, where the funder has payment credits, else the commitment's own."""
    own = envelopes.get(envelope_id(commitment.contract, funder, commitment.exercise))
    if own is None or own.payment_credits is None:
        return own
    payer = envelopes.get(envelope_id(commitment.contract, funder, exercise))
    return None if payer is None or payer.payment_credits is None else payer


def _given_up(
    envelopes: Envelopes, commitment: Commitment, funder: Funder, amount: int, *, same_exercise: bool
) -> Outcome:
    _of(commitment, funder).engaged -= amount
    own = _own(envelopes, commitment, funder)
    gives_back = same_exercise and not own.closed
    commitment.asked = commitment.asked.but(funder, commitment.asked.of(funder) - amount)
    outcome = _said(Kind.DECOMMITTED, commitment, funder, amount)
    outcome.postings = (own.move(DECOMMIT if gives_back else LAPSE, amount),)
    outcome.same_exercise = gives_back
    return outcome


def _own(envelopes: Envelopes, commitment: Commitment, funder: Funder) -> Envelope:
    """The commitment's own envelope: it has been asked, so it exists."""
    return envelopes[envelope_id(commitment.contract, funder, commitment.exercise)]


def _money(
    kind: Kind, commitment: Commitment, payer: Envelope, amount: int, *, payment_kind: PaymentKind | None = None
) -> Outcome:
    """Pay out of an envelope, or, below zero, back into it."""
    credits_ = payer.payment_credits is not None
    way = PAY if credits_ else PAY_FROM_TREASURY
    outcome = _said(kind, commitment, payer.funder, abs(amount))
    outcome.postings = (payer.move(way if amount > 0 else way.back, abs(amount)),)
    outcome.credit_exercise, outcome.from_payment_credits = payer.exercise, credits_
    outcome.payment_kind = payment_kind
    return outcome


def _said(kind: Kind, commitment: Commitment, funder: Funder, amount: int) -> Outcome:
    amounts = Asked(0, 0).but(funder, amount)
    return Outcome(kind, commitment.commitment_id, commitment.contract, commitment.exercise, amounts, funder=funder)
