"""Decides what commitment events do, and records it."""

from collections.abc import Iterator, Sequence

from services.funding.announcement import allocation_fact
from services.funding.domain.declaring import CommitmentEvent, Declaration
from services.funding.domain.outcome import Outcome
from services.funding.store import queries, writes
from services.funding.store.writes import PostingRow
from shared.contracts.topics import ALLOCATION
from shared.database.outbox import Destination, Outbox
from shared.kernel.ids import derived_id
from shared.messaging.stream import Batch, Incoming


async def decide_commitments(batch: Batch[CommitmentEvent]) -> None:
    """Decide, in order, what each commitment event does to the envelopes of its contract."""
    facts = [event.fact for event in batch.events]
    books = await queries.load_books(
        batch.session,
        contracts=[fact.contract for fact in facts],
        named=[fact.commitment_id for fact in facts],
        moved=[fact.commitment_id for fact in facts if not isinstance(fact, Declaration)],
        declared=(
            (f.commitment_id, f.contract, f.exercise, f.beneficiary_id) for f in facts if isinstance(f, Declaration)
        ),
    )
    homes = {source: Destination(ALLOCATION.name, source.partition) for source in {e.source for e in batch.events}}
    await batch.outbox.hold(homes.values())
    postings: list[PostingRow] = []
    for event in batch.events:  # each whole, one after the other: what decides it is gone before the next
        postings += announce(batch.outbox, homes[event.source], event, books.decide(event))
    await writes.record_books(batch.session, books, postings)


def announce(
    outbox: Outbox, home: Destination, event: Incoming[CommitmentEvent], outcomes: Sequence[Outcome]
) -> Iterator[PostingRow]:
    """Announce what an event came to in the partition it came from; return the postings that say why."""
    known_at = outbox.known_at(home, at_least=event.fact.known_at)
    cause = event.event_id
    for ordinal, outcome in enumerate(outcomes):
        commitment_id = outcome.commitment_id
        sequence = outbox.add(
            home, key=outcome.contract.encode(), event_id=derived_id(cause, ordinal), type=outcome.kind,
            subject=str(commitment_id), time=known_at, value=allocation_fact(outcome, known_at=known_at), cause=cause,
            traceparent=event.traceparent,
        )  # fmt: skip
        for line, posting in enumerate(outcome.postings):
            yield (home.partition, sequence, line, posting.envelope_id, commitment_id, posting.credit, posting.debit,
                   posting.amount_cents)  # fmt: skip
