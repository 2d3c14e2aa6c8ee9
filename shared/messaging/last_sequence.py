"""What Kafka last received of our output partitions: compared with the outbox before a relay begins."""

import asyncio
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from shared.database.outbox import Destination
from shared.messaging.cloudevents import sequence_of


async def last_sequences(
    servers: Sequence[str], destinations: Iterable[Destination], *, seconds_max: float = 10.0
) -> dict[Destination, tuple[int, int]]:
    """Return (epoch, sequence) of the last record of each destination; an empty partition is absent.

    Raises UnknownTopicOrPartitionError, at once, when a topic is missing.
    """
    partitions = [TopicPartition(*d) for d in destinations]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=[*servers], enable_auto_commit=False, auto_offset_reset="none", request_timeout_ms=5_000
    )
    try:
        await asyncio.wait_for(consumer.start(), seconds_max)
        if {p.topic for p in partitions} - await asyncio.wait_for(consumer.topics(), seconds_max):
            raise UnknownTopicOrPartitionError
        consumer.assign(partitions)
        return await asyncio.wait_for(_read(consumer, partitions), seconds_max)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[Destination, tuple[int, int]]:
    first = await consumer.beginning_offsets(partitions)
    end = await consumer.end_offsets(partitions)
    left = {p for p in partitions if end[p] > first[p]}
    found: dict[Destination, tuple[int, int]] = {}
    for partition in partitions:
        consumer.seek(partition, max(first[partition], end[partition] - 1))
    while left:
        for partition, records in (await consumer.getmany(*left, timeout_ms=200)).items():
            stamp = sequence_of(dict(records[-1].headers))
            if stamp is not None:
                found[Destination(partition.topic, partition.partition)] = stamp
            left.discard(partition)
    return found
