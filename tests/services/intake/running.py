"""One running process of intake on a real Kafka, and the records that partners and our relays would send it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from services.intake.app import build
from services.intake.settings import Settings
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import Topic
from shared.messaging.spine import Spine
from tests.services.intake.world import Event, Rows, fetch

STRUCTURED = ("content-type", b"application/cloudevents+json")
Header = tuple[str, bytes | None]
Record = tuple[bytes | None, list[Header]]


@dataclass
class Running:
    """One running process of intake, and who speaks to it."""

    settings: Settings
    app: FastAPI
    spine: Spine
    client: httpx.AsyncClient
    producer: AIOKafkaProducer

    async def send(self, topic: str, *records: Record, partition: int = 0) -> int:
        """Put records on one partition, in order, wait until they are applied, and return the first one's offset."""
        for value, headers in records:
            sent = await self.producer.send_and_wait(topic, value, b"k", partition=partition, headers=headers)
        await self.applied(topic, sent.offset + 1, partition=partition)
        return int(sent.offset) + 1 - len(records)

    async def rows(self, query: str) -> Rows:
        """Read rows by plain SQL."""
        return await fetch(self.settings.database_url, query)

    async def until(self, what: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
        """Wait until something is so, and return it."""
        async with asyncio.timeout(seconds):
            while not (found := await what()):  # noqa: ASYNC110  a database tells nobody
                await asyncio.sleep(0.05)
        return found

    async def applied(self, topic: str, offset: int, *, partition: int = 0) -> None:
        """Wait until a partition is applied up to an offset."""
        query = (
            f"SELECT FROM checkpoint WHERE topic = '{topic}' AND partition = {partition} AND next_offset >= {offset}"
        )
        await self.until(lambda: self.rows(query))


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[tuple[FastAPI, Spine]]:
    """Run intake as its own process would."""
    app, spine = build(settings)
    running = asyncio.create_task(spine.run())
    try:
        yield app, spine
    finally:
        await spine.stop()
        await running


def structured(event: Event) -> Record:
    """Write an event whole in the value."""
    return json.dumps(event).encode(), [STRUCTURED]


def binary(event: Event, **other: bytes | None) -> Record:
    """Write an event's attributes as headers; `other` headers replace or join them, in the place where they were."""
    headers: dict[str, bytes | None] = {
        f"ce_{name}": str(value).encode() for name, value in event.items() if name != "data"
    }
    return json.dumps(event["data"]).encode(), [*(headers | other).items()]


def ours(topic: Topic, type_: str, sequence: int, *, cause: UUID | None = None, **more: Any) -> Record:
    """Write a fact as a relay of ours does, in partition 0."""
    fact = next(fact for fact in EXAMPLES[topic.name] if type(fact).__name__ == type_).model_copy(update=more)
    source = f"/fabrique/{topic.owner}/{topic.name}/0/epoch/0".encode()
    headers: list[Header] = [
        ("ce_id", str(uuid4()).encode()), ("ce_type", type_.encode()), ("ce_source", source),
        ("ce_sequence", b"%020d" % sequence),
    ]  # fmt: skip
    if cause is not None:
        headers.append(("ce_causationid", str(cause).encode()))
    return fact.model_dump_json().encode(), headers


def without(record: Record, name: str) -> Record:
    """Leave a header out."""
    return record[0], [header for header in record[1] if header[0] != name]
