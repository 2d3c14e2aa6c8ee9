"""The books of some contracts: envelopes, commitments and waitlists, and the rule that decides each event in order."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import RESERVE, WAIT, Envelope, Posting
from services.funding.domain.outcome import Kind, Outcome
from shared.contracts.allocation import RefusalReason, Standing
from shared.contracts.commitment import (
    CommitmentAmended,
    CommitmentDeclared,
    CommitmentFact,
    CommitmentWithdrawn,
)
from shared.kernel.funders import Funder, envelope_id

NOTHING = Asked(0, 0)


class Event(Protocol):
    """What the books need of an incoming event."""

    fact: CommitmentFact
    type: str
    place: int


class Books:
    """Decides commitment events one after the other; afterwards `changed` tells what to write.

    The caller has loaded every envelope of the (contract, exercise) pairs touched, every commitment named, and, for
    the pairs where something may be given back, every commitment that waits.
    """

    def __init__(self, envelopes: Iterable[Envelope], commitments: Iterable[Commitment]) -> None:
        self.envelopes = {e.envelope_id: e for e in envelopes}
        self.commitments = {c.commitment_id: c for c in commitments}
        self._pairs: dict[tuple[str, int], tuple[Envelope | None, Envelope | None]] = {}
        self.changed_envelopes: set[str] = set()
        self.changed_commitments: set[UUID] = set()

    def decide(self, event: Event) -> list[Outcome]:
        """Decide one event: its own outcome first, then the promotions that it allows."""
        outcomes = self._decide(event)
        for outcome in outcomes:
            for name in {posting.envelope_id for posting in outcome.postings}:
                self.envelopes[name].version += 1
                self.changed_envelopes.add(name)
        return outcomes

    def _decide(self, event: Event) -> list[Outcome]:
        fact = event.fact
        if type(fact) is CommitmentDeclared:
            return [self._declare(fact, event.place)]
        commitment = self.commitments.get(fact.commitment_id)
        if commitment is None or commitment.contract != fact.contract:
            return [_movement_refused(event, None, RefusalReason.COMMITMENT_UNKNOWN)]
        if isinstance(fact, CommitmentAmended | CommitmentWithdrawn):
            if commitment.state not in (State.RESERVED, State.WAITLISTED):
                return [_movement_refused(event, commitment, RefusalReason.NOT_STANDING)]
            first = (
                self._amend(commitment, fact, event)
                if isinstance(fact, CommitmentAmended)
                else self._release(commitment)
            )
            return [first, *self._promote(commitment.contract, commitment.exercise)]
        return [
            Outcome(Kind.HELD, commitment.commitment_id, commitment.contract, commitment.exercise, NOTHING,
                    movement=event.type)
        ]  # fmt: skip

    def _declare(self, fact: CommitmentDeclared, place: int) -> Outcome:
        asked = Asked(fact.cdc_cents, fact.state_cents)
        known = self.commitments.get(fact.commitment_id)
        if known is not None:
            return Outcome(Kind.MOVEMENT_REFUSED, known.commitment_id, known.contract, known.exercise, NOTHING,
                           reason=RefusalReason.ALREADY_DECLARED, movement="CommitmentDeclared")  # fmt: skip
        wanted = self._wanted(fact.contract, fact.exercise, asked)
        kind, state, reason = _first_answer(wanted)
        commitment = Commitment(fact.commitment_id, fact.contract, fact.exercise, asked, fact.cost_cents,
                                fact.priority, place, state, is_new=True)  # fmt: skip
        self.commitments[fact.commitment_id] = commitment
        self.changed_commitments.add(fact.commitment_id)
        postings: tuple[Posting, ...] = ()
        if wanted is not None and state is not State.REFUSED:
            postings = self._enter(wanted, state)
        return Outcome(kind, fact.commitment_id, fact.contract, fact.exercise, asked, postings, reason=reason)

    def _wanted(self, contract: str, exercise: int, asked: Asked) -> list[tuple[Envelope, int]] | None:
        """Pair each funder asked with its envelope; None when one does not exist."""
        pair = self._pairs.get((contract, exercise))
        if pair is None:
            pair = self._pairs[(contract, exercise)] = (
                self.envelopes.get(envelope_id(contract, Funder.CDC, exercise)),
                self.envelopes.get(envelope_id(contract, Funder.STATE, exercise)),
            )
        wanted = []
        for envelope, amount in zip(pair, asked, strict=True):
            if amount:
                if envelope is None:
                    return None
                wanted.append((envelope, amount))
        return wanted

    def _asked_of(self, commitment: Commitment) -> list[tuple[Envelope, int]]:
        wanted = self._wanted(commitment.contract, commitment.exercise, commitment.asked)
        if wanted is None:
            raise LookupError(f"an envelope of {commitment.commitment_id} is not loaded")
        return wanted

    def _enter(self, wanted: list[tuple[Envelope, int]], state: State) -> tuple[Posting, ...]:
        """Post amounts as reserved or as waiting."""
        postings = []
        for envelope, amount in wanted:
            if state is State.RESERVED:
                postings.append(envelope.reserve(amount))
            else:
                envelope.waiting_count += 1
                postings.append(envelope.wait(amount))
        return tuple(postings)

    def _leave(self, commitment: Commitment) -> tuple[Posting, ...]:
        """Post the commitment's amounts back to where they came from."""
        postings = []
        for envelope, amount in self._asked_of(commitment):
            if commitment.state is State.RESERVED:
                postings.append(envelope.release(amount))
            else:
                envelope.waiting_count -= 1
                postings.append(envelope.stop_waiting(amount))
        return tuple(postings)

    def _release(self, commitment: Commitment) -> Outcome:
        standing = Standing(commitment.state.value)
        postings = self._leave(commitment)
        commitment.state = State.RELEASED
        self.changed_commitments.add(commitment.commitment_id)
        return _outcome(Kind.RELEASED, commitment, postings, standing=standing)

    def _amend(self, commitment: Commitment, fact: CommitmentAmended, event: Event) -> Outcome:
        """Down: at once. Up: whole if it fits, else refused. Waiting: down keeps its place, up goes to the end."""
        asked, previous = Asked(fact.cdc_cents, fact.state_cents), commitment.asked
        wanted = self._wanted(commitment.contract, commitment.exercise, asked)
        if wanted is None:
            return _movement_refused(event, commitment, RefusalReason.ENVELOPE_UNKNOWN)
        if any(amount > envelope.authorised for envelope, amount in wanted):
            return _movement_refused(event, commitment, RefusalReason.EXCEEDS_AUTHORISED)
        standing = Standing(commitment.state.value)
        if standing is Standing.RESERVED and not self._fits(commitment, wanted):
            return _movement_refused(event, commitment, RefusalReason.NO_ROOM)
        if standing is Standing.WAITLISTED and (asked.cdc > previous.cdc or asked.state > previous.state):
            commitment.place = event.place
        postings = self._change(commitment, asked)
        commitment.cost = fact.cost_cents
        self.changed_commitments.add(commitment.commitment_id)
        return _outcome(Kind.AMENDED, commitment, postings, standing=standing, previous=previous)

    def _change(self, commitment: Commitment, asked: Asked) -> tuple[Posting, ...]:
        """Make the amounts these, and post the difference alone; who waits for an envelope is counted there."""
        way = WAIT if commitment.state is State.WAITLISTED else RESERVE
        before, postings = commitment.asked, []
        for funder in Funder:
            old, new = before.of(funder), asked.of(funder)
            envelope = self.envelopes.get(envelope_id(commitment.contract, funder, commitment.exercise))
            if envelope is None or old == new:
                continue
            if way is WAIT:
                envelope.waiting_count += bool(new) - bool(old)
            postings.append(envelope.move(way if new > old else way.back, abs(new - old)))
        commitment.asked = asked
        return tuple(postings)

    def _fits(self, commitment: Commitment, wanted: list[tuple[Envelope, int]]) -> bool:
        """Tell whether a reserved commitment's new amounts fit once its old ones are given back."""
        given_back = {envelope.envelope_id: amount for envelope, amount in self._asked_of(commitment)}
        return all(
            amount <= (old := given_back.get(envelope.envelope_id, 0)) or amount <= envelope.room + old
            for envelope, amount in wanted
        )

    def _promote(self, contract: str, exercise: int) -> list[Outcome]:
        """Serve the waitlist from its head; an envelope whose head does not fit serves nobody behind it."""
        waiting = sorted(
            (c for c in self.commitments.values()
             if c.state is State.WAITLISTED and c.contract == contract and c.exercise == exercise),
            key=lambda c: (c.priority, c.place),
        )  # fmt: skip
        blocked: set[str] = set()
        promoted = []
        for commitment in waiting:
            wanted = self._asked_of(commitment)
            names = {envelope.envelope_id for envelope, _ in wanted}
            if blocked & names or any(amount > envelope.room for envelope, amount in wanted):
                blocked |= names
                continue
            postings = self._leave(commitment)
            commitment.state = State.RESERVED
            postings += self._enter(wanted, State.RESERVED)
            self.changed_commitments.add(commitment.commitment_id)
            promoted.append(_outcome(Kind.PROMOTED, commitment, postings))
        return promoted


