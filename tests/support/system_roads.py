"""The roads by which a partner tells its events, again and again until each is acknowledged, and what was answered."""

import asyncio
import json
import random
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.support.system_partner import Json, Partner

POISONED = "told_poison"
"""A header that intake does not read: it says which records a test spoilt, and how."""
Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Reply:
    """One answer to one event: 202 and our identifiers, or a problem's type."""

    status: int
    event_id: str | None = None
    commitment_id: str | None = None
    problem: str | None = None


@dataclass
class Acknowledged:
    """One event and every answer that it ever got; by Kafka's road, how often the broker took it."""

    event: Json
    platform: str
    replies: list[Reply] = field(default_factory=list)
    times_on_kafka: int = 0


@dataclass
class Correspondence:
    """All that partners told and that was acknowledged, by (platform, source, id); and what it cost them."""

    told: dict[tuple[str, str, str], Acknowledged] = field(default_factory=dict)
    tried_again: int = 0
    producers_rebuilt: int = 0

    def of(self, event: Json, platform: str) -> Acknowledged:
        """What is noted of an event."""
        return self.told.setdefault((platform, event["source"], event["id"]), Acknowledged(event, platform))


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait to be told to stop, for a moment only: the pace of whoever tells."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


@dataclass
class HttpRoad:
    """`POST /v1/events`, one or several, and `:bulk`: told again, the same, until there is an answer for each event."""

    url: str
    key: str
    partner: Partner
    letters: Correspondence
    stop: asyncio.Event
    pace_seconds: float = 0.1

    async def tell_on(self) -> None:
        """Tell until stopped."""
        chance = self.partner.chance
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            while not self.stop.is_set():
                count = chance.choice((1, 1, 1, 5, 20))
                way = chance.choice(("bulk", "array")) if count > 1 else "one"
                events = self.partner.events(count)
                await self.tell(client, events, way)
                if chance.random() < 0.1:
                    await self.tell(client, events, way)
                await rest(self.stop, self.pace_seconds)

    async def tell(self, client: httpx.AsyncClient, events: Sequence[Json], way: str) -> None:
        """Tell events until each is answered, and note the answers."""
        while (replies := await self._ask(client, events, way)) is None:
            self.letters.tried_again += 1
            await asyncio.sleep(0.1)  # nobody is there: a partner waits before it knocks again
        for event, reply in zip(events, replies, strict=True):
            self.letters.of(event, self.partner.platform).replies.append(reply)

    async def _ask(self, client: httpx.AsyncClient, events: Sequence[Json], way: str) -> list[Reply] | None:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        path, body = "/v1/events", json.dumps(events[0] if way == "one" else list(events))
        if way == "bulk":
            path, body = "/v1/events:bulk", "\n".join(json.dumps(event) for event in events)
        try:
            answer = await client.post(self.url + path, content=body, headers=headers)
        except httpx.TransportError:
            return None
        replies = _replies(answer, way)
        done = len(replies) == len(events) and all(reply.status < 500 for reply in replies)
        return replies if done else None


def _replies(answer: httpx.Response, way: str) -> list[Reply]:
    """Read an answer; an incomplete one has fewer replies than there were events."""
    if way == "one" or answer.is_error:
        body = answer.json() if answer.content else {}
        return [_reply({"status": answer.status_code} | body)]
    if way == "array":
        return [_reply({"status": 202} | item) for item in answer.json()]
    return [_reply(json.loads(line)) for line in answer.text.splitlines()]


def _reply(said: Json) -> Reply:
    if said["status"] == httpx.codes.ACCEPTED:
        return Reply(202, said["id"], said.get("commitment_id"))
    return Reply(said["status"], problem=said.get("type"))


