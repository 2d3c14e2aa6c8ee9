"""Workload 2's ledger: funding's own database with its envelopes open, and the check at the end of a run."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.ground import NotConserved
from bench.hot_workload import Drawn
from services.funding.app import MIGRATIONS
from services.funding.use_cases.opening import open_envelopes
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.transaction import create_engine, transaction
from shared.kernel.clock import utc_now

COMMITMENTS = "SELECT state, count(*) FROM commitment GROUP BY 1"
ANNOUNCED = "SELECT type, count(*) FROM outbox WHERE type <> 'EnvelopeOpened' GROUP BY 1"
ANSWERED = "SELECT count(DISTINCT cause) FROM outbox WHERE cause IS NOT NULL"
BALANCES = "SELECT envelope_id, authorised_cents, reserved_cents, waitlisted_cents FROM envelope"
ACCOUNTS = (
    "SELECT envelope_id, account, sum(cents)::bigint FROM"
    " (SELECT envelope_id, debit AS account, amount_cents AS cents FROM posting"
    "  UNION ALL SELECT envelope_id, credit, -amount_cents FROM posting) AS side GROUP BY 1, 2"
)
BYTES = "SELECT pg_total_relation_size('posting')::float8 / count(*) FROM posting"


async def opened(drawn: Drawn, url: str) -> AsyncEngine:
    """Migrate the database at `url`, prepare its outbox and open every envelope."""
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="bench", pool_size=8)
    async with transaction(engine) as session:
        await outbox.prepare(session, drawn.workload.outputs)
    await open_envelopes(
        drawn.openings, engine=engine, route=drawn.workload.route, clock=utc_now, by="bench",
        effective_on=date(2016, 1, 1),
    )  # fmt: skip
    return engine


async def check(connection: asyncpg.Connection, drawn: Drawn) -> None:
    """Check that nothing was lost or doubled, that all refusals are the expected ones, and every balance.

    Raises NotConserved.
    """
    _same("commitments", dict(await connection.fetch(COMMITMENTS)),
          {"reserved": drawn.accepted, "refused": drawn.refused})  # fmt: skip
    _same("decisions announced", dict(await connection.fetch(ANNOUNCED)),
          {"AllocationReserved": drawn.accepted, "AllocationRefused": drawn.refused})  # fmt: skip
    _same("events answered", {"all": await connection.fetchval(ANSWERED)}, {"all": len(drawn.asks)})
    authorised = {name: (cents, cents, 0) for name, cents in drawn.authorised.items()}
    balances = {row[0]: tuple(row[1:]) for row in await connection.fetch(BALANCES)}
    _same("balances", balances, authorised)
    accounts = {(row[0], row[1]): row[2] for row in await connection.fetch(ACCOUNTS)}
    if sum(accounts.values()):
        raise NotConserved(f"postings sum to {sum(accounts.values())}")
    posted = {key: cents for key, cents in accounts.items() if cents}
    spent = {(name, "reserved"): cents for name, cents in drawn.authorised.items() if cents}
    _same("postings", posted, spent | {(name, "voted"): -cents for (name, _), cents in spent.items()})
    lines = await connection.fetchval("SELECT count(*) FROM posting WHERE commitment_id IS NOT NULL")
    _same("postings of commitments", {"all": lines}, {"all": 2 * drawn.accepted})


def _same(what: str, found: Mapping[Any, object], expected: Mapping[Any, object]) -> None:
    found = {key: value for key, value in found.items() if value}
    expected = {key: value for key, value in expected.items() if value}
    if found != expected:
        wrong = [k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)]
        first = min(wrong, key=str)
        raise NotConserved(f"{what}: {len(wrong)} wrong; {first}: {found.get(first)}, expected {expected.get(first)}")
