"""A reader: FastStream's batch subscriber on one side, micro-batches on the other, and nothing that loses a record."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from confluent_kafka.admin import AdminClient
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.quarantine import Seal, plain
from shared.kernel.clock import Clock
from shared.messaging import lenient_records, metrics
from shared.messaging.assignment import Assignment
from shared.messaging.backoff import pause
from shared.messaging.cluster import Router
from shared.messaging.micro_batch import MicroBatch, PartitionParked
from shared.messaging.stream import Stream

log = structlog.get_logger()
COMMIT_EVERY_SECONDS = 1.0
SESSION_TIMEOUT_MS = 10_000
lenient_records.install()


async def raw_parser(records: tuple[ConsumerRecord, ...]) -> KafkaAckableMessage:
    """Wrap records without looking into them: FastStream's own parser raises on a bad header, and loses it."""
    return KafkaAckableMessage(
        body=b"", headers={}, batch_headers=[], reply_to="", content_type=None, message_id="", correlation_id="",
        raw_message=records, path={}, consumer=None,
    )  # fmt: skip


async def raw_decoder(message: KafkaAckableMessage) -> tuple[ConsumerRecord, ...]:
    """Hand the records over as they came."""
    records: tuple[ConsumerRecord, ...] = message.raw_message
    return records


def raw_broker(servers: Sequence[str], *, client_id: str) -> KafkaBroker:
    """Make a broker that only consumes: what we publish goes through the outbox and its relay."""
    return KafkaBroker(
        [*servers], client_id=client_id, consumer_only=True, request_timeout_ms=40_000, metadata_max_age_ms=5_000,
        allow_auto_create_topics=False, graceful_timeout=20.0, apply_types=False, ack_policy=AckPolicy.MANUAL,
        logger=None,
    )  # fmt: skip


class Reader:
    """Reads the streams of one service, as one member of the service's consumer group."""

    def __init__(
        self, name: str, streams: Sequence[Stream[Any]], *, servers: Sequence[str], engine: AsyncEngine,
        admin: AdminClient, router: Router, clock: Clock, instance: str, seal: Seal = plain,
        session_timeout_ms: int = SESSION_TIMEOUT_MS, max_records: int = 8000,
        committed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.stopping = asyncio.Event()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.assignment = Assignment(engine, admin, self.stopping, lambda: self._subscriber.consumer)
        self.broker = raw_broker(servers, client_id=f"{name}-{instance}")
        self._streams = streams
        self._stream_by_topic: dict[str, Stream[Any]] = {}
        self._batches = {
            id(stream): MicroBatch(
                stream,
                reader=name,
                engine=engine,
                route=router,
                clock=clock,
                seal=seal,
                give_up=self._give_up,
                committed=committed,
            )
            for stream in streams
        }
        self._subscriber = self.broker.subscriber(
            *([] if _pattern(streams) else [s.name for s in streams]), pattern=_pattern(streams), group_id=name,
            batch=True, max_records=max_records, batch_timeout_ms=20, fetch_max_wait_ms=100,
            max_partition_fetch_bytes=1024 * 1024, auto_offset_reset="none", session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=min(500, session_timeout_ms // 4), max_poll_interval_ms=600_000,
            rebalance_timeout_ms=30_000, ack_policy=AckPolicy.MANUAL, parser=raw_parser, decoder=raw_decoder,
            listener=self.assignment, isolation_level="read_committed" if _pattern(streams) else "read_uncommitted",
        )  # fmt: skip
        self._subscriber(self.receive)
        self._tasks: list[asyncio.Task[None]] = []
        self._committed_at = 0.0
        self.progressed_at = time.monotonic()

    async def start(self) -> None:
        """Start consuming; Kafka and the topics must be there."""
        await self.broker.start()
        self._tasks.append(asyncio.create_task(self.assignment.watch()))

    async def stop(self) -> None:
        """Finish the batch in hand, leave the group, and stop."""
        self.stopping.set()
        for task in self._tasks:
            task.cancel()
        async with self.assignment.in_hand:
            pass
        await self.broker.stop()

    async def receive(self, records: tuple[ConsumerRecord, ...]) -> None:
        """Apply what FastStream hands over; an error that escapes ends the process, never a record."""
        try:
            async with self.assignment.in_hand:
                if self.stopping.is_set():
                    return  # the batch before may have been given up: to apply this one would jump over it
                for stream, run in self._by_stream(records):
                    await self._apply(stream, run)
            await self._commit(records)
        except Exception as error:
            log.critical("reader stops", error=type(error).__name__, detail=str(error))
            if not self.failed.done():
                self.failed.set_exception(error)
            self.stopping.set()

    async def _apply(self, stream: Stream[Any], records: list[ConsumerRecord]) -> None:
        wanted, parked = records, self.assignment.parked
        if parked:
            wanted = [r for r in records if TopicPartition(r.topic, r.partition) not in parked]
        if not wanted:
            return
        metrics.BATCH_SIZE.labels(stream.name).observe(len(wanted))
        try:
            if await self._batches[id(stream)].apply(wanted):
                self.progressed_at = time.monotonic()
        except PartitionParked as stop:
            self.assignment.park(TopicPartition(*stop.source), "too many unknown errors within a minute")
            await self._apply(stream, wanted)

    def _by_stream(self, records: Sequence[ConsumerRecord]) -> Iterator[tuple[Stream[Any], list[ConsumerRecord]]]:
        for topic, run in groupby(records, key=attrgetter("topic")):
            yield self._stream_of(topic), list(run)

    def _stream_of(self, topic: str) -> Stream[Any]:
        if topic not in self._stream_by_topic:
            self._stream_by_topic[topic] = next(
                s for s in self._streams if topic == s.name or (s.pattern and re.fullmatch(s.pattern, topic))
            )
        return self._stream_by_topic[topic]

    async def _give_up(self, seconds: float) -> bool:
        return await pause(seconds, self.stopping, self.assignment.revoking)

    async def _commit(self, records: Sequence[ConsumerRecord]) -> None:
        """Tell Kafka how far we are, once a second at most and best effort: only lag tools look at it."""
        now = time.monotonic()
        consumer = self._subscriber.consumer
        if consumer is None or now - self._committed_at < COMMIT_EVERY_SECONDS or self.stopping.is_set():
            return
        held = consumer.assignment()
        offsets = {p: r.offset + 1 for r in records if (p := TopicPartition(r.topic, r.partition)) in held}
        try:
            await asyncio.wait_for(consumer.commit(offsets), 1.0)
            self._committed_at = now
        except Exception as error:
            log.info("offsets not told to Kafka", error=type(error).__name__)
            self._committed_at = now + 10.0


def _pattern(streams: Sequence[Stream[Any]]) -> str | None:
    if not any(stream.pattern for stream in streams):
        return None
    return "(" + "|".join(s.pattern or re.escape(s.name) for s in streams) + ")$"
