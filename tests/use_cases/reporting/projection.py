"""Reporting's database in a test: records in by micro-batches, rows and stated figures out."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting import use_cases
from services.reporting.app import MIGRATIONS
from services.reporting.handlers import allocations, entrepreneurs
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.quarantine import plain
from shared.database.transaction import create_engine, reading, transaction
from shared.messaging.cluster import Router
from shared.messaging.micro_batch import MicroBatch
from shared.messaging.stream import Stream
from tests.use_cases.reporting.records import Record

PARTITIONS = 3
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOLDED = {
    "budget": "envelope_id", "stake": "commitment_id, funder", "business": "partition, business_id",
    "stratum": "partition, contract", "watermark": "partition",
}  # fmt: skip


def fixed_clock() -> datetime:
    """One instant."""
    return NOW


async def _never(_: float) -> bool:
    return True


@dataclass(frozen=True)
class Projection:
    """One database of reporting."""

    engine: AsyncEngine
    route: Router

    async def empty(self) -> None:
        """Forget everything, as if the database were new."""
        tables = await self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('alembic_version', 'outbox_partition')"
        )
        async with transaction(self.engine) as session:
            await session.execute(text(f"TRUNCATE {', '.join(table for (table,) in tables)}"))
            await session.execute(
                text("UPDATE outbox_partition SET relayed_sequence = 0, last_sequence = 0, last_known_at = NULL")
            )

    async def apply(self, *batches: Sequence[Record]) -> None:
        """Apply batches, each of one topic, as the reader does."""
        streams: dict[str, Stream[Any]] = {ALLOCATION.name: allocations, ENTREPRENEUR.name: entrepreneurs}
        for batch in batches:
            micro_batch = MicroBatch(
                streams[batch[0].topic], reader="reporting", engine=self.engine, route=self.route, clock=fixed_clock,
                seal=plain, give_up=_never,
            )  # fmt: skip
            assert await micro_batch.apply(batch)

    async def state_budgets(self) -> int:
        """State what changed on `reporting.budget.v1`."""
        return await use_cases.state_budgets(
            engine=self.engine, route=self.route, clock=fixed_clock, partitions=PARTITIONS
        )

    async def state_survival(self) -> int:
        """State the survival set."""
        return await use_cases.state_survival_figures(
            engine=self.engine, route=self.route, clock=fixed_clock, partitions=PARTITIONS
        )

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        async with reading(self.engine) as session:
            return [tuple(row) for row in await session.execute(text(query))]

    async def folded(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row that was folded."""
        return {
            table: await self.rows(f"SELECT * FROM {table} ORDER BY {key}")  # noqa: S608  names of our own
            for table, key in FOLDED.items()
        }

    async def stated(self, topic: str) -> list[tuple[str, bytes]]:
        """Return (key, value) of every record announced on a topic, by partition and in order."""
        return [
            (key.decode(), value)
            for key, value in await self.rows(
                f"SELECT key, value FROM outbox WHERE topic = '{topic}' ORDER BY partition, sequence"  # noqa: S608
            )
        ]

    async def latest(self, topic: str) -> dict[str, bytes]:
        """Return the last value by key: what compaction leaves."""
        return dict(await self.stated(topic))

    async def budget(self, envelope_id: str) -> dict[str, Any]:
        """Return the budget last stated of an envelope."""
        found: dict[str, Any] = json.loads((await self.latest(BUDGET.name))[envelope_id])
        return found

    async def survival(self, stratum: str = "all") -> dict[str, Any]:
        """Return the survival last stated of a stratum."""
        found: dict[str, Any] = json.loads((await self.latest(SURVIVAL.name))[stratum])
        return found


def sequences(marks: Iterable[dict[str, int]]) -> dict[int, int]:
    """Return the marks of a figure by partition."""
    return {mark["partition"]: mark["sequence"] for mark in marks}


@asynccontextmanager
async def open_projection(url: str) -> AsyncIterator[Projection]:
    """Migrate a database and prepare its output partitions."""
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="test", pool_size=8)
    counts = {BUDGET.name: PARTITIONS, SURVIVAL.name: PARTITIONS}
    counts |= {topic.dlq("reporting"): 1 for topic in (ALLOCATION, ENTREPRENEUR)}
    async with transaction(engine) as session:
        await outbox.prepare(session, counts)
    try:
        yield Projection(engine, Router(counts))
    finally:
        await engine.dispose()
