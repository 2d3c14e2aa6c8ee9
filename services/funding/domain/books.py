"""The books of some contracts, and the rule that decides each event in order (docs/ledger-rules.md)."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from services.funding.domain import movements
from services.funding.domain.accounts import NOTHING, Accounts, Parts
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.declaring import Answer, CommitmentEvent, Declaration, first_answer, fitting
from services.funding.domain.envelope import Envelope, Posting
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.rules import RULE_REASONS, Request, Rules, RuleSet, unmet
from shared.contracts.commitment import (
    CommitmentAmended,
    CommitmentFact,
    CommitmentWithdrawn,
    PaymentReturned,
)
from shared.contracts.reasons import HeldReason, RefusalReason
from shared.kernel.funders import Funder

ENDED = (State.REFUSED, State.RELEASED, State.CLOSED)
FREES = frozenset({Kind.AMENDED, Kind.RELEASED, Kind.CLOSED})


class Event(Protocol):
    """What the books need of an incoming event."""

    event_id: UUID
    type: str
    place: int

    @property
    def fact(self) -> CommitmentEvent:
        """What it says."""


class HeldMovement(Struct):
    """A funder's act that waits for what it needs; `place` is where it stands in the line."""

    event_id: UUID
    fact: CommitmentFact
    type: str
    place: int
    reason: HeldReason
    is_new: bool = False


