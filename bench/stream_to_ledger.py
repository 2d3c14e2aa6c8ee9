"""Workload 1: from a topic of commitment events to both funders' ledger and the published decisions, exactly once."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg
from confluent_kafka.admin import AdminClient
from rich.console import Console
from sqlalchemy.engine import make_url

from bench.workload import Expected, Workload, produce, records
from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres, start_postgres
from services.funding.app import MIGRATIONS
from services.funding.programme import Opening
from services.funding.use_cases import open_envelopes
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.transaction import create_engine, transaction
from shared.kernel.clock import utc_now
from shared.kernel.funders import Funder
from shared.messaging.cluster import Router, admin_client, new_topics, provision

console = Console()
OUTPUTS = (ALLOCATION, ENVELOPE, TERRITORY)
SETTLED = (
    "SELECT (SELECT coalesce(sum(last_sequence), 0) FROM checkpoint),"
    " (SELECT coalesce(sum(last_sequence - relayed_sequence), 0) FROM outbox_partition)"
)


class NotConserved(AssertionError):
    """Something was lost or doubled: the figure is void."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: events per second, the processes' CPU seconds and resident memory."""

    name: str
    events_per_second: float
    cpu_seconds: float
    resident_mb: float


@dataclass(slots=True)
class Ground:
    """The machine's Kafka and PostgreSQL, the topic already written, and what must come out of it."""

    broker: Broker
    postgres: Postgres
    admin: AdminClient
    workload: Workload
    expected: Expected
    runs: int = 0

    async def fresh(self) -> str:
        """Make an empty ledger with every envelope open, and empty output topics; return the database's URL."""
        self.runs += 1
        name = f"bench_{self.runs}"
        self.postgres.create_database(name)
        url = self.postgres.url(name)
        await upgrade(MIGRATIONS, url)
        await asyncio.to_thread(self._remake_outputs)
        partitions = dict.fromkeys((COMMITMENT.name, *(t.name for t in OUTPUTS)), self.workload.partitions)
        partitions[COMMITMENT.dlq("funding")] = 1
        engine = create_engine(url, application_name="bench")
        async with transaction(engine) as session:
            await outbox.prepare(session, partitions)
        openings = [Opening(code, funder, 2016, 10**12) for code in self.workload.codes for funder in Funder]
        await open_envelopes(
            openings, engine=engine, route=Router(partitions), clock=utc_now, by="bench",
            effective_on=date(2016, 1, 1),
        )  # fmt: skip
        await engine.dispose()
        return url

    def _remake_outputs(self) -> None:
        for answer in self.admin.delete_topics([t.name for t in OUTPUTS]).values():
            answer.exception(20)
        made: list[str] = []
        deadline = time.monotonic() + 30
        while len(made) < len(OUTPUTS) and time.monotonic() < deadline:
            time.sleep(0.2)  # a deleted topic's name is free a moment later
            wanted = [n for n in self._new_outputs() if n.topic not in made]
            answers = self.admin.create_topics(wanted)
            made += [name for name, answer in answers.items() if answer.exception(20) is None]

    def _new_outputs(self) -> list:  # type: ignore[type-arg]
        topics = new_topics(OUTPUTS, partitions=self.workload.partitions, replication=1, min_insync=1)
        return [topic for topic in topics if not topic.topic.endswith(".dlq")]


