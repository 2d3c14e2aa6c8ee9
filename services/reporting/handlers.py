"""What arrives from Kafka."""

from services.reporting import use_cases
from shared.contracts.allocation import DECISIONS, ENVELOPE_FACTS, AllocationFact, EnvelopeFact
from shared.contracts.entrepreneur import ENTREPRENEUR_FACTS, EntrepreneurFact
from shared.contracts.topics import ALLOCATION, ENTREPRENEUR
from shared.messaging.stream import Batch, Stream, facts

allocations: Stream[AllocationFact | EnvelopeFact] = facts(ALLOCATION, (*DECISIONS, *ENVELOPE_FACTS), refolded=True)
entrepreneurs: Stream[EntrepreneurFact] = facts(ENTREPRENEUR, ENTREPRENEUR_FACTS, refolded=True)


@allocations
async def on_allocations(batch: Batch[AllocationFact | EnvelopeFact]) -> None:
    """Add what each fact does to the envelopes that it touches."""
    await use_cases.fold_allocations(batch)


@entrepreneurs
async def on_entrepreneurs(batch: Batch[EntrepreneurFact]) -> None:
    """Fold what is told of businesses, and count every fact."""
    await use_cases.fold_entrepreneurs(batch)
