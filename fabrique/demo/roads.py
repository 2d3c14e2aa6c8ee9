"""The two roads by which a partner speaks to intake: its HTTP door, and its own Kafka topic."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer

from fabrique.client import Door
from shared.contracts.topics import partner_topic

Events = Sequence[dict[str, Any]]
STRUCTURED = [("content-type", b"application/cloudevents+json")]


@dataclass(slots=True)
class Tally:
    """What was told, and what was answered on the spot; what goes by Kafka is answered by nobody."""

    told: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Road(Protocol):
    """How one platform tells its events, in order."""

    async def tell(self, events: Events) -> None: ...


class ByHttp:
    """Tells by `POST /v1/events:bulk`, and counts the answers."""

    def __init__(self, platform: str, door: Door, tally: Tally) -> None:
        self._platform = platform
        self._door = door
        self._tally = tally

    async def tell(self, events: Events) -> None:
        """Return when each event has its answer."""
        for answer in await self._door.tell(events):
            self._tally.told[self._platform] += 1
            self._tally.accepted += answer.accepted and not answer.duplicate
            self._tally.duplicates += answer.duplicate
            if not answer.accepted:
                self._tally.refused[answer.reason] += 1


class ByKafka:
    """Tells on the platform's topic, in structured mode; one key, so one partition, keeps all it tells in order."""

    def __init__(self, platform: str, producer: AIOKafkaProducer, tally: Tally) -> None:
        self._platform = platform
        self._producer = producer
        self._tally = tally

    async def tell(self, events: Events) -> None:
        """Return when Kafka has acknowledged all of them."""
        topic, key = partner_topic(self._platform).name, self._platform.encode()
        values = (json.dumps(event, ensure_ascii=False).encode() for event in events)
        sent = [await self._producer.send(topic, value, key=key, headers=STRUCTURED) for value in values]
        await asyncio.gather(*sent)
        self._tally.told[self._platform] += len(events)


def producer(servers: Sequence[str]) -> AIOKafkaProducer:
    """A partner's producer: nothing is lost, nothing is doubled."""
    return AIOKafkaProducer(
        bootstrap_servers=[*servers], acks="all", enable_idempotence=True, linger_ms=5, client_id="demo"
    )
