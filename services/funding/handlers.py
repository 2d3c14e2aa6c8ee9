"""What arrives from Kafka."""

from services.funding.use_cases import deciding
from shared.contracts.commitment import COMMITMENT_FACTS, CommitmentFact
from shared.contracts.topics import COMMITMENT
from shared.messaging.stream import Batch, Stream, facts

commitments: Stream[CommitmentFact] = facts(COMMITMENT, COMMITMENT_FACTS)


@commitments
async def on_commitments(batch: Batch[CommitmentFact]) -> None:
    """Decide, in order, what each commitment event does to the envelopes of its contract."""
    await deciding.decide_commitments(batch)
