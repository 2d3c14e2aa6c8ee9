"""Workload 1's data: commitment events as intake writes them, with a relay's duplicates, produced to a real topic."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaProducer

from shared.contracts.topics import COMMITMENT
from shared.messaging.cloudevents import binary_headers, source_of
from shared.messaging.cluster import Router

DUPLICATE_SHARE = 0.05
RUN_LENGTH = 200
KNOWN_AT = datetime(2016, 4, 4, 8, tzinfo=UTC)
VALUE = (
    '{{"commitment_id":"{id}","contract":"{contract}","platform":"bench","occurred_on":"2016-04-04",'
    '"declared_at":"2016-04-04T08:00:00Z","known_at":"2016-04-04T08:00:00Z","cost_cents":{cost},"cdc_cents":{cdc},'
    '"state_cents":{state},"priority":5,"exercise":2016}}'
)


@dataclass(frozen=True, slots=True)
class Workload:
    """How many events, spread over how many contracts and partitions; the seed makes it the same each time."""

    events: int
    contracts: int = 1_500
    partitions: int = 4
    seed: int = 2016

    @property
    def codes(self) -> list[str]:
        """The contracts' codes."""
        return [f"CV{number:04d}" for number in range(self.contracts)]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out: decisions, and the cents asked of each funder (every envelope has room for all of them)."""

    decisions: int
    cdc_cents: int
    state_cents: int


Record = tuple[bytes, bytes, list[tuple[str, bytes]]]


def records(workload: Workload) -> tuple[dict[int, list[Record]], Expected]:
    """Build each partition's records: every so often a run of events stands twice, as after a relay's restart."""
    rng = random.Random(workload.seed)
    route = Router({COMMITMENT.name: workload.partitions})
    codes = workload.codes
    homes = {code: route(COMMITMENT.name, code.encode()) for code in codes}
    fresh: dict[int, list[Record]] = {partition: [] for partition in range(workload.partitions)}
    cdc_total = state_total = 0
    for _ in range(workload.events):
        contract = rng.choice(codes)
        cdc, state = rng.randrange(1, 500_000), rng.randrange(1, 500_000)
        partition, event_id = homes[contract], UUID(int=rng.getrandbits(128), version=4)
        home = fresh[partition]
        home.append(
            event_record(rng, contract, event_id=event_id, partition=partition, sequence=len(home) + 1, cdc=cdc,
                         state=state)
        )  # fmt: skip
        cdc_total, state_total = cdc_total + cdc, state_total + state
    out = {partition: list(_with_repeats(rng, stream)) for partition, stream in fresh.items()}
    return out, Expected(workload.events, cdc_total, state_total)


def event_record(
    rng: random.Random, contract: str, *, event_id: UUID, partition: int, sequence: int, cdc: int, state: int
) -> Record:
    """Build one declared commitment as intake's relay writes it."""
    commitment = UUID(int=rng.getrandbits(128), version=4)
    value = VALUE.format(id=commitment, contract=contract, cost=cdc + state, cdc=cdc, state=state).encode()
    headers = binary_headers(
        event_id=str(event_id), source=source_of(COMMITMENT.name, partition, 0).encode(),
        type_="CommitmentDeclared", topic=COMMITMENT.name, subject=str(commitment), sequence=sequence, time=KNOWN_AT,
        cause=None, traceparent=None,
    )  # fmt: skip
    return contract.encode(), value, headers


def _with_repeats(rng: random.Random, stream: Sequence[Record]) -> Iterator[Record]:
    for start in range(0, len(stream), RUN_LENGTH):
        run = stream[start : start + RUN_LENGTH]
        yield from run
        if rng.random() < DUPLICATE_SHARE:
            yield from run


async def produce(servers: Sequence[str], streams: dict[int, list[Record]]) -> float:
    """Write all records and return how many bytes a value has on average."""
    producer = AIOKafkaProducer(
        bootstrap_servers=[*servers], acks="all", enable_idempotence=True, max_batch_size=512 * 1024,
        compression_type="zstd",
    )  # fmt: skip
    await producer.start()
    try:
        await asyncio.gather(*(produce_in_order(producer, partition, stream) for partition, stream in streams.items()))
    finally:
        await producer.stop()
    values = [len(value) for stream in streams.values() for _, value, _ in stream]
    return sum(values) / len(values)


async def produce_in_order(producer: AIOKafkaProducer, partition: int, stream: Sequence[Record]) -> None:
    """Write records to one partition of the topic, batch after batch, each acknowledged."""
    position = 0
    while position < len(stream):
        batch = producer.create_batch()
        stamp = int(time.time() * 1000)
        while position < len(stream):
            key, value, headers = stream[position]
            if batch.append(key=key, value=value, timestamp=stamp, headers=headers) is None:
                break
            position += 1
        await (await producer.send_batch(batch, COMMITMENT.name, partition=partition))
