"""What arrives from Kafka."""

from services.funding import reading
from services.funding.domain.declaring import CommitmentEvent
from services.funding.use_cases import deciding
from shared.contracts.commitment import COMMITMENT_FACTS, CommitmentDeclared
from shared.contracts.topics import COMMITMENT
from shared.messaging.stream import Batch, Stream, facts

commitments: Stream[CommitmentEvent] = facts(
    COMMITMENT, COMMITMENT_FACTS, read_by={CommitmentDeclared: reading.declaration}
)


@commitments
async def on_commitments(batch: Batch[CommitmentEvent]) -> None:
    """Decide, in order, what each commitment event does to the envelopes of its contract."""
    await deciding.decide_commitments(batch)
