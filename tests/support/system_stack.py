"""The whole chain for a test: a broker, a PostgreSQL and the three services as processes, all its own, to be hurt."""

import asyncio
import inspect
import os
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres_wheel import PostgresFromWheel
from fabrique.stack.provisioning import make_topics, migrate
from fabrique.stack.service_process import ServiceProcess
from services.intake.app import Settings as IntakeSettings
from services.intake.app import create_key
from shared.kernel.funders import Funder

SERVICES = ("intake", "funding", "reporting")
SESSION_MS, PRODUCER_MS = 2_000, 4_000
PARTITIONS = 4
READY_SECONDS_MAX = 60.0
LINES_TOLD = 25
Row = dict[str, Any]


@dataclass
class SystemStack:
    """What runs, and how to hurt it; `deaths` counts the processes that ended without being told to."""

    folder: Path
    kafka: Broker
    postgres: PostgresFromWheel
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    operator_key: str = field(default_factory=lambda: secrets.token_hex(16))
    processes: dict[str, ServiceProcess] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    between_send_and_mark: Counter[str] = field(default_factory=Counter)
    truce: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def servers(self) -> list[str]:
        """Where the broker answers."""
        return self.kafka.bootstrap_servers

    def url(self, name: str) -> str:
        """Where a process answers by HTTP."""
        return self.processes[name].url

    def dsn(self, database: str) -> str:
        """A database's URL for asyncpg."""
        return self.postgres.url(database).replace("+asyncpg", "", 1)

    @property
    def logs(self) -> list[Path]:
        """The log files of the services, of the broker and of PostgreSQL."""
        return [*sorted((self.folder / "logs").rglob("*.log")), *self.folder.glob("*/kafka.log"),
                *self.folder.glob("*/postgres.log")]  # fmt: skip

    def launch(self, name: str, *, service: str | None = None, **settings: object) -> ServiceProcess:
        """Start a process of a service, named after it unless there are several."""
        service = service or name
        instance = name.rpartition("-")[2] if name != service else "1"
        told: dict[str, object] = {
            "database_url": self.postgres.url(service), "kafka_bootstrap_servers": ",".join(self.servers),
            "port": free_port(), "instance": instance, "session_timeout_ms": SESSION_MS,
            "producer_timeout_ms": PRODUCER_MS,
        }  # fmt: skip
        told |= {"intake": {"secret": self.secret}, "funding": {"operator_key": self.operator_key}}.get(service, {})
        told |= settings
        logs = self.folder / "logs" / name
        logs.mkdir(parents=True, exist_ok=True)
        environment = {f"{service}_{setting}".upper(): str(value) for setting, value in told.items()}
        process = ServiceProcess(service, f"http://127.0.0.1:{told['port']}", logs, environment)
        process.launch()
        self.processes[name] = process
        return process

    async def ready(self, *names: str, seconds: float = READY_SECONDS_MAX) -> None:
        """Wait until processes can work."""
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            for name in names or tuple(self.processes):
                await self.eventually(
                    lambda name=name: self.is_ready(name, client), f"{name} is ready", seconds=seconds
                )

    async def is_ready(self, name: str, client: httpx.AsyncClient) -> bool:
        """Whether a process can work now."""
        try:
            return (await client.get(f"{self.url(name)}/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process, if it runs."""
        if (pid := self.processes[name].pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def stop(self, name: str) -> None:
        """Stop a process politely and forget it."""
        await asyncio.to_thread(self.processes.pop(name).stop)

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Start again at once each process that has ended, however it ended; count those that nobody killed."""
        stop, known = asyncio.Event(), Counter(self.kills)

        async def supervise() -> None:
            while not stop.is_set():
                for name, process in list(self.processes.items()):
                    if process.pid is None:
                        self.deaths[name] += known[name] == self.kills[name]
                        known[name] = self.kills[name]
                        await asyncio.to_thread(process.launch)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.02)

        supervisor = asyncio.create_task(supervise())
        try:
            yield
        finally:
            stop.set()
            await supervisor

    async def kill(self, name: str) -> None:
        """SIGKILL a process, and return when its supervisor has started it again."""
        process = self.processes[name]
        await self.eventually(lambda: process.pid is not None, f"{name} runs", every=0.02)
        pid = process.pid
        self.kills[name] += 1
        self.signal(name, signal.SIGKILL)
        await self.eventually(lambda: process.pid not in (None, pid), f"{name} runs again", every=0.02)

    async def eventually(
        self, condition: Callable[[], Awaitable[bool] | bool], what: str, *, seconds: float = 30.0, every: float = 0.1
    ) -> None:
        """Wait until a condition holds. Raises AssertionError, that says what was waited for, when it does not."""
        deadline = time.monotonic() + seconds
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:g} s: {what}")
            await asyncio.sleep(every)

    async def rows(self, database: str, query: str, *arguments: object) -> list[Row]:
        """Read rows by plain SQL."""
        connection = await asyncpg.connect(self.dsn(database), timeout=10)
        try:
            return [dict(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def key(self, platform: str, *, types: Sequence[str] = ("*",), funders: Iterable[Funder] = ()) -> str:
        """Make a key of a platform."""
        settings = IntakeSettings(database_url=self.postgres.url("intake"))
        return (await create_key(settings, platform=platform, event_types=types, funders=funders)).key

    async def open_programme(self, programme: str, contracts: Iterable[str]) -> None:
        """Open a programme's envelopes, and wait until intake knows its contracts."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            answer = await client.put(
                f"{self.url('funding')}/v1/programme", content=programme,
                headers={"authorization": f"Bearer {self.operator_key}"},
            )  # fmt: skip
        assert answer.status_code == httpx.codes.OK, answer.text

        async def are_known() -> bool:
            known = {row["contract"] for row in await self.rows("intake", "SELECT contract FROM known_contract")}
            return set(contracts) <= known

        await self.eventually(are_known, "intake knows the contracts")

    async def lags(self) -> dict[str, dict[str, Any] | None]:
        """Each process's own measure of its lag; None when it does not answer."""
        found: dict[str, dict[str, Any] | None] = {}
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            for name in self.processes:
                try:
                    answer = await client.get(f"{self.url(name)}/ops/lag")
                    found[name] = answer.json() if answer.is_success else None
                except httpx.HTTPError:
                    found[name] = None
        return found

    async def settled(self, *, seconds: float) -> None:
        """Wait until nothing is left to do: no lag in records, nothing unpublished, and figures stated of all of it."""

        async def is_settled() -> bool:
            lags = await self.lags()
            return (
                all(
                    lag and not lag["unpublished"] and not any(row["records"] for row in lag["partitions"])
                    for lag in lags.values()
                )
                and await self.figures_are_current()
            )

        await self.eventually(is_settled, "every lag is zero, and figures are current", seconds=seconds)

    async def figures_are_current(self) -> bool:
        """Whether what was last stated is of all that reporting and funding know."""
        stated = {row["topic"]: row["read"] for row in await self.rows("reporting", "SELECT * FROM publication")}
        query = "SELECT topic, partition, last_sequence FROM checkpoint WHERE last_sequence > 0"
        pairs = {"funding.allocation.v1": "reporting.budget.v1", "intake.entrepreneur.v1": "reporting.survival.v1"}
        for row in await self.rows("reporting", query):
            if f'"{row["partition"]}": {row["last_sequence"]}' not in stated.get(pairs[row["topic"]], ""):
                return False
        late = "SELECT 1 FROM envelope e LEFT JOIN envelope_statement s USING (envelope_id)"
        return not await self.rows("funding", f"{late} WHERE e.version > coalesce(s.version, 0) LIMIT 1")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Print the end of every log when the body fails: for what is done before a test begins."""
        try:
            yield
        except BaseException:
            say(*self.tails())
            raise

    def tails(self) -> Iterator[str]:
        """The last lines of each log."""
        for path in self.logs:
            yield f"--- the end of {path.relative_to(self.folder)}"
            yield from path.read_text(errors="replace").splitlines()[-LINES_TOLD:]


@asynccontextmanager
async def open_stack(
    folder: Path, *, platforms: Sequence[str] = (), services: Sequence[str] = SERVICES
) -> AsyncIterator[SystemStack]:
    """Start everything, provisioned and migrated; returns when all services are ready. Leaves nothing running."""
    postgres = PostgresFromWheel(folder / "postgres")
    kafka, _ = await asyncio.gather(
        asyncio.to_thread(start_kafka, folder / "kafka", profile="quick", report=say, among=["java"]),
        asyncio.to_thread(postgres.start),
    )
    stack = SystemStack(folder, kafka, postgres)
    try:
        for name in SERVICES:
            await asyncio.to_thread(postgres.create_database, name)
        for name in services:
            stack.launch(name)  # it loads while its database is migrated, and waits for it
        for name in SERVICES:
            await migrate(name, postgres.url(name))
        await make_topics(stack.servers, platforms=platforms, partitions=PARTITIONS)
        await stack.ready()
        yield stack
    finally:
        for name, process in stack.processes.items():
            stack.signal(name, signal.SIGCONT)
            process.terminate()
        for process in stack.processes.values():
            await asyncio.to_thread(process.stop)
        await asyncio.to_thread(stack.kafka.erase)
        await asyncio.to_thread(postgres.erase)


def say(*lines: object) -> None:
    """Tell whoever reads the test's output: pytest shows it when the test fails."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def tell_logs_on_failure(request: pytest.FixtureRequest, stack: SystemStack) -> Iterator[None]:
    """Print the end of every log when a test fails; the body of an autouse fixture."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        say(*stack.tails())