def _first_answer(wanted: list[tuple[Envelope, int]] | None) -> tuple[Kind, State, RefusalReason | None]:
    """Answer a declaration: every envelope asked must exist, be large enough, have room, and have nobody waiting."""
    if wanted is None:
        return Kind.REFUSED, State.REFUSED, RefusalReason.ENVELOPE_UNKNOWN
    fits = True
    for envelope, amount in wanted:
        if amount > envelope.authorised:
            return Kind.REFUSED, State.REFUSED, RefusalReason.EXCEEDS_AUTHORISED
        fits = fits and amount <= envelope.room and not envelope.waiting_count
    return (Kind.RESERVED, State.RESERVED, None) if fits else (Kind.WAITLISTED, State.WAITLISTED, None)


def _outcome(
    kind: Kind,
    commitment: Commitment,
    postings: tuple[Posting, ...],
    *,
    standing: Standing | None = None,
    previous: Asked | None = None,
) -> Outcome:
    return Outcome(kind, commitment.commitment_id, commitment.contract, commitment.exercise, commitment.asked,
                   postings, standing=standing, previous=previous)  # fmt: skip


def _movement_refused(event: Event, commitment: Commitment | None, reason: RefusalReason) -> Outcome:
    exercise = commitment.exercise if commitment else None
    return Outcome(Kind.MOVEMENT_REFUSED, event.fact.commitment_id, event.fact.contract, exercise, NOTHING,
                   reason=reason, movement=event.type)  # fmt: skip