@dataclass
class KafkaRoad:
    """A partner's own topic, in both modes of CloudEvents; after any error a new producer tells the same again."""

    servers: Sequence[str]
    topic: str
    partner: Partner
    letters: Correspondence
    stop: asyncio.Event
    partitions: int
    poison: Iterable[tuple[str, bytes | None, Sequence[Header]]] = ()
    pace_seconds: float = 0.5

    async def tell_on(self) -> None:
        """Tell until stopped; each poison goes between two good records of its partition."""
        poison = list(self.poison)
        self.partner.chance.shuffle(poison)
        producer: AIOKafkaProducer | None = None
        while not self.stop.is_set() or poison:
            events = self.partner.events(self.partner.chance.randint(2, 10))
            records = [self._record(event) for event in events]
            if poison:
                records = self._spoil(records, *poison.pop())
            while (taken := await self._send(producer, records)) is None:
                producer = None
                self.letters.producers_rebuilt += 1
                await asyncio.sleep(0.2)  # no broker: a partner waits before it tries again
            producer = taken
            for event in events:
                self.letters.of(event, self.partner.platform).times_on_kafka += 1
            await rest(self.stop, self.pace_seconds)
        if producer is not None:
            await producer.stop()

    def _spoil(
        self, records: list[tuple[int, bytes | None, list[Header]]], name: str, value: bytes | None,
        headers: Sequence[Header],
    ) -> list[tuple[int, bytes | None, list[Header]]]:  # fmt: skip
        """Put a bad record between good ones, all in the first one's partition where there is a choice."""
        place = len(records) // 2
        bad = (records[place][0], value, [*headers, (POISONED, name.encode())])
        return [*records[:place], bad, *records[place:]]

    def _record(self, event: Json) -> tuple[int, bytes | None, list[Header]]:
        """A record in one of the two modes; what is told of one commitment or person goes to one partition."""
        data = event["data"]
        about = data.get("reference") or data["entrepreneur_reference"]
        partition = zlib.crc32(about.encode()) % self.partitions
        if self.partner.chance.random() < 0.5:
            return partition, json.dumps(event).encode(), [("content-type", b"application/cloudevents+json")]
        headers: list[Header] = [
            (f"ce_{name}", event[name].encode()) for name in ("specversion", "id", "source", "type")
        ]
        return partition, json.dumps(data).encode(), [*headers, ("content-type", b"application/json")]

    async def _send(
        self, producer: AIOKafkaProducer | None, records: Sequence[tuple[int, bytes | None, list[Header]]]
    ) -> AIOKafkaProducer | None:
        """Send records, in order; the producer when all are acknowledged, else None and it is no more."""
        try:
            producer = producer or await partner_producer(self.servers)
            sent: list[Any] = []
            for partition, value, headers in records:
                sent.append(await producer.send(self.topic, value, b"k", partition, headers=headers))
            await asyncio.gather(*sent)
        except (KafkaError, OSError, RuntimeError):
            if producer is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(producer.stop(), 10)
            return None
        return producer


async def partner_producer(servers: Sequence[str]) -> AIOKafkaProducer:
    """A producer as a careful partner has one."""
    producer = AIOKafkaProducer(
        bootstrap_servers=[*servers], enable_idempotence=True, linger_ms=5, request_timeout_ms=4_000,
        max_request_size=4 * 1024 * 1024, compression_type="gzip",
    )  # fmt: skip
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


def same_partition_poisons() -> list[tuple[str, bytes | None, Sequence[Header]]]:
    """Records that nobody can apply, by the reason that intake must give."""
    binary: list[Header] = [
        ("ce_specversion", b"1.0"), ("ce_id", b"poison"), ("ce_source", b"/adie/bethune"),
        ("ce_type", b"CommitmentDeclared"),
    ]  # fmt: skip
    structured: list[Header] = [("content-type", b"application/cloudevents+json")]
    return [
        ("json-invalid", b'{"cost_cents": 12', binary),
        ("value-null", None, binary),
        ("header-not-utf8", b"{}", [*binary[:1], ("ce_id", b"\xff\xfe"), *binary[2:]]),
        ("type-unknown", b"{}", [*binary[:3], ("ce_type", b"CommitmentDreamt")]),
        ("field-invalid", b'{"cost_cents": 1.5}', binary),
        ("too-large", b"[" + b" " * (1024 * 1024 - 2) + b"]", structured),
        ("not-an-object", b'["a list"]', structured),
        ("json-invalid", b"[" * 10_000, structured),
    ]


def seeded(seed: int, name: str) -> random.Random:
    """A source of chance of one's own, so that who is scheduled first changes nothing."""
    return random.Random(f"{seed}/{name}")
