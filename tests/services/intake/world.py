"""An intake of one's own for a test: its database, its process without Kafka, and partners who tell it events."""

import json
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from fabrique.embedded.postgres import Postgres
from services.intake.app import MIGRATIONS, build, create_key
from services.intake.settings import Settings
from services.intake.store import writes
from shared.contracts.topics import COMMITMENT, ENTREPRENEUR
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.transaction import transaction
from shared.kernel.clock import Clock
from shared.kernel.funders import Funder
from shared.messaging.cluster import Router
from shared.messaging.spine import Spine

NOW = datetime(2020, 6, 1, 12, 0, tzinfo=UTC)
SECRET = "a secret of at least thirty-two characters"
PARTITIONS = {COMMITMENT.name: 4, ENTREPRENEUR.name: 4}
CONTRACTS = ("CV219", "CV220")
TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND relname <> 'alembic_version'"
)
Event = dict[str, Any]
Rows = list[dict[str, Any]]


def fixed_clock() -> datetime:
    """It is always the same moment."""
    return NOW


def plain_url(url: str) -> str:
    """Write SQLAlchemy's URL as asyncpg wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def migrated_database(postgres: Postgres) -> str:
    """Make a migrated database and return its name."""
    name = f"intake_{uuid.uuid4().hex}"
    postgres.create_database(name)
    await upgrade(MIGRATIONS, postgres.url(name))
    return name


async def empty(url: str) -> None:
    """Delete every row, but for the revision: quicker than a database for each test."""
    tables = await fetch(url, TABLES)
    connection = await asyncpg.connect(plain_url(url))
    try:
        await connection.execute(";".join(f'DELETE FROM "{row["relname"]}"' for row in tables))  # noqa: S608
    finally:
        await connection.close()


def settings_of(url: str, **more: Any) -> Settings:
    """Settings of a test's intake."""
    return Settings(database_url=url, secret=SecretStr(SECRET), **more)


@dataclass
class World:
    """One process of intake, without Kafka, that knows two contracts."""

    url: str
    app: FastAPI
    spine: Spine
    client: httpx.AsyncClient

    async def key(
        self, platform: str = "citeslab", *, types: Sequence[str] = ("*",), funders: Iterable[Funder] = ()
    ) -> dict[str, str]:
        """Make a key and return the header that shows it."""
        made = await create_key(settings_of(self.url), platform=platform, event_types=types, funders=funders)
        return {"authorization": f"Bearer {made.key}"}

    async def rows(self, query: str) -> Rows:
        """Read rows by plain SQL."""
        return await fetch(self.url, query)


async def fetch(url: str, query: str) -> Rows:
    """Read rows by plain SQL."""
    connection = await asyncpg.connect(plain_url(url))
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@asynccontextmanager
async def open_world(url: str, *, clock: Clock = fixed_clock) -> AsyncIterator[World]:
    """Compose intake on a migrated database, as if it had seen its topics."""
    app, spine = build(settings_of(url), clock=clock)
    spine._router = Router(PARTITIONS)
    async with transaction(spine.engine) as session:
        await outbox.prepare(session, PARTITIONS)
        await writes.insert_contracts(session, dict.fromkeys(CONTRACTS, NOW))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield World(url, app, spine, client)
    await spine.engine.dispose()


def told(type_: str, data: dict[str, Any], *, id: str = "", platform: str = "citeslab", **attributes: Any) -> Event:  # noqa: A002
    """Write one event as a partner does; `id` is random unless given."""
    times = {"occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z"}
    return {
        "specversion": "1.0", "id": id or uuid.uuid4().hex, "source": f"/{platform}/lens", "type": type_,
        "data": times | data,
    } | attributes  # fmt: skip


def declared(reference: str = "2016-0042", **more: Any) -> Event:
    """Declare a commitment."""
    attributes = {name: more.pop(name) for name in ("id", "platform", "time", "subject") if name in more}
    terms = {
        "reference": reference,
        "contract": "CV219",
        "exercise": 2016,
        "cost_cents": 100_000,
        "state_cents": 40_000,
    }
    return told("CommitmentDeclared", terms | more, **attributes)


def welcomed(person: str = "P-0173", **more: Any) -> Event:
    """Welcome a person."""
    attributes = {name: more.pop(name) for name in ("id", "platform") if name in more}
    return told("EntrepreneurWelcomed", {"entrepreneur_reference": person, "contract": "CV219"} | more, **attributes)


def ndjson(events: Iterable[Event]) -> bytes:
    """Write events one a line."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
