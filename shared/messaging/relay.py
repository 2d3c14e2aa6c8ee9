"""The relay: outbox to Kafka, in sequence order, one batch in flight per partition, and only then the mark."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from sqlalchemy.engine import make_url

from shared.database.outbox import Destination
from shared.kernel.errors import ProgrammeError
from shared.messaging import metrics
from shared.messaging.backoff import delays, pause
from shared.messaging.cloudevents import binary_headers, source_of
from shared.messaging.last_sequence import last_sequences

log = structlog.get_logger()
ROWS_A_ROUND = 3_000
PRODUCER_TIMEOUT_MS = 120_000
IDLE_SECONDS = 0.1
OVERDUE_SECONDS = 1.0
MISSING_SECONDS = 10.0
"""How long a destination whose topic is missing (a partner's, without its dead letters) is left aside."""
PARKING = (
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
BACKLOG = (
    "SELECT topic, partition, epoch, last_sequence, relayed_sequence FROM outbox_partition"
    " WHERE parked IS NULL AND last_sequence > relayed_sequence ORDER BY topic, partition"
)
GIVEN_OUT = "SELECT epoch, last_sequence FROM outbox_partition WHERE topic = $1 AND partition = $2"
ROWS = (
    "SELECT sequence, key, event_id::text, type, subject, cause::text, traceparent, time, committed_at, value"
    " FROM outbox WHERE topic = $1 AND partition = $2 AND sequence > $3 ORDER BY sequence LIMIT $4"
)
"""Identifiers as text, which is how they are sent: asyncpg makes a UUID ten times slower than a string."""
MARK = (
    "UPDATE outbox_partition SET relayed_sequence = GREATEST(relayed_sequence, $3) WHERE topic = $1 AND partition = $2"
)
PARK = "UPDATE outbox_partition SET parked = $3 WHERE topic = $1 AND partition = $2"
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext($1), $2)"
UNLOCK = "SELECT pg_advisory_unlock(hashtext($1), $2)"


class OutboxHole(ProgrammeError):
    """A sequence that was given out is not in the outbox: its partition stops and waits for a person."""


class SenderStuck(ProgrammeError):
    """A producer that failed does not stop: only the end of the process makes sure that it sends nothing more."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not relayed of one output partition."""

    destination: Destination
    epoch: int
    last: int
    relayed: int


class Relay:
    """Publishes the outbox of one database; several may run, each output partition has one at a time.

    `prefers` says which output partitions this process takes at once; the others it takes only when they wait for
    longer than a second with nobody at them.
    """

    def __init__(
        self,
        url: str,
        *,
        servers: Sequence[str],
        name: str,
        prefers: Callable[[Destination], bool] = lambda _: True,
        timeout_ms: int = PRODUCER_TIMEOUT_MS,
    ) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._servers = [*servers]
        self._name = name
        self._prefers = prefers
        self._timeout_ms = timeout_ms
        self._producer: AIOKafkaProducer | None = None
        self._held: set[Destination] = set()
        self._read_ahead: dict[Destination, Sequence[asyncpg.Record]] = {}
        self._waiting_since: dict[Destination, float] = {}
        self._missing_until: dict[Destination, float] = {}
        self.stopping = asyncio.Event()
        self.wake = asyncio.Event()
        self.progressed_at = time.monotonic()

    async def run(self) -> None:
        """Relay until told to stop, whatever breaks in between. Raises SenderStuck: then the process must end."""
        waits = delays(longest=5.0)
        try:
            while not self.stopping.is_set():
                tried_at = time.monotonic()
                try:
                    await self._session()
                except SenderStuck:
                    raise
                except Exception as error:
                    if self.progressed_at > tried_at:
                        waits = delays(longest=5.0)  # it worked in between
                    log.warning("relay starts again", relay=self._name, error=type(error).__name__)
                    await pause(next(waits), self.stopping)
        finally:
            await self._drop_producer()

    async def _session(self) -> None:
        """Hold one database connection, and with it the advisory locks, for as long as both ends work.

        It does not wait for the disk: a mark that a crash takes back is sent again, which readers drop.
        """
        connection = await asyncpg.connect(
            self._dsn, timeout=5, command_timeout=10,
            server_settings={"application_name": f"{self._name}/relay", "synchronous_commit": "off"},
        )  # fmt: skip
        try:
            while not self.stopping.is_set():
                if not await self.relay_once(connection):
                    self.wake.clear()
                    await pause(IDLE_SECONDS, self.stopping, self.wake)
        finally:
            self._held.clear()
            self._read_ahead.clear()
            await asyncio.shield(connection.close(timeout=2))

    async def relay_once(self, connection: asyncpg.Connection) -> int:
        """Send one batch of each output partition that is ours and waits; return how many events were marked."""
        waiting = [Backlog(Destination(r[0], r[1]), r[2], r[3], r[4]) for r in await connection.fetch(BACKLOG)]
        for topic in {b.destination.topic for b in waiting}:
            unpublished = sum(b.last - b.relayed for b in waiting if b.destination.topic == topic)
            metrics.OUTBOX_UNPUBLISHED.labels(topic).set(unpublished)
        await self._let_go(connection, {b.destination for b in waiting})
        sent = 0
        ours = [b for b in waiting if await self._take(connection, b)]
        if ours:
            sent = await self._send(connection, ours)
            self.progressed_at = time.monotonic()
        return sent

    async def _take(self, connection: asyncpg.Connection, backlog: Backlog) -> bool:
        destination = backlog.destination
        if destination in self._held:
            return True
        if not self._is_due(destination) or not await connection.fetchval(TRY_LOCK, *destination):
            return False
        self._held.add(destination)
        log.info("output partition taken", **destination._asdict())
        try:
            last = await last_sequences(self._servers, [destination])
        except UnknownTopicOrPartitionError:
            log.error("topic is missing: run `fabrique provision`", **destination._asdict())
            self._missing_until[destination] = time.monotonic() + MISSING_SECONDS
            self._held.discard(destination)
            await connection.execute(UNLOCK, *destination)
            return False
        # asked now: since the backlog was read, whoever held the partition may have sent what was committed in between
        if last.get(destination, (0, 0)) > tuple(await connection.fetchrow(GIVEN_OUT, *destination)):
            await self._park(connection, destination, "Kafka is ahead: the database was restored")
            return False
        return True

    def _is_due(self, destination: Destination) -> bool:
        now = time.monotonic()
        since = self._waiting_since.setdefault(destination, now)
        if now < self._missing_until.get(destination, 0.0):
            return False
        return self._prefers(destination) or now - since >= OVERDUE_SECONDS

    async def _let_go(self, connection: asyncpg.Connection, waiting: set[Destination]) -> None:
        for destination in self._held - waiting:
            if not self._prefers(destination):
                await connection.execute(UNLOCK, *destination)
                self._held.discard(destination)
                self._read_ahead.pop(destination, None)
        self._waiting_since = {d: s for d, s in self._waiting_since.items() if d in waiting}

    async def _send(self, connection: asyncpg.Connection, backlogs: Iterable[Backlog]) -> int:
        producer = await self._ready_producer()
        filled: list[tuple[Destination, int, int, Any]] = []
        for backlog in backlogs:
            rows = await self._rows(connection, backlog)
            try:
                batch, count = fill(producer.create_batch(), backlog, rows)
            except OutboxHole as hole:
                await self._park(connection, backlog.destination, str(hole))
            else:
                filled.append((backlog.destination, rows[count - 1]["sequence"], count, batch))
                self._read_ahead[backlog.destination] = rows[count:]
        results = await asyncio.gather(
            *(_send_batch(producer, batch, destination) for destination, _, _, batch in filled), return_exceptions=True
        )
        marked = 0
        for (destination, sequence, count, _), result in zip(filled, results, strict=True):
            if isinstance(result, PARKING):
                await self._park(connection, destination, type(result).__name__)
            elif not isinstance(result, BaseException):
                await connection.execute(MARK, *destination, sequence)
                metrics.EVENTS_RELAYED.labels(destination.topic).inc(count)
                marked += count
        if failures := [r for r in results if isinstance(r, BaseException)]:
            await self._drop_producer()  # any error of a send is fatal for an idempotent producer
            raise failures[0]
        return marked

    async def _rows(self, connection: asyncpg.Connection, backlog: Backlog) -> Sequence[asyncpg.Record]:
        """Return what comes next: what found no room in the last batch, if that batch is marked, or else read on."""
        ahead = self._read_ahead.pop(backlog.destination, ())
        if ahead and ahead[0]["sequence"] == backlog.relayed + 1:
            return ahead
        rows: Sequence[asyncpg.Record] = await connection.fetch(
            ROWS, *backlog.destination, backlog.relayed, ROWS_A_ROUND
        )
        return rows

    async def _park(self, connection: asyncpg.Connection, destination: Destination, reason: str) -> None:
        log.error("output partition parked", **destination._asdict(), reason=reason)
        metrics.PARKED.labels(*destination).set(1)
        await connection.execute(PARK, *destination, reason)

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers, client_id=f"{self._name}-relay", enable_idempotence=True, acks="all",
                max_batch_size=512 * 1024, max_request_size=2 * 1024 * 1024, compression_type="zstd",
                request_timeout_ms=self._timeout_ms, metadata_max_age_ms=30_000,
            )  # fmt: skip
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        if not self.stopping.is_set():
            metrics.PRODUCER_REBUILDS.inc()
        try:
            await asyncio.wait_for(producer.stop(), 10)
        except TimeoutError as error:
            raise SenderStuck("a producer does not stop, and could still deliver late") from error