class Books(Accounts):
    """Decides commitment events one after the other; afterwards `changed…` and `settled` tell what to write.

    The caller has loaded every envelope of the contracts touched, what they hold, every commitment that an event or
    what is held names, and, for the (contract, exercise) pairs where something may be given back, every commitment
    that waits; where rules cap what a beneficiary may ask, all that was declared for those that the events name.
    """

    def __init__(
        self, envelopes: Iterable[Envelope], commitments: Iterable[Commitment], held: Iterable[HeldMovement] = (),
        rule_sets: Iterable[RuleSet] = (),
    ) -> None:  # fmt: skip
        super().__init__(envelopes, commitments, rule_sets)
        self.held: dict[str, list[HeldMovement]] = {}
        for movement in sorted(held, key=attrgetter("place")):
            self.held.setdefault(movement.fact.contract, []).append(movement)
        self.settled: set[UUID] = set()
        self._by_beneficiary: dict[UUID, list[Commitment]] | None = None

    def decide(self, event: Event) -> list[Outcome]:
        """Decide one event: its own outcomes first, then the promotions and the held movements that it allows."""
        outcomes = self._decide(event)
        if self.held and self.held.get(event.fact.contract):
            outcomes += self.settle(event.fact.contract)
        self.count(outcomes)
        return outcomes

    def settle(self, contract: str) -> list[Outcome]:
        """Look at what a contract holds, in order, until none of it moves any more."""
        outcomes: list[Outcome] = []
        waiting = self.held.get(contract, [])
        start_again = True
        while start_again:
            start_again = False
            for movement in waiting:
                answer = self._act(movement.fact)
                if isinstance(answer, HeldReason):
                    movement.reason = answer
                    continue
                waiting.remove(movement)
                self.settled.add(movement.event_id)
                outcomes += self._applied(movement, answer, was_held=True)
                start_again = True
                break
        return outcomes

    def rule(self, rule_set: RuleSet) -> list[Outcome]:
        """Put a version of rules in force: promotions follow, and held movements are looked at again."""
        self.rule_sets[rule_set.pair] = rule_set
        outcomes = [*self.promote(*rule_set.pair), *self.settle(rule_set.contract)]
        self.count(outcomes)
        return outcomes

    def _decide(self, event: Event) -> list[Outcome]:
        fact = event.fact
        if isinstance(fact, Declaration):
            return self._declare(fact, event)
        if isinstance(fact, CommitmentAmended | CommitmentWithdrawn):
            commitment = self._standing(fact)
            if isinstance(commitment, RefusalReason):
                return [self._refused(event, commitment)]
            outcomes = (
                self._amend(commitment, fact, event)
                if isinstance(fact, CommitmentAmended)
                else self._withdraw(commitment, event)
            )
            if outcomes[-1].kind in FREES:
                outcomes += self.promote(commitment.contract, commitment.exercise)
            return outcomes
        answer = self._act(fact)
        if isinstance(answer, HeldReason):
            self.held.setdefault(fact.contract, []).append(
                HeldMovement(event.event_id, fact, event.type, event.place, answer, is_new=True)
            )
            return [self._answered(Kind.HELD, event, answer)]
        return self._applied(event, answer)

    def _standing(self, fact: CommitmentFact) -> Commitment | RefusalReason:
        """The commitment that a fact is about, unless nothing can happen to it any more."""
        commitment = self.commitments.get(fact.commitment_id)
        if commitment is None or commitment.contract != fact.contract:
            return RefusalReason.COMMITMENT_UNKNOWN
        return RefusalReason.NOT_STANDING if commitment.state in ENDED else commitment

    def _act(self, fact: CommitmentFact) -> movements.Answer:
        commitment = self.commitments.get(fact.commitment_id)
        if commitment is None:
            return HeldReason.NOT_DECLARED
        if commitment.contract != fact.contract:
            return RefusalReason.COMMITMENT_UNKNOWN
        if commitment.state in ENDED and not (commitment.state is State.CLOSED and isinstance(fact, PaymentReturned)):
            return RefusalReason.NOT_STANDING
        answer = movements.act(self.envelopes, commitment, fact)
        if isinstance(answer, list):
            self.changed_commitments[commitment.commitment_id] = commitment
        return answer

    def _applied(
        self, event: Event | HeldMovement, answer: list[Outcome] | RefusalReason, *, was_held: bool = False
    ) -> list[Outcome]:
        """Announce what an act came to, and the promotions that it allows."""
        outcomes = [self._refused(event, answer)] if isinstance(answer, RefusalReason) else answer
        for outcome in outcomes:
            if outcome.funder is not None:
                outcome.occurred_on = event.fact.occurred_on
        if was_held:
            for outcome in outcomes:
                outcome.movement_id = event.event_id
        if any(o.kind in FREES or (o.kind is Kind.DECOMMITTED and o.same_exercise) for o in outcomes):
            commitment = self.commitments[event.fact.commitment_id]
            return [*outcomes, *self.promote(commitment.contract, commitment.exercise)]
        return outcomes

    def _answered(self, kind: Kind, event: Event | HeldMovement, reason: RefusalReason | HeldReason) -> Outcome:
        """Say that a movement is held or refused."""
        commitment = self.commitments.get(event.fact.commitment_id)
        ours = commitment is not None and commitment.contract == event.fact.contract
        exercise = commitment.exercise if commitment is not None and ours else None
        return Outcome(kind, event.fact.commitment_id, event.fact.contract, exercise, NOTHING, reason=reason,
                       movement=event.type)  # fmt: skip

    def _refused(self, event: Event | HeldMovement, reason: RefusalReason) -> Outcome:
        return self._answered(Kind.MOVEMENT_REFUSED, event, reason)

    def _declare(self, fact: Declaration, event: Event) -> list[Outcome]:
        asked = Asked(fact.cdc_cents, fact.state_cents)
        known = self.commitments.get(fact.commitment_id)
        if known is not None:
            here = known.contract == fact.contract
            return [self._refused(event, RefusalReason.ALREADY_DECLARED if here else RefusalReason.COMMITMENT_UNKNOWN)]
        wanted = self.wanted(fact.contract, fact.exercise, asked)
        rule_set = self.rule_sets.get((fact.contract, fact.exercise)) if self.rule_sets else None
        if rule_set is None:
            version, (kind, state, reason) = None, first_answer(wanted)
        else:
            version, (kind, state, reason) = rule_set.version, self._ruled_answer(wanted, rule_set.rules, fact, asked)
        commitment = Commitment(fact.commitment_id, fact.contract, fact.exercise, asked, fact.cost_cents, fact.priority,
                                event.place, state, is_new=True, beneficiary=fact.beneficiary_id)  # fmt: skip
        self.commitments[fact.commitment_id] = commitment
        if self._by_beneficiary is not None and commitment.beneficiary is not None:
            self._by_beneficiary.setdefault(commitment.beneficiary, []).append(commitment)
        self.changed_commitments[fact.commitment_id] = commitment
        postings: tuple[Posting, ...] = ()
        if wanted is not None and state is not State.REFUSED:
            if state is State.WAITLISTED and rule_set is not None and rule_set.rules.apart:
                return self.enter_apart(commitment, wanted, fitting(wanted, skips=rule_set.rules.skips), version)
            postings = self.enter(wanted, state)
        return [Outcome(kind, fact.commitment_id, fact.contract, fact.exercise, asked, postings, reason=reason,
                        rules_version=version)]  # fmt: skip

    def _ruled_answer(
        self, wanted: Parts | None, rules: Rules, fact: Declaration, asked: Asked
    ) -> Answer:  # fmt: skip
        others = None
        if rules.looks_at_beneficiaries and fact.beneficiary_id is not None:
            others = self._asked_by_others(fact.beneficiary_id, fact.contract, fact.exercise)
        against = unmet(rules, Request(asked, fact.cost_cents, others, fact.occurred_on))
        return first_answer(wanted, against, skips=rules.skips)

    def _asked_by_others(self, beneficiary: UUID, contract: str, exercise: int, but: Commitment | None = None) -> int:
        """What is asked for a beneficiary in all, in cents, by those that are neither refused nor released."""
        if self._by_beneficiary is None:
            self._by_beneficiary = {}
            for each in self.commitments.values():
                if each.beneficiary is not None:
                    self._by_beneficiary.setdefault(each.beneficiary, []).append(each)
        return sum(
            sum(each.asked) for each in self._by_beneficiary.get(beneficiary, ())
            if each is not but and each.contract == contract and each.exercise == exercise
            and each.state not in (State.REFUSED, State.RELEASED)
        )  # fmt: skip

    def _withdraw(self, commitment: Commitment, event: Event) -> list[Outcome]:
        if commitment.state is State.ENGAGED:
            return [self._refused(event, RefusalReason.ALREADY_ENGAGED)]
        return self.release(commitment)

    def _amend(self, commitment: Commitment, fact: CommitmentAmended, event: Event) -> list[Outcome]:
        """Down: at once. Up: whole if it fits, else refused. What waits: down keeps its place, up goes to the end."""
        asked, previous = Asked(fact.cdc_cents, fact.state_cents), commitment.asked
        if reason := self._unmet(commitment, asked, fact.cost_cents):
            outcome = self._refused(event, reason)
            if reason in RULE_REASONS:
                outcome.rules_version = self.rule_sets[commitment.contract, commitment.exercise].version
            return [outcome]
        if any(commitment.waits_for(funder) and asked.of(funder) > previous.of(funder) for funder in Funder):
            commitment.place = event.place
        outcomes = self.change(commitment, asked)
        commitment.cost = fact.cost_cents
        return outcomes

    def _unmet(self, commitment: Commitment, asked: Asked, cost: int) -> RefusalReason | None:
        """Say why a commitment cannot ask these amounts."""
        engaged = [commitment.asked.of(funder) - movements.promised(commitment, funder) for funder in Funder]
        wanted = self.wanted(commitment.contract, commitment.exercise, asked)
        reason = None
        if any(new < old for new, old in zip(asked, engaged, strict=True)):
            reason = RefusalReason.BELOW_ENGAGED
        elif wanted is None:
            reason = RefusalReason.ENVELOPE_UNKNOWN
        elif any(e.closed and amount > commitment.asked.of(e.funder) for e, amount in wanted):
            reason = RefusalReason.ENVELOPE_CLOSED
        elif against := self._against(commitment, asked, cost):
            reason = against
        elif any(amount > e.authorised for e, amount in wanted):
            reason = RefusalReason.EXCEEDS_AUTHORISED
        elif any(
            amount - commitment.asked.of(e.funder) > e.room
            for e, amount in wanted
            if not commitment.waits_for(e.funder)
        ):
            reason = RefusalReason.NO_ROOM
        return reason

    def _against(self, commitment: Commitment, asked: Asked, cost: int) -> RefusalReason | None:
        """Say what rules have against new amounts; whoever asks no more and costs no less is not judged."""
        rule_set = self.rule_sets.get((commitment.contract, commitment.exercise))
        grows = asked.cdc > commitment.asked.cdc or asked.state > commitment.asked.state
        if rule_set is None or not (grows or cost < commitment.cost):
            return None
        others = None
        if rule_set.rules.looks_at_beneficiaries and commitment.beneficiary is not None:
            others = self._asked_by_others(
                commitment.beneficiary, commitment.contract, commitment.exercise, but=commitment
            )
        return unmet(rule_set.rules, Request(asked, cost, others, grows=grows))
