"""A real ledger for a test: funding's database, migrated, with its micro-batches and its managers' commands."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from aiokafka import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.app import MIGRATIONS
from services.funding.domain.rules import Rules, RuleSet
from services.funding.handlers import commitments
from services.funding.programme import Opening
from services.funding.use_cases.opening import open_envelopes
from services.funding.use_cases.ruling import Ruler, set_rules
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.quarantine import plain
from shared.database.transaction import create_engine, reading, transaction
from shared.kernel.clock import Clock
from shared.kernel.funders import Funder
from shared.messaging.micro_batch import MicroBatch
from shared.messaging.stream import Stream
from tests.support.commitment_events import Json

NOW = datetime(2016, 12, 1, 12, 0, tzinfo=UTC)
DEAD_LETTERS = COMMITMENT.dlq("funding")


def fixed_clock() -> datetime:
    """It is always the same moment."""
    return NOW


async def never_give_up(_: float) -> bool:
    """Try again at once, for ever."""
    return False


@dataclass
class Ledger:
    """Funding's database; `places` says in which partition each contract's records lie."""

    url: str
    engine: AsyncEngine
    places: dict[str, int] = field(default_factory=dict)

    def route(self, topic: str, key: bytes) -> int:
        """Where a key goes: a contract to its place, a dead letter to the only partition there is."""
        return 0 if topic == DEAD_LETTERS else self.places[key.decode()]

    def micro_batch(self, stream: Stream[Any] = commitments, **terms: Any) -> MicroBatch:
        """The engine that decides commitments, or any other stream, on this database."""
        ours: dict[str, Any] = {
            "reader": "funding", "engine": self.engine, "route": self.route, "clock": fixed_clock, "seal": plain,
            "give_up": never_give_up,
        }  # fmt: skip
        return MicroBatch(stream, **(ours | terms))

    async def decide(self, records: Sequence[ConsumerRecord[Any, Any]], sizes: Iterable[int]) -> None:
        """Apply records in batches of the given sizes, the last size for all the rest."""
        batch, start, size = self.micro_batch(), 0, 1
        sizes = iter(sizes)
        while start < len(records):
            size = next(sizes, size)
            await batch.apply(records[start : start + size])
            start += size

    async def open(self, steps: Iterable[Json], *, partition: int, clock: Clock = fixed_clock) -> list[str]:
        """Open envelopes by the manager's command: steps as the oracle reads them."""
        openings = []
        for step in steps:
            contract, funder, exercise = step["open"].split(".")
            self.places[contract] = partition
            openings.append(
                Opening(contract, Funder(funder), int(exercise), step["amount_cents"], step.get("payment_cents"))
            )
        return await open_envelopes(
            openings, engine=self.engine, route=self.route, clock=clock, by="operator", effective_on=date(2016, 1, 1)
        )

    async def rule(self, contract: str, exercise: int, rules: Json) -> list[RuleSet]:
        """Put rules in force, as the programme file does."""
        ruler = Ruler(self.engine, self.route, fixed_clock, "operator", date(2016, 1, 1))
        return await set_rules(ruler, [(contract, exercise, msgspec.convert(rules, Rules))])

    async def rows(self, query: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """Read."""
        async with reading(self.engine) as session:
            return [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]

    async def empty(self) -> None:
        """Forget everything, as if the database were new: quicker than a new one.

        Truncating needs what `execute` does: the triggers that keep the audit trail do not fire for it.
        """
        tables = await self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('alembic_version', 'outbox_partition')"
        )
        await self.execute(f"TRUNCATE {', '.join(row['tablename'] for row in tables)}")
        await self.execute("UPDATE outbox_partition SET epoch = 0, relayed_sequence = 0, last_sequence = 0,"
                           " last_known_at = NULL, parked = NULL")  # fmt: skip
        self.places.clear()

    async def execute(self, statement: str, **parameters: Any) -> None:
        """Write, behind the service's back: as a superuser for whom no trigger fires, which the service never is."""
        async with transaction(self.engine) as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text(statement), parameters)


@asynccontextmanager
async def open_ledger(url: str, *, partitions: int = 1, pool_size: int = 8) -> AsyncIterator[Ledger]:
    """Migrate the database at `url` and prepare its output partitions."""
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="test", pool_size=pool_size)
    written = {ALLOCATION.name: partitions, ENVELOPE.name: partitions, TERRITORY.name: partitions, DEAD_LETTERS: 1}
    async with transaction(engine) as session:
        await outbox.prepare(session, written)
    try:
        yield Ledger(url, engine)
    finally:
        await engine.dispose()