def dsn(url: str) -> str:
    """Turn SQLAlchemy's URL into asyncpg's."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def usage(pids: Sequence[int]) -> tuple[float, float]:
    """Read CPU seconds and resident MB of living processes."""
    ticks = os.sysconf("SC_CLK_TCK")
    cpu = memory = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / ticks
        memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return cpu, memory


async def ours(ground: Ground, *, processes: int) -> Run:
    """Run the service as it is, in some processes, until everything is decided and acknowledged by Kafka."""
    url = await ground.fresh()
    environment = os.environ | {
        "FUNDING_DATABASE_URL": url, "FUNDING_KAFKA_BOOTSTRAP_SERVERS": ",".join(ground.broker.bootstrap_servers),
    }  # fmt: skip
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "services.funding"],
            env=environment | {"FUNDING_PORT": "0", "FUNDING_INSTANCE": str(number)}, stderr=subprocess.DEVNULL,
        )
        for number in range(processes)
    ]  # fmt: skip
    connection = await asyncpg.connect(dsn(url))
    try:
        done, unpublished, first, started = 0, 1, 0, 0.0
        deadline = time.perf_counter() + 600
        while done < ground.expected.decisions or unpublished:
            await asyncio.sleep(0.05)
            done, unpublished = await connection.fetchrow(SETTLED)
            if not started and done:
                first, started = done, time.perf_counter()
            if any(child.poll() is not None for child in children):
                raise NotConserved("a process ended by itself")
            if time.perf_counter() > deadline:
                raise NotConserved(f"after 600 s {done} are decided and {unpublished} not published")
        seconds = time.perf_counter() - started
        cpu, memory = usage([child.pid for child in children])
        await check(connection, ground.expected, complete=True)
    finally:
        await connection.close()
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
    return Run(f"ours, {processes} process(es)", (ground.expected.decisions - int(first)) / seconds, cpu, memory)


async def naive(ground: Ground, *, seconds: float) -> Run:
    """Run the naive handler on the same topic for some seconds."""
    url = await ground.fresh()
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.naive"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=os.environ | {"BENCH_DATABASE_URL": url, "BENCH_SERVERS": ",".join(ground.broker.bootstrap_servers)},
    )  # fmt: skip
    connection = await asyncpg.connect(dsn(url))
    try:
        async with asyncio.timeout(60):
            while not (first := await connection.fetchval("SELECT count(*) FROM commitment")):
                await asyncio.sleep(0.05)
        started = time.perf_counter()
        await asyncio.sleep(seconds)
        done = await connection.fetchval("SELECT count(*) FROM commitment")
        elapsed = time.perf_counter() - started
        cpu, memory = usage([child.pid])
    finally:
        child.terminate()
        child.wait(30)
    await check(connection, ground.expected, complete=False)
    await connection.close()
    await asyncio.to_thread(_forget_group, ground.admin)
    return Run("naive", (done - first) / elapsed, cpu, memory)


def _forget_group(admin: AdminClient) -> None:
    for answer in admin.delete_consumer_groups(["naive"]).values():
        answer.exception(20)


async def check(connection: asyncpg.Connection, expected: Expected, *, complete: bool) -> None:
    """Check conservation: nothing lost, nothing doubled, each balance the sum of what made it."""
    asked = await connection.fetchrow(
        "SELECT count(*), coalesce(sum(cdc_cents), 0), coalesce(sum(state_cents), 0) FROM commitment"
    )
    reserved = await connection.fetchval("SELECT sum(reserved_cents) FROM envelope")
    if asked[1] + asked[2] != reserved:
        raise NotConserved(f"commitments ask {asked[1] + asked[2]}, envelopes hold {reserved}")
    if not complete:
        return
    if tuple(asked) != (expected.decisions, expected.cdc_cents, expected.state_cents):
        raise NotConserved(f"decided {tuple(asked)}, expected {expected}")
    postings = await connection.fetchval("SELECT sum(amount_cents) FROM posting WHERE debit = 'reserved'")
    wrong = await connection.fetchval(
        "SELECT count(*) FROM envelope e LEFT JOIN (SELECT envelope_id, sum(amount_cents) AS amount FROM posting"
        " WHERE debit = 'reserved' GROUP BY 1) p USING (envelope_id) WHERE e.reserved_cents <> coalesce(p.amount, 0)"
    )
    published = await connection.fetchval("SELECT count(*) FROM outbox WHERE type = 'AllocationReserved'")
    if postings != reserved or wrong or published != expected.decisions:
        raise NotConserved(f"postings {postings}, wrong balances {wrong}, announced {published}")


async def run(*, events: int, rounds: int, naive_seconds: float, folder: Path) -> None:
    """Run ours with one and two processes and the naive way in turn, and print the line that counts."""
    workload = Workload(events)
    broker = start_kafka(folder / "kafka", profile="default", report=console.print)
    postgres = start_postgres(folder / "postgres", report=console.print)
    try:
        admin = admin_client(broker.bootstrap_servers)
        await provision(
            admin, new_topics([COMMITMENT, *OUTPUTS], partitions=workload.partitions, replication=1, min_insync=1)
        )
        streams, expected = records(workload)
        size = await produce(broker.bootstrap_servers, streams)
        written = sum(map(len, streams.values()))
        console.print(f"{events} events of {size:.0f} B, {written - events} more sent twice, "
                      f"{workload.partitions} partitions, {workload.contracts} contracts × 2 funders")  # fmt: skip
        del streams
        ground = Ground(broker, postgres, admin, workload, expected)
        measured: dict[str, list[Run]] = {}
        for _ in range(rounds):
            for measure in (ours(ground, processes=1), ours(ground, processes=2), naive(ground, seconds=naive_seconds)):
                result = await measure
                measured.setdefault(result.name, []).append(result)
                console.print(f"{result.name}: {result.events_per_second:,.0f} events/s, "
                              f"{result.cpu_seconds:.1f} CPU s, {result.resident_mb:.0f} MB")  # fmt: skip
        _report(measured)
    finally:
        postgres.erase()
        broker.erase()


def _report(measured: dict[str, list[Run]]) -> None:
    medians = {}
    for name, runs in measured.items():
        rates = [run.events_per_second for run in runs]
        medians[name] = statistics.median(rates)
        console.print(f"{name}: median {medians[name]:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) events/s")
    one, two, slow = medians.values()
    print(
        f"stream-to-ledger events_per_second={one:.0f} ratio_to_naive={one / slow:.1f} "
        f"naive_events_per_second={slow:.1f} two_processes_ratio={two / one:.2f} conservation=checked"
    )
