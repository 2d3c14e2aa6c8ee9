"""Our way through workload 2, and the usual one: a transaction for each event, with SELECT … FOR UPDATE."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.ground import dsn
from bench.hot_ledger import BYTES, check, opened
from bench.hot_workload import BATCH_RECORDS, Drawn, Record, batches
from bench.meter import Meter
from services.funding.announcement import allocation_fact
from services.funding.domain.books import Books
from services.funding.domain.declaring import CommitmentEvent
from services.funding.domain.envelope import Envelope
from services.funding.domain.outcome import Outcome
from services.funding.handlers import commitments
from services.funding.store.queries import ENVELOPES
from shared.contracts.topics import ALLOCATION
from shared.database.checkpoint import Source
from shared.database.quarantine import plain
from shared.kernel.clock import utc_now
from shared.kernel.funders import Funder
from shared.kernel.ids import derived_id
from shared.messaging.fence import New
from shared.messaging.micro_batch import MicroBatch
from shared.messaging.stream import Incoming

WARM_BATCHES = 2
WARM_EVENTS = 100
FOR_UPDATE = f"{ENVELOPES} FOR UPDATE OF envelope"
PUT_COMMITMENT = (
    "INSERT INTO commitment (commitment_id, contract, exercise, cdc_cents, state_cents, cost_cents, priority, place,"
    " state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)
ANNOUNCE = (
    "INSERT INTO outbox (topic, partition, sequence, key, event_id, type, subject, cause, time, value)"
    " VALUES ($1, $2, nextval('bench_outbox'), $3, $4, $5, $6, $7, $8, $9) RETURNING sequence"
)
SPEND = (
    "UPDATE envelope SET reserved_cents = v.reserved, version = v.version"
    " FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS v(envelope_id, reserved, version)"
    " WHERE envelope.envelope_id = v.envelope_id"
)
POST = (
    "INSERT INTO posting (partition, sequence, line, envelope_id, commitment_id, credit, debit, amount_cents)"
    " SELECT $1, $2, v.* FROM unnest($3::int[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[]) AS v"
)
Apply = Callable[[asyncpg.Connection, Incoming[CommitmentEvent]], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run leaves behind: bytes on disk for one posting (a movement, both its sides), indexes included."""

    bytes_a_posting: float


async def ours(drawn: Drawn, url: str, meter: Meter) -> Found:
    """Feed funding's own micro-batch; the first batches are warm-up, and count for conservation only."""
    engine = await opened(drawn, url)
    batch = MicroBatch(commitments, reader="funding", engine=engine, route=drawn.workload.route, clock=utc_now,
                       seal=plain, give_up=_never)  # fmt: skip
    meter.ready()
    for number, records in enumerate(batches(drawn, BATCH_RECORDS)):
        if number < WARM_BATCHES:
            await batch.apply(records)
            continue
        with meter.measuring(len(records)):
            await batch.apply(records)
    await engine.dispose()
    return await _checked(drawn, url)


async def for_update(drawn: Drawn, url: str, meter: Meter, *, connections: int) -> Found:
    """Give each event a transaction that locks its two envelopes, decides, and writes what ours writes."""
    await (await opened(drawn, url)).dispose()
    async with asyncpg.create_pool(dsn(url), min_size=connections, max_size=connections) as pool:
        await pool.execute("CREATE SEQUENCE bench_outbox START 1000000")
        await each(drawn, pool, meter, decide_locked, connections=connections)
    return await _checked(drawn, url)


async def each(drawn: Drawn, pool: asyncpg.Pool, meter: Meter, apply: Apply, *, connections: int) -> None:
    """Apply events one by one, shared out among connections; the first are warm-up."""
    records = [record for batch in batches(drawn) for record in batch]
    meter.ready()
    await _share_out(iter(records[:WARM_EVENTS]), pool, apply, connections)
    with meter.measuring(len(records) - WARM_EVENTS):
        await _share_out(iter(records[WARM_EVENTS:]), pool, apply, connections)


async def _share_out(records: Iterator[Record], pool: asyncpg.Pool, apply: Apply, connections: int) -> None:
    async def worker() -> None:
        async with pool.acquire() as connection:
            for record in records:
                await apply(connection, decode(record))

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(worker())


def decode(record: Record) -> Incoming[CommitmentEvent]:
    """Decode a record as funding does."""
    event = commitments.decode(New(Source(record.topic, record.partition), record, dict(record.headers), 0))
    assert event is not None
    return event


async def decide_locked(connection: asyncpg.Connection, event: Incoming[CommitmentEvent]) -> None:
    """Lock, decide with funding's own rule, write, commit."""
    async with connection.transaction():
        rows = await connection.fetch(FOR_UPDATE, [event.fact.contract])
        books = Books((Envelope(row[0], row[1], Funder(row[2]), *row[3:]) for row in rows), ())
        (outcome,) = books.decide(event)
        commitment = books.commitments[outcome.commitment_id]
        await connection.execute(
            PUT_COMMITMENT, commitment.commitment_id, commitment.contract, commitment.exercise, commitment.asked.cdc,
            commitment.asked.state, commitment.cost, commitment.priority, commitment.place, commitment.state,
        )  # fmt: skip
        sequence = await connection.fetchval(
            ANNOUNCE, ALLOCATION.name, event.source.partition, outcome.contract.encode(),
            derived_id(event.event_id, 0), outcome.kind, str(outcome.commitment_id), event.event_id,
            event.fact.known_at, allocation_fact(outcome, known_at=event.fact.known_at),
        )  # fmt: skip
        if outcome.postings:
            await _post(connection, books, outcome, partition=event.source.partition, sequence=sequence)


async def _post(
    connection: asyncpg.Connection, books: Books, outcome: Outcome, *, partition: int, sequence: int
) -> None:
    changed = [books.envelopes[name] for name in sorted(books.changed_envelopes)]
    await connection.execute(
        SPEND, [e.envelope_id for e in changed], [e.reserved for e in changed], [e.version for e in changed]
    )
    lines = outcome.postings
    await connection.execute(
        POST, partition, sequence, [*range(len(lines))], [p.envelope_id for p in lines],
        [outcome.commitment_id] * len(lines), [p.credit for p in lines], [p.debit for p in lines],
        [p.amount_cents for p in lines],
    )  # fmt: skip


async def _checked(drawn: Drawn, url: str) -> Found:
    connection = await asyncpg.connect(dsn(url))
    try:
        await check(connection, drawn)
        return Found(await connection.fetchval(BYTES))
    finally:
        await connection.close()


async def _never(_: float) -> bool:
    return False
