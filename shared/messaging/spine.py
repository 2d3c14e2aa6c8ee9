"""The spine of one service's process: its reader, its relay and its publishers, started when all they need is there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from shared.contracts.topics import Topic
from shared.database import outbox, quarantine
from shared.database.checkpoint import Source
from shared.database.outbox import Destination
from shared.database.quarantine import Seal, plain
from shared.database.revision import at_head
from shared.database.tables import Checkpoint, OutboxPartition
from shared.database.transaction import create_engine, reading, transaction
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import ProgrammeError, Unavailable
from shared.messaging.backoff import delays, pause
from shared.messaging.cluster import Router, admin_client, describe
from shared.messaging.lag import PartitionLag, measure
from shared.messaging.preconditions import check_ground
from shared.messaging.reader import SESSION_TIMEOUT_MS, Reader
from shared.messaging.relay import PRODUCER_TIMEOUT_MS, Relay
from shared.messaging.stream import Stream

log = structlog.get_logger()
Publisher = Callable[["Spine"], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class SpineTerms:
    """What one service's process is made of."""

    service: str
    instance: str
    database_url: str
    servers: Sequence[str]
    migrations: Path
    streams: Sequence[Stream[Any]]
    inputs: Sequence[Topic]
    outputs: Sequence[Topic]
    publishers: Sequence[Publisher] = ()
    publish_every_seconds: float = 0.5
    clock: Clock = utc_now
    seal: Seal = plain
    session_timeout_ms: int = SESSION_TIMEOUT_MS
    producer_timeout_ms: int = PRODUCER_TIMEOUT_MS
    pool_size: int = 8


