"""What is written in the books of some contracts: envelopes, commitments and waitlists, and the moves between them."""

from collections.abc import Iterable
from uuid import UUID

from services.funding.domain.amending import amend, without_what_waits
from services.funding.domain.commitment import Asked, Commitment, State, stood
from services.funding.domain.envelope import Envelope, Posting
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.rules import Rules, RuleSet, in_order
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder, envelope_id

NOTHING = Asked(0, 0)
Parts = list[tuple[Envelope, int]]
"""What is asked of envelopes."""


class Accounts:
    """The envelopes and commitments of some contracts; afterwards `changed_…` tell what to write, in order."""

    def __init__(
        self, envelopes: Iterable[Envelope], commitments: Iterable[Commitment], rule_sets: Iterable[RuleSet] = ()
    ) -> None:
        self.envelopes = {e.envelope_id: e for e in envelopes}
        self.commitments = {c.commitment_id: c for c in commitments}
        self.rule_sets = {rule_set.pair: rule_set for rule_set in rule_sets}
        self._pairs: dict[tuple[str, int], tuple[Envelope | None, Envelope | None]] = {}
        self.changed_envelopes: set[str] = set()
        self.changed_commitments: dict[UUID, Commitment] = {}

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Count each outcome as a fact of the envelopes that it moves."""
        for outcome in outcomes:
            moved = set()
            for posting in outcome.postings:
                name = posting.envelope_id
                if name not in moved:
                    moved.add(name)
                    self.envelopes[name].version += 1
            self.changed_envelopes |= moved

    def promote(self, contract: str, exercise: int) -> list[Outcome]:
        """Serve the waitlist from its head; an envelope whose head does not fit serves nobody behind it.

        Unless rules say to skip who does not fit. What one who waits asks of both funders is served together, unless
        rules serve each funder on its own.
        """
        rule_set = self.rule_sets.get((contract, exercise))
        rules, version = (rule_set.rules, rule_set.version) if rule_set else (None, None)
        waiting = in_order(
            [c for c in self.commitments.values()
             if (c.state is State.WAITLISTED or c.waits is not None)
             and c.contract == contract and c.exercise == exercise],
            rules,
        )  # fmt: skip
        blocked: set[str] = set()
        promoted = []
        for commitment in waiting:
            if served := _served(self._parts(commitment, waiting=True), rules, blocked):
                outcome = self._promote(commitment, served)
                outcome.rules_version = version
                promoted.append(outcome)
        return promoted

    def _promote(self, commitment: Commitment, parts: Parts) -> Outcome:
        """Reserve parts that waited."""
        postings = self._leave(parts, State.WAITLISTED) + self.enter(parts, State.RESERVED)
        amounts = _amounts(parts)
        left = Asked(*(waits - served for waits, served in zip(commitment.waiting, amounts, strict=True)))
        commitment.state, commitment.waits = stood(commitment.state, commitment.asked, left)
        self.changed_commitments[commitment.commitment_id] = commitment
        return _outcome(Kind.PROMOTED, commitment, postings, amounts=amounts)

    def displace(self, commitment: Commitment, envelope: Envelope) -> Outcome:
        """Send a reserved commitment back to its old place in the waitlist, to make room in an envelope.

        All its parts that are reserved go; where rules serve each funder on its own, its part of this envelope.
        """
        parts = self._gone(commitment, envelope)
        postings = self._leave(parts, State.RESERVED) + self.enter(parts, State.WAITLISTED)
        amounts = _amounts(parts)
        waiting = Asked(*map(sum, zip(commitment.waiting, amounts, strict=True)))
        commitment.state, commitment.waits = stood(commitment.state, commitment.asked, waiting)
        self.changed_commitments[commitment.commitment_id] = commitment
        return _outcome(Kind.DISPLACED, commitment, postings, amounts=amounts)

    def sent_back(self, commitment: Commitment, envelope: Envelope) -> Asked:
        """What of a commitment would wait again, if it were sent back to make room in an envelope."""
        return _amounts(self._gone(commitment, envelope))

    def _gone(self, commitment: Commitment, envelope: Envelope) -> Parts:
        parts = self._parts(commitment, waiting=False)
        return [part for part in parts if part[0] is envelope] if self.apart(commitment) else parts

    def apart(self, commitment: Commitment) -> bool:
        """Whether rules serve each funder of a commitment on its own."""
        rule_set = self.rule_sets.get((commitment.contract, commitment.exercise))
        return rule_set is not None and rule_set.rules.apart

    def release(self, commitment: Commitment) -> list[Outcome]:
        """Give all that is reserved, or waits, back: nothing of it was engaged."""
        outcomes = without_what_waits(self.envelopes, commitment)
        standing = Standing(commitment.state.value)
        postings = self._leave(self._asked_of(commitment), commitment.state)
        commitment.state = State.RELEASED
        self.changed_commitments[commitment.commitment_id] = commitment
        return [*outcomes, _outcome(Kind.RELEASED, commitment, postings, standing=standing)]

    def change(self, commitment: Commitment, asked: Asked) -> list[Outcome]:
        """Make a standing commitment ask these amounts."""
        self.changed_commitments[commitment.commitment_id] = commitment
        return amend(self.envelopes, commitment, asked)

    def wanted(self, contract: str, exercise: int, asked: Asked) -> Parts | None:
        """Pair each funder asked with its envelope; None when one does not exist."""
        pair = self._pairs.get((contract, exercise))
        if pair is None:
            pair = (
                self.envelopes.get(envelope_id(contract, Funder.CDC, exercise)),
                self.envelopes.get(envelope_id(contract, Funder.STATE, exercise)),
            )
            if all(pair):  # one that is missing may be opened
                self._pairs[contract, exercise] = pair
        cdc, state = pair
        wanted = []
        if asked.cdc:
            if cdc is None:
                return None
            wanted.append((cdc, asked.cdc))
        if asked.state:
            if state is None:
                return None
            wanted.append((state, asked.state))
        return wanted

    def _asked_of(self, commitment: Commitment) -> Parts:
        wanted = self.wanted(commitment.contract, commitment.exercise, commitment.asked)
        if wanted is None:
            raise LookupError(f"an envelope of {commitment.commitment_id} is not loaded")
        return wanted

    def _parts(self, commitment: Commitment, *, waiting: bool) -> Parts:
        """What of a commitment waits, or what does not."""
        return [part for part in self._asked_of(commitment) if commitment.waits_for(part[0].funder) is waiting]

    def enter(self, parts: Parts, state: State) -> tuple[Posting, ...]:
        """Post amounts as reserved or as waiting."""
        if state is State.RESERVED:
            return tuple([envelope.reserve(amount) for envelope, amount in parts])
        postings = []
        for envelope, amount in parts:
            envelope.waiting_count += 1
            postings.append(envelope.wait(amount))
        return tuple(postings)

    def enter_apart(self, commitment: Commitment, wanted: Parts, fits: Parts, version: int | None) -> list[Outcome]:
        """Enter a new commitment part by part: what fits is reserved, and the rest waits; a fact for each."""
        waiting = [part for part in wanted if part not in fits]
        outcomes = []
        for kind, state, parts in (
            (Kind.RESERVED, State.RESERVED, fits), (Kind.WAITLISTED, State.WAITLISTED, waiting),
        ):  # fmt: skip
            if parts:
                outcomes.append(_outcome(kind, commitment, self.enter(parts, state), amounts=_amounts(parts)))
                outcomes[-1].rules_version = version
        commitment.state, commitment.waits = stood(State.WAITLISTED, commitment.asked, _amounts(waiting))
        return outcomes

    def _leave(self, parts: Parts, state: State) -> tuple[Posting, ...]:
        """Post amounts that were reserved, or that waited, back to where they came from."""
        postings = []
        for envelope, amount in parts:
            if state is State.RESERVED:
                postings.append(envelope.release(amount))
            else:
                envelope.waiting_count -= 1
                postings.append(envelope.stop_waiting(amount))
        return tuple(postings)


def _served(waiting: Parts, rules: Rules | None, blocked: set[str]) -> Parts:
    """What is reserved now of one who waits; what does not fit blocks its envelopes, unless rules skip it."""
    served = []
    for parts in ([part] for part in waiting) if rules is not None and rules.apart else (waiting,):
        if all(envelope.envelope_id not in blocked and amount <= envelope.room for envelope, amount in parts):
            served += parts
        elif rules is None or not rules.skips:
            blocked.update(envelope.envelope_id for envelope, _ in parts)
    return served


def _amounts(parts: Parts) -> Asked:
    """What parts come to, by funder."""
    amounts = NOTHING
    for envelope, amount in parts:
        amounts = amounts.but(envelope.funder, amount)
    return amounts


def _outcome(
    kind: Kind, commitment: Commitment, postings: tuple[Posting, ...], *,
    standing: Standing | None = None, amounts: Asked | None = None,
) -> Outcome:  # fmt: skip
    """An outcome about some amounts; about all that is asked, when none are given."""
    return Outcome(kind, commitment.commitment_id, commitment.contract, commitment.exercise,
                   commitment.asked if amounts is None else amounts, postings, standing=standing)  # fmt: skip
