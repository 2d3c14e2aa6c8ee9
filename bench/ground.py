"""The ground of a benchmark: a Kafka and a PostgreSQL, a written topic, the service, and the check at the end."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
from services.funding.use_cases.opening import open_envelopes
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


@asynccontextmanager
async def written_topic(workload: Workload, folder: Path) -> AsyncIterator[Ground]:
    """Start a Kafka and a PostgreSQL, write the workload's topic, and take all of it away afterwards."""
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
        console.print(f"{workload.events} events of {size:.0f} B, {written - workload.events} more sent twice, "
                      f"{workload.partitions} partitions, {workload.contracts} contracts × 2 funders")  # fmt: skip
        del streams
        yield Ground(broker, postgres, admin, workload, expected)
    finally:
        postgres.erase()
        broker.erase()


@asynccontextmanager
async def serving(ground: Ground, url: str, *, processes: int) -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    """Run the service as it is, in some processes."""
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
    try:
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)


async def settled(
    connection: asyncpg.Connection, children: Sequence[subprocess.Popen[bytes]], *, decisions: int
) -> float:
    """Wait until everything is decided and acknowledged by Kafka; return events per second since the first batch."""
    done, unpublished, first, started = 0, 1, 0, 0.0
    deadline = time.perf_counter() + 600
    while done < decisions or unpublished:
        await asyncio.sleep(0.05)
        done, unpublished = await connection.fetchrow(SETTLED)
        if not started and done:
            first, started = int(done), time.perf_counter()
        if any(child.poll() is not None for child in children):
            raise NotConserved("a process ended by itself")
        if time.perf_counter() > deadline:
            raise NotConserved(f"after 600 s {done} are decided and {unpublished} not published")
    return (decisions - first) / (time.perf_counter() - started)


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
