"""A record that aiokafka itself cannot read: the name of a header is not UTF-8, as any client in C can write it.

aiokafka raises on it inside `getmany`, for ever, and loses what it had drained of the other partitions in that call.
"""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from fabrique.embedded.kafka import Broker
from shared.messaging.cluster import Router, admin_client
from shared.messaging.reader import Reader
from tests.support.commitment_events import event, record
from tests.support.ledger import Ledger, fixed_clock
from tests.support.simple_stream import noted, noting_stream
from tests.support.topics import make_topics, send_records

pytestmark = pytest.mark.faults


class NotUtf8(str):
    """The name of a header, whose bytes are no text."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


async def send_hostile(servers: list[str], topic: str) -> None:
    """Put a record with such a header in partition 0."""
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0,
        batch_size=16_384,
    )  # fmt: skip
    batch.append(key=None, value=b"{}", timestamp=int(time.time() * 1000), headers=[(NotUtf8("x"), b"v")])
    await (await producer.send_batch(batch, topic, partition=0))
    await producer.stop()


async def test_a_header_whose_name_is_not_utf8_stops_nothing(ledger: Ledger, kafka: Broker) -> None:
    topic, servers = f"test.{uuid4().hex}.v1", kafka.bootstrap_servers
    await make_topics(servers, {topic: 2})
    told = [
        record(event("CommitmentWithdrawn", f"{p}/{n}", contract="CV219", number=n, reason="abandoned"),
               offset=n, partition=p, topic=topic)
        for p in (0, 1) for n in range(3)
    ]  # fmt: skip
    await send_records(servers, told[:1])
    await send_hostile(servers, topic)
    await send_records(servers, told[1:])
    stream: Any = await noting_stream(ledger)
    stream.name, stream.pattern = topic, topic.replace(".", r"\.")
    reader = Reader(
        f"reader-{uuid4().hex[:8]}", [stream], servers=servers, engine=ledger.engine, admin=admin_client(servers),
        router=Router({}), clock=fixed_clock, instance="test",
    )  # fmt: skip
    await reader.start()
    try:
        async with asyncio.timeout(8):
            while await noted(ledger, 0) != [0, 2, 3] or await noted(ledger, 1) != [0, 1, 2]:  # noqa: ASYNC110  a table tells nobody
                await asyncio.sleep(0.1)
    finally:
        await reader.stop()