async def _send_batch(producer: AIOKafkaProducer, batch: Any, destination: Destination) -> None:
    """Send, and wait until Kafka has it."""
    await (await producer.send_batch(batch, destination.topic, partition=destination.partition))


def fill(batch: Any, backlog: Backlog, rows: Sequence[asyncpg.Record]) -> tuple[Any, int]:
    """Append rows to a Kafka batch until it is full; return it with how many went in, at least one.

    Raises OutboxHole when the next sequence is not there.
    """
    topic, partition = backlog.destination
    source = source_of(topic, partition, backlog.epoch).encode()
    expected = backlog.relayed
    if not rows:
        raise OutboxHole(f"the outbox has nothing after {expected}, but gave out {backlog.last}")
    for count, row in enumerate(rows):
        sequence, key, event_id, type_, subject, cause, traceparent, at, committed_at, value = row
        expected += 1
        if sequence != expected:
            raise OutboxHole(f"the outbox has {sequence} where {expected} should be")
        headers = binary_headers(
            event_id=event_id, source=source, type_=type_, topic=topic, subject=subject, sequence=sequence, time=at,
            cause=cause, traceparent=traceparent,
        )  # fmt: skip
        stamp = int(committed_at.timestamp() * 1000)
        if batch.append(key=key, value=value, timestamp=stamp, headers=headers) is None:
            return batch, count
    return batch, len(rows)
