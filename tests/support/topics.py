"""Kafka topics of a test: made, filled and read whole, with nothing of the service's own messaging."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

Log = Mapping[int, Sequence[ConsumerRecord[Any, Any]]]


async def make_topics(servers: Sequence[str], partitions: Mapping[str, int]) -> None:
    """Make topics, and wait until the broker leads all their partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=[*servers])
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(name, count, 1) for name, count in partitions.items()])
        assert all(code == 0 for _, code, *_ in answer.topic_errors), answer.topic_errors
        async with asyncio.timeout(20):
            while not all(  # noqa: ASYNC110  the broker tells nobody when it is ready
                topic["error_code"] == 0 and len(topic["partitions"]) == partitions[topic["topic"]]
                for topic in await admin.describe_topics([*partitions])
            ):
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def read_topic(servers: Sequence[str], topic: str) -> dict[int, list[ConsumerRecord[Any, Any]]]:
    """Read every record of a topic, from its beginning to its end of now, by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=[*servers], enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer._client._wait_on_metadata(topic)
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        end = await consumer.end_offsets(partitions)
        found: dict[int, list[ConsumerRecord[Any, Any]]] = {p.partition: [] for p in partitions}
        async with asyncio.timeout(60):
            while left := [p for p in partitions if await consumer.position(p) < end[p]]:
                for partition, records in (await consumer.getmany(*left, timeout_ms=200)).items():
                    found[partition.partition] += records
        return found
    finally:
        await consumer.stop()


async def send_records(servers: Sequence[str], records: Iterable[ConsumerRecord[Any, Any]]) -> None:
    """Put records on Kafka as they are, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=[*servers], enable_idempotence=True, linger_ms=5)
    await producer.start()
    try:
        sent = [await producer.send(r.topic, r.value, r.key, r.partition, r.timestamp, [*r.headers]) for r in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
