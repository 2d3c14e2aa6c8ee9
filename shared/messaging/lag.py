"""How far behind a reader is, in records and in seconds, measured from the checkpoints and not from Kafka's offsets."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.database.checkpoint import Source


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """The lag of one input partition; `seconds` is the age of the oldest record not applied, 0 when there is none."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    records: int
    seconds: float

    def as_row(self) -> dict[str, object]:
        """Render for JSON."""
        return asdict(self)


async def measure(
    servers: Sequence[str], positions: Mapping[Source, int], *, seconds_max: float = 10.0
) -> list[PartitionLag]:
    """Measure each source at its next offset to apply."""
    if not positions:
        return []
    consumer = AIOKafkaConsumer(
        bootstrap_servers=[*servers], enable_auto_commit=False, auto_offset_reset="none", request_timeout_ms=5_000
    )
    try:
        await asyncio.wait_for(consumer.start(), seconds_max)
        return await asyncio.wait_for(_measure(consumer, positions), seconds_max)
    finally:
        await consumer.stop()


async def _measure(consumer: AIOKafkaConsumer, positions: Mapping[Source, int]) -> list[PartitionLag]:
    partitions = {TopicPartition(*source): offset for source, offset in positions.items()}
    first = await consumer.beginning_offsets([*partitions])
    end = await consumer.end_offsets([*partitions])
    starts = {p: max(offset, first[p]) for p, offset in partitions.items()}
    oldest = await _oldest(consumer, {p: o for p, o in starts.items() if end[p] > o})
    now = time.time()
    return [
        PartitionLag(
            p.topic, p.partition, partitions[p], end[p], max(0, end[p] - starts[p]),
            max(0.0, now - oldest[p] / 1000) if p in oldest else 0.0,
        )
        for p in sorted(partitions)
    ]  # fmt: skip


async def _oldest(consumer: AIOKafkaConsumer, starts: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Read one record of each lagging partition and return its timestamp in milliseconds."""
    oldest: dict[TopicPartition, int] = {}
    if not starts:
        return oldest
    consumer.assign([*starts])
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    deadline = time.monotonic() + 2.0
    while (left := starts.keys() - oldest.keys()) and time.monotonic() < deadline:
        for partition, records in (await consumer.getmany(*left, timeout_ms=200, max_records=len(left))).items():
            oldest.setdefault(partition, records[0].timestamp)
    return oldest