class Spine:
    """Runs a service's reader, relay and publishers; `ready` is set while all of them can work."""

    def __init__(self, terms: SpineTerms) -> None:
        self.terms = terms
        self.engine: AsyncEngine = create_engine(
            terms.database_url, application_name=f"{terms.service}/{terms.instance}", pool_size=terms.pool_size
        )
        self.admin = admin_client(terms.servers)
        self.stopping = asyncio.Event()
        self.started = asyncio.Event()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reader: Reader | None = None
        self.relay: Relay | None = None
        self._router: Router | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def router(self) -> Router:
        """Where keys go. Raises Unavailable until the topics were seen."""
        if self._router is None:
            raise Unavailable("the topics have not been seen yet")
        return self._router

    async def run(self) -> None:
        """Start what can be started, again and again until it works; then wait to be told to stop."""
        for delay in delays(first=0.2, longest=5.0):
            try:
                await self._start()
            except Exception as error:
                log.warning("waiting to start", service=self.terms.service, error=type(error).__name__,
                            detail=str(error))  # fmt: skip
                await self._halt()
                if await pause(delay, self.stopping):
                    return
            else:
                break
        self.started.set()
        log.info("service started", service=self.terms.service, instance=self.terms.instance)
        await self.stopping.wait()

    async def _start(self) -> None:
        terms = self.terms
        await check_ground(self.engine)
        if not await at_head(terms.migrations, self.engine):
            raise Unavailable("the database is not migrated: run `fabrique migrate`")
        await self._see_topics()
        self.reader = Reader(
            terms.service, terms.streams, servers=terms.servers, engine=self.engine, admin=self.admin,
            router=self.router, clock=terms.clock, instance=terms.instance, seal=terms.seal,
            session_timeout_ms=terms.session_timeout_ms, committed=self.announce,
        )  # fmt: skip
        self.relay = Relay(
            terms.database_url,
            servers=terms.servers,
            name=f"{terms.service}/{terms.instance}",
            prefers=self._prefers,
            timeout_ms=terms.producer_timeout_ms,
        )
        await self.reader.start()
        self._tasks = [asyncio.create_task(self._guard(self.relay.run())), asyncio.create_task(self._follow_reader())]
        self._tasks += [asyncio.create_task(self._guard(self._publish(p))) for p in terms.publishers]

    async def _see_topics(self) -> None:
        """Learn the number of partitions of every topic, and name those that are missing."""
        names = {t.name for t in (*self.terms.inputs, *self.terms.outputs)}
        dead = {t.dlq(self.terms.service) for t in self.terms.inputs}
        found = await describe(self.admin, names | dead)
        if missing := (names | dead) - found.keys():
            raise Unavailable(f"topics are missing: {', '.join(sorted(missing))}: run `fabrique provision`")
        self._router = Router({name: topic.partitions for name, topic in found.items()})
        written = {t.name for t in self.terms.outputs} | dead
        async with transaction(self.engine) as session:
            await outbox.prepare(session, {name: found[name].partitions for name in written})

    async def add_output(self, name: str) -> None:
        """Learn an output topic that came later (a new partner's dead letters)."""
        found = await describe(self.admin, [name])
        if name not in found:
            raise Unavailable(f"topics are missing: {name}: run `fabrique provision`")
        self.router.partitions[name] = found[name].partitions
        async with transaction(self.engine) as session:
            await outbox.prepare(session, {name: found[name].partitions})

    def _prefers(self, destination: Destination) -> bool:
        """Relay at once what our own partitions produce; without a held partition, relay everything."""
        reader = self.reader
        if reader is None or not reader.assignment.held:
            return True
        return destination.partition in {p.partition for p in reader.assignment.held}

    async def _guard(self, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._fail(error)

    async def _follow_reader(self) -> None:
        if self.reader is None:
            raise RuntimeError("no reader to follow")
        try:
            await asyncio.shield(self.reader.failed)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        log.critical("service cannot go on", service=self.terms.service, error=type(error).__name__)
        if not self.failed.done():
            self.failed.set_exception(ProgrammeError(f"{type(error).__name__}: {error}"))

    async def _publish(self, publisher: Publisher) -> None:
        waits = delays(longest=10.0)
        while not self.stopping.is_set():
            try:
                await publisher(self)
            except Exception as error:
                log.warning("publisher tries again", error=type(error).__name__, detail=str(error))
                await pause(next(waits), self.stopping)
            else:
                waits = delays(longest=10.0)
                await pause(self.terms.publish_every_seconds, self.stopping)

    def announce(self) -> None:
        """Wake the relay: something was committed."""
        if self.relay is not None:
            self.relay.wake.set()

    async def stop(self) -> None:
        """Stop in order: no new batch, the batch in hand, the relay's flight, the connections."""
        self.stopping.set()
        await self._halt()
        await self.engine.dispose()

    async def _halt(self) -> None:
        if self.relay is not None:
            self.relay.stopping.set()
            self.relay.wake.set()
        if self.reader is not None:
            await self.reader.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks[:1], timeout=10)
            for task in (*late, *self._tasks[1:]):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self.reader, self.relay = [], None, None

    async def readiness(self) -> dict[str, Any]:
        """Say what works; `ready` is true when the database answers, and partitions are received and placed."""
        state: dict[str, Any] = self.reader.assignment.state() if self.reader is not None else {"received": False}
        state["started"] = self.started.is_set()
        try:
            async with asyncio.timeout(2), reading(self.engine) as session:
                state["quarantine_open"] = await quarantine.count_open(session)
            state["database"] = True
        except Exception as error:
            state["database"] = False
            state["database_error"] = type(error).__name__
        state["ready"] = bool(state["database"] and state["started"] and state["received"])
        return state

    async def lag(self) -> list[PartitionLag]:
        """Measure the lag of every input partition."""
        async with reading(self.engine) as session:
            rows = (await session.scalars(select(Checkpoint))).all()
        return await measure(self.terms.servers, {Source(r.topic, r.partition): r.next_offset for r in rows})

    async def unpublished(self) -> int:
        """Count outbox events that Kafka has not acknowledged."""
        async with reading(self.engine) as session:
            rows = (await session.scalars(select(OutboxPartition))).all()
        return sum(row.last_sequence - row.relayed_sequence for row in rows)
