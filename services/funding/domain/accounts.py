"""What is written in the books of some contracts: envelopes, commitments and waitlists, and the moves between them."""

from collections.abc import Iterable
from uuid import UUID

from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import RESERVE, WAIT, Envelope, Posting
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.rules import RuleSet, in_order
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder, envelope_id

NOTHING = Asked(0, 0)


class Accounts:
    """The envelopes and commitments of some contracts; afterwards `changed_…` tell what to write."""

    def __init__(
        self, envelopes: Iterable[Envelope], commitments: Iterable[Commitment], rule_sets: Iterable[RuleSet] = ()
    ) -> None:
        self.envelopes = {e.envelope_id: e for e in envelopes}
        self.commitments = {c.commitment_id: c for c in commitments}
        self.rule_sets = {rule_set.pair: rule_set for rule_set in rule_sets}
        self._pairs: dict[tuple[str, int], tuple[Envelope | None, Envelope | None]] = {}
        self.changed_envelopes: set[str] = set()
        self.changed_commitments: set[UUID] = set()

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Count each outcome as a fact of the envelopes that it moves."""
        for outcome in outcomes:
            for name in {posting.envelope_id for posting in outcome.postings}:
                self.envelopes[name].version += 1
                self.changed_envelopes.add(name)

    def promote(self, contract: str, exercise: int) -> list[Outcome]:
        """Serve the waitlist from its head; an envelope whose head does not fit serves nobody behind it.

        Unless rules say to skip who does not fit.
        """
        rule_set = self.rule_sets.get((contract, exercise))
        rules, version = (rule_set.rules, rule_set.version) if rule_set else (None, None)
        waiting = in_order(
            [c for c in self.commitments.values()
             if c.state is State.WAITLISTED and c.contract == contract and c.exercise == exercise],
            rules,
        )  # fmt: skip
        blocked: set[str] = set()
        promoted = []
        for commitment in waiting:
            wanted = self._asked_of(commitment)
            names = {envelope.envelope_id for envelope, _ in wanted}
            if blocked & names or any(amount > envelope.room for envelope, amount in wanted):
                if rules is None or not rules.skips:
                    blocked |= names
                continue
            postings = self._leave(commitment)
            commitment.state = State.RESERVED
            postings += self.enter(wanted, State.RESERVED)
            self.changed_commitments.add(commitment.commitment_id)
            promoted.append(_outcome(Kind.PROMOTED, commitment, postings))
            promoted[-1].rules_version = version
        return promoted

    def displace(self, commitment: Commitment) -> Outcome:
        """Send a reserved commitment back to its old place in the waitlist."""
        wanted, postings = self._asked_of(commitment), self._leave(commitment)
        commitment.state = State.WAITLISTED
        self.changed_commitments.add(commitment.commitment_id)
        return _outcome(Kind.DISPLACED, commitment, postings + self.enter(wanted, State.WAITLISTED))

    def release(self, commitment: Commitment) -> Outcome:
        """Give all that is reserved, or waits, back: nothing of it was engaged."""
        standing = Standing(commitment.state.value)
        postings = self._leave(commitment)
        commitment.state = State.RELEASED
        self.changed_commitments.add(commitment.commitment_id)
        return _outcome(Kind.RELEASED, commitment, postings, standing=standing)

    def change(self, commitment: Commitment, asked: Asked) -> Outcome:
        """Make a standing commitment ask these amounts."""
        standing = Standing.WAITLISTED if commitment.state is State.WAITLISTED else Standing.RESERVED
        previous, postings = commitment.asked, self._change(commitment, asked)
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

    def wanted(self, contract: str, exercise: int, asked: Asked) -> list[tuple[Envelope, int]] | None:
        """Pair each funder asked with its envelope; None when one does not exist."""
        pair = self._pairs.get((contract, exercise))
        if pair is None:
            pair = (
                self.envelopes.get(envelope_id(contract, Funder.CDC, exercise)),
                self.envelopes.get(envelope_id(contract, Funder.STATE, exercise)),
            )
            if all(pair):  # one that is missing may be opened
                self._pairs[contract, exercise] = pair
        wanted = []
        for envelope, amount in zip(pair, asked, strict=True):
            if amount:
                if envelope is None:
                    return None
                wanted.append((envelope, amount))
        return wanted

    def _asked_of(self, commitment: Commitment) -> list[tuple[Envelope, int]]:
        wanted = self.wanted(commitment.contract, commitment.exercise, commitment.asked)
        if wanted is None:
            raise LookupError(f"an envelope of {commitment.commitment_id} is not loaded")
        return wanted

    def enter(self, wanted: list[tuple[Envelope, int]], state: State) -> tuple[Posting, ...]:
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
