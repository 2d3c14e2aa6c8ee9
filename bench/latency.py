"""How long an event takes, at a steady rate, from the producer's call to a subscriber's hand."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.ground import Ground, NotConserved, console, dsn, serving, settled
from bench.workload import Record, event_record, produce_in_order
from shared.contracts.topics import ALLOCATION, COMMITMENT
from shared.messaging.cluster import Router
from shared.web.serve import calm_collector

TICK_SECONDS = 0.01
Sent = dict[bytes, float]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from produced to received, at `events_per_second`."""

    events_per_second: int
    p50_ms: float
    p99_ms: float


async def run(ground: Ground, *, rates: Sequence[int] = (500, 5_000), seconds: float) -> None:
    """Let the service catch up with the topic, then tell it events at each rate in turn; print how long each took.

    It adds to the topic: whatever counts on what was written there must run before.
    """
    url = await ground.fresh()
    connection = await asyncpg.connect(dsn(url))
    try:
        async with serving(ground, url, processes=1) as children:
            await settled(connection, children, decisions=ground.expected.decisions)
            teller = Teller(ground, decided=ground.expected.decisions)
            for rate in rates:
                found = await teller.measure(connection, rate=rate, seconds=seconds)
                console.print(f"at {rate:,} events/s: p50 {found.p50_ms:.0f} ms, p99 {found.p99_ms:.0f} ms")
    finally:
        await connection.close()


class Teller:
    """Produces further events of the workload, in sequence, and meets their decisions as any subscriber would."""

    def __init__(self, ground: Ground, *, decided: int) -> None:
        self._ground = ground
        self._decided = decided
        self._rng = random.Random(ground.workload.seed + 1)
        route = Router({COMMITMENT.name: ground.workload.partitions})
        self._codes = ground.workload.codes
        self._homes = {code: route(COMMITMENT.name, code.encode()) for code in self._codes}
        self._sequences: dict[int, int] = {}

    async def measure(self, connection: asyncpg.Connection, *, rate: int, seconds: float) -> Latency:
        """Tell `rate` events a second for some seconds; return the latencies once each has its decision."""
        self._sequences = dict(
            await connection.fetch("SELECT partition, last_sequence FROM checkpoint WHERE topic = $1", COMMITMENT.name)
        )
        servers = [*self._ground.broker.bootstrap_servers]
        sent: Sent = {}
        consumer = AIOKafkaConsumer(ALLOCATION.name, bootstrap_servers=servers, auto_offset_reset="latest",
                                    fetch_max_wait_ms=10)  # fmt: skip
        producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True,
                                    max_batch_size=512 * 1024)  # fmt: skip
        async with consumer, producer:
            await consumer.seek_to_end()
            total = int(rate * seconds)
            received = asyncio.create_task(_receive(consumer, sent, total))
            await self._tell(producer, sent, rate=rate, total=total)
            async with asyncio.timeout(60):
                waits = await received
        self._decided += total
        if await connection.fetchval("SELECT count(*) FROM commitment") != self._decided:
            raise NotConserved(f"{self._decided} events were told, and not as many are decided")
        cuts = statistics.quantiles(waits, n=100)
        return Latency(rate, cuts[49] * 1000, cuts[98] * 1000)

    async def _tell(self, producer: AIOKafkaProducer, sent: Sent, *, rate: int, total: int) -> None:
        events = [self._next() for _ in range(total)]
        calm_collector()
        started, told = time.perf_counter(), 0
        while told < total:
            now = time.perf_counter()
            due = min(total, int((now - started) * rate) + 1)
            by_partition: dict[int, list[Record]] = {}
            for home, event_id, record in events[told:due]:
                by_partition.setdefault(home, []).append(record)
                sent[event_id] = now
            told = due
            await asyncio.gather(*(produce_in_order(producer, home, each) for home, each in by_partition.items()))
            await asyncio.sleep(TICK_SECONDS)

    def _next(self) -> tuple[int, bytes, Record]:
        contract = self._rng.choice(self._codes)
        home = self._homes[contract]
        self._sequences[home] += 1
        event_id = UUID(int=self._rng.getrandbits(128), version=4)
        record = event_record(self._rng, contract, event_id=event_id, partition=home, sequence=self._sequences[home],
                              cdc=1, state=1)  # fmt: skip
        return home, str(event_id).encode(), record


async def _receive(consumer: AIOKafkaConsumer, sent: Sent, total: int) -> list[float]:
    """Time each decision that was asked for; what is sent twice counts once."""
    waits: list[float] = []
    while len(waits) < total:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            now = time.perf_counter()
            for record in records:
                started = sent.pop(dict(record.headers)["ce_causationid"], None)
                if started is not None:
                    waits.append(now - started)
    return waits
