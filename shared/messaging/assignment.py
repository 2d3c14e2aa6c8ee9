"""What happens when partitions come and go: the batch in hand is finished, and reading starts at the checkpoint."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import checkpoint
from shared.database.checkpoint import Source
from shared.database.transaction import transaction
from shared.kernel.errors import Unavailable
from shared.messaging import metrics
from shared.messaging.backoff import delays, is_transient, pause
from shared.messaging.cluster import describe

log = structlog.get_logger()


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions a reader holds, those that are parked, and the lock of the batch in hand."""

    def __init__(
        self,
        engine: AsyncEngine,
        admin: AdminClient,
        stopping: asyncio.Event,
        consumer_of: Callable[[], AIOKafkaConsumer | None],
    ) -> None:
        self._engine = engine
        self._admin = admin
        self._stopping = stopping
        self._consumer_of = consumer_of
        self.in_hand = asyncio.Lock()
        self.revoking = asyncio.Event()
        self.held: set[TopicPartition] = set()
        self.parked: dict[TopicPartition, str] = {}
        self.received = asyncio.Event()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait for the batch in hand: it commits, or gives up if it was waiting to be tried again."""
        self.revoking.set()
        async with self.in_hand:
            self.held -= revoked
            self._unpark(revoked)
        self.revoking.clear()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Seek each partition to its checkpoint; park those whose log does not hold that offset."""
        metrics.REBALANCES.inc()
        consumer = self._consumer()
        consumer.pause(*assigned)
        for partition in assigned:
            consumer.seek(partition, 0)  # before any await: else NoOffsetForPartitionError costs 5 s
        self.held = set(assigned)
        for delay in delays(longest=5.0):
            try:
                await self._place(assigned)
            except Exception as error:
                if not is_transient(error):
                    log.exception("checkpoints cannot be loaded", error=type(error).__name__)
                if await pause(delay, self._stopping, self.revoking) or not assigned <= consumer.assignment():
                    return
            else:
                self.received.set()
                return

    async def _place(self, assigned: set[TopicPartition]) -> None:
        if not assigned:
            return
        consumer = self._consumer()
        offsets, wrong = await self._examine(assigned, prepare=True)
        for partition in assigned - wrong.keys():
            consumer.seek(partition, offsets[partition])
            log.info("partition placed", **_name(partition), offset=offsets[partition])
        for partition, reason in wrong.items():
            self.park(partition, reason)
        if ready := assigned - wrong.keys():
            consumer.resume(*ready)

    async def _examine(
        self, partitions: set[TopicPartition], *, prepare: bool
    ) -> tuple[dict[TopicPartition, int], dict[TopicPartition, str]]:
        """Compare checkpoints with the log and the topics' identities: offsets, and what is wrong, by partition."""
        consumer = self._consumer()
        described = await describe(self._admin, {p.topic for p in partitions})
        sources = {Source(p.topic, p.partition) for p in partitions}
        async with transaction(self._engine) as session:
            if prepare:
                await checkpoint.ensure(session, sources, topic_ids={n: d.topic_id for n, d in described.items()})
            rows = await checkpoint.load(session, sources)
        offsets = {TopicPartition(*source): row.next_offset for source, row in rows.items()}
        first = await consumer.beginning_offsets([*partitions])
        end = await consumer.end_offsets([*partitions])
        wrong = {}
        for partition in partitions:
            row = rows[Source(partition.topic, partition.partition)]
            known = described.get(partition.topic)
            if known is not None and row.topic_id is not None and row.topic_id != known.topic_id:
                wrong[partition] = "the topic was deleted and made again"
            elif not first[partition] <= row.next_offset <= end[partition]:
                wrong[partition] = "the checkpoint lies outside the log"
        return offsets, wrong

    def park(self, partition: TopicPartition, reason: str) -> None:
        """Stop one partition, alarm, and let the others flow."""
        self.parked[partition] = reason
        self._consumer().pause(partition)
        metrics.PARKED.labels(partition.topic, partition.partition).set(1)
        log.error("partition parked", **_name(partition), reason=reason)

    def _unpark(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            if self.parked.pop(partition, None) is not None:
                metrics.PARKED.labels(partition.topic, partition.partition).set(0)

    async def watch(self, every_seconds: float = 3.0) -> None:
        """Examine the log again and again, so that a cut log or a remade topic is noticed while reading.

        Batches go on meanwhile; what looks wrong is looked at once more between two of them.
        """
        while not await pause(every_seconds, self._stopping):
            if await self._suspects():
                async with self.in_hand:
                    for partition, reason in (await self._suspects()).items():
                        self.park(partition, reason)

    async def _suspects(self) -> dict[TopicPartition, str]:
        consumer = self._consumer_of()
        if consumer is None or not self.received.is_set():
            return {}
        held = self.held & consumer.assignment() - self.parked.keys()
        if not held:
            return {}
        try:
            _, wrong = await asyncio.wait_for(self._examine(held, prepare=False), 10)
        except Exception as error:
            log.warning("log not examined", error=type(error).__name__)
            return {}
        return wrong

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._consumer_of()
        if consumer is None:
            raise Unavailable("the consumer is not there")
        return consumer

    def state(self) -> dict[str, Any]:
        """Say what is held and what is parked, for readiness and `fabrique lag`."""
        return {
            "received": self.received.is_set(),
            "held": sorted(f"{p.topic}/{p.partition}" for p in self.held),
            "parked": {f"{p.topic}/{p.partition}": reason for p, reason in self.parked.items()},
        }


def _name(partition: TopicPartition) -> dict[str, Any]:
    return {"topic": partition.topic, "partition": partition.partition}
