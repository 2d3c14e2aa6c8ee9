"""A partition whose log and checkpoint do not fit is parked, and alarms, on a real Kafka; the others flow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from confluent_kafka import TopicPartition as Place

from fabrique.embedded.kafka import Broker
from shared.messaging import metrics
from shared.messaging.cluster import Router, admin_client
from shared.messaging.reader import Reader
from tests.support.commitment_events import event, record
from tests.support.ledger import Ledger, fixed_clock
from tests.support.simple_stream import noted, noting_stream
from tests.support.topics import make_topics, send_records

pytestmark = pytest.mark.faults

OUTSIDE, REMADE = "the checkpoint lies outside the log", "the topic was deleted and made again"


@dataclass
class Topic:
    """A topic of two partitions, and the group that reads it."""

    name: str
    servers: list[str]
    ledger: Ledger
    group: str

    async def tell(self, *, partition: int, start: int, count: int) -> None:
        """Put facts on a partition."""
        await send_records(self.servers, [
            record(event("CommitmentWithdrawn", f"{partition}/{n}", contract="CV219", number=n, reason="abandoned"),
                   offset=n, partition=partition, topic=self.name)
            for n in range(start, start + count)
        ])  # fmt: skip

    async def cut(self, before: int) -> None:
        """Delete what lies before an offset of partition 0, as an operator or a retention does."""
        admin = admin_client(self.servers)
        [answer] = admin.delete_records([Place(self.name, 0, before)]).values()
        await asyncio.to_thread(answer.result, 10)

    async def put_beyond_the_end(self) -> None:
        """Note that more was read of partition 0 than there is: Kafka lost its end."""
        await self.ledger.execute(
            "UPDATE checkpoint SET next_offset = 1000 WHERE topic = :topic AND partition = 0", topic=self.name
        )

    async def make_again(self) -> None:
        """Delete the topic, and make it under the same name."""
        admin = admin_client(self.servers)
        [answer] = admin.delete_topics([self.name]).values()
        await asyncio.to_thread(answer.result, 10)
        await make_topics(self.servers, {self.name: 2})

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """Read it, as one process does from its start to its stop."""
        stream: Any = await noting_stream(self.ledger)
        stream.name, stream.pattern = self.name, self.name.replace(".", r"\.")
        reader = Reader(
            self.group, [stream], servers=self.servers, engine=self.ledger.engine, admin=admin_client(self.servers),
            router=Router({}), clock=fixed_clock, instance="test",
        )  # fmt: skip
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()

    def is_alarmed(self, partition: int) -> bool:
        """Whether the gauge that the alarm looks at says so."""
        return bool(metrics.PARKED.labels(self.name, partition)._value.get())


@pytest.fixture
async def topic(ledger: Ledger, kafka: Broker) -> Topic:
    """Two partitions of three records, all of them read once."""
    made = Topic(f"test.{uuid4().hex}.v1", kafka.bootstrap_servers, ledger, f"reader-{uuid4().hex[:8]}")
    await make_topics(made.servers, {made.name: 2})
    await made.tell(partition=0, start=0, count=3)
    await made.tell(partition=1, start=0, count=3)
    async with made.read():
        await until(lambda: all_noted(made, {0: [0, 1, 2], 1: [0, 1, 2]}))
    return made


async def all_noted(topic: Topic, offsets: dict[int, list[int]]) -> bool:
    return {partition: await noted(topic.ledger, partition) for partition in offsets} == offsets


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():  # noqa: ASYNC110  a table tells nobody
            await asyncio.sleep(0.05)


async def lose_what_was_not_read(topic: Topic) -> None:
    await topic.tell(partition=0, start=3, count=5)
    await topic.cut(before=6)


@pytest.mark.parametrize("spoil", [lose_what_was_not_read, Topic.put_beyond_the_end], ids=["its start", "its end"])
async def test_a_partition_whose_log_lost_what_the_checkpoint_needs_is_parked_and_the_other_flows(
    topic: Topic, spoil: Callable[[Topic], Awaitable[None]]
) -> None:
    await spoil(topic)
    async with topic.read() as reader:
        await topic.tell(partition=1, start=3, count=2)
        await until(lambda: all_noted(topic, {1: [0, 1, 2, 3, 4]}))
        assert reader.assignment.parked == {TopicPartition(topic.name, 0): OUTSIDE}
        assert (topic.is_alarmed(0), topic.is_alarmed(1)) == (True, False)
    assert await noted(topic.ledger, 0) == [0, 1, 2]


async def test_a_log_that_loses_its_end_under_a_reader_parks_its_partition_and_the_other_flows(topic: Topic) -> None:
    async with topic.read() as reader:
        await until(lambda: is_placed(reader))
        async with reader.assignment.in_hand:  # no batch is in hand
            await topic.put_beyond_the_end()
        await topic.tell(partition=1, start=3, count=2)
        await until(lambda: all_noted(topic, {1: [0, 1, 2, 3, 4]}))
        await until(lambda: is_parked(reader, topic, 0))
        await topic.tell(partition=0, start=3, count=2)
        await topic.tell(partition=1, start=5, count=2)
        await until(lambda: all_noted(topic, {1: [0, 1, 2, 3, 4, 5, 6]}))
        assert (topic.is_alarmed(0), topic.is_alarmed(1)) == (True, False)
    assert await noted(topic.ledger, 0) == [0, 1, 2]


async def test_a_topic_that_is_made_again_under_a_reader_is_parked_and_nothing_of_it_is_taken_for_the_old_one(
    topic: Topic,
) -> None:
    async with topic.read() as reader:
        await until(lambda: is_placed(reader))
        await topic.make_again()
        await until(lambda: is_parked(reader, topic, 0, 1))
        assert set(reader.assignment.parked.values()) == {REMADE}
        await topic.tell(partition=0, start=0, count=9)
    async with topic.read() as reader:  # nor is it by a process that starts later
        await until(lambda: is_parked(reader, topic, 0, 1))
    assert await noted(topic.ledger, 0) == [0, 1, 2]


async def is_placed(reader: Reader) -> bool:
    return reader.assignment.received.is_set()


async def is_parked(reader: Reader, topic: Topic, *partitions: int) -> bool:
    wanted = {TopicPartition(topic.name, partition) for partition in partitions}
    return wanted <= reader.assignment.parked.keys() and all(map(topic.is_alarmed, partitions))
