"""Decides what commitment events do, and records it."""

from collections.abc import Sequence

from services.funding.announcement import allocation_fact
from services.funding.domain.books import Books
from services.funding.domain.outcome import Outcome
from services.funding.store import queries, writes
from shared.contracts.commitment import CommitmentDeclared, CommitmentFact
from shared.contracts.topics import ALLOCATION
from shared.database.outbox import Destination, Outbox
from shared.database.transaction import Session
from shared.kernel.ids import derived_id
from shared.messaging.stream import Batch, Incoming

Decided = tuple[Incoming[CommitmentFact], list[Outcome]]


async def decide_commitments(batch: Batch[CommitmentFact]) -> None:
    """Decide, in order, what each commitment event does to the envelopes of its contract."""
    facts = [event.fact for event in batch.events]
    books = await queries.load_books(
        batch.session,
        contracts=[fact.contract for fact in facts],
        named=[fact.commitment_id for fact in facts],
        moved=[fact.commitment_id for fact in facts if type(fact) is not CommitmentDeclared],
        declared=(
            (f.commitment_id, f.contract, f.exercise, f.beneficiary_id) for f in facts if type(f) is CommitmentDeclared
        ),
    )
    decided = [(event, books.decide(event)) for event in batch.events]
    await record_decisions(batch.session, batch.outbox, books, decided)


async def record_decisions(session: Session, outbox: Outbox, books: Books, decided: Sequence[Decided]) -> None:
    """Announce outcomes, each in the partition its event came from, and write the postings that say why."""
    destinations = {event.source: Destination(ALLOCATION.name, event.source.partition) for event, _ in decided}
    await outbox.hold(destinations.values())
    postings = []
    for event, outcomes in decided:
        destination = destinations[event.source]
        known_at = outbox.known_at(destination, at_least=event.fact.known_at)
        for ordinal, outcome in enumerate(outcomes):
            commitment_id = outcome.commitment_id
            sequence = outbox.add(
                destination, key=outcome.contract.encode(), event_id=derived_id(event.event_id, ordinal),
                type=outcome.kind, subject=str(commitment_id), time=known_at,
                value=allocation_fact(outcome, known_at=known_at), cause=event.event_id,
                traceparent=event.traceparent,
            )  # fmt: skip
            postings += [
                (destination.partition, sequence, line, p.envelope_id, commitment_id, p.credit, p.debit, p.amount_cents)
                for line, p in enumerate(outcome.postings)
            ]
    await writes.record_books(session, books, postings)
