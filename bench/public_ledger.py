"""A public SQL ledger beside ours in workload 2: pgledger, as its README says, from a copy that the reader has.

Its SQL is not ours to carry: give the folder of a clone. One event is one transaction that makes two transfers, each
from what an envelope has available to what it has reserved; its balance check is an account that may not be negative.
"""

from pathlib import Path

import asyncpg

from bench.ground import NotConserved, dsn
from bench.hot_ways import Found, each
from bench.hot_workload import Drawn
from bench.meter import Meter
from services.funding.domain.declaring import CommitmentEvent, Declaration
from shared.kernel.funders import Funder, envelope_id
from shared.messaging.stream import Incoming

FILES = (
    "vendor/scoville-pgsql-ulid/ulid-to-uuid.sql",
    "vendor/scoville-pgsql-ulid/uuid-to-ulid.sql",
    "pgledger.sql",
)
OPEN = "SELECT id FROM pgledger_create_account($1, 'EUR', $2, true)"
TRANSFER = "SELECT id FROM pgledger_create_transfer($1, $2, $3)"
RESERVE = (
    "SELECT id FROM pgledger_create_transfers(ARRAY[($1, $2, $3::bigint)::transfer_request,"
    " ($4, $5, $6::bigint)::transfer_request], $7, jsonb_build_object('commitment', $8::text))"
)
BALANCES = (
    "SELECT a.name, a.balance, coalesce(sum(e.amount), 0) FROM pgledger_accounts_view a"
    " LEFT JOIN pgledger_entries_view e ON e.account_id = a.id GROUP BY 1, 2"
)
BYTES = (
    "SELECT (pg_total_relation_size('pgledger_transfers') + pg_total_relation_size('pgledger_entries'))::float8"
    " / count(*) FROM pgledger_transfers"
)


class Accounts:
    """The accounts of every envelope, and how many commitments were refused for want of a balance."""

    def __init__(self) -> None:
        self.ids: dict[str, tuple[str, str]] = {}
        self.refused = 0

    async def open(self, connection: asyncpg.Connection, drawn: Drawn) -> None:
        """Open two accounts for each envelope, and credit the first with what is authorised."""
        voted = await connection.fetchval(OPEN, "voted", True)
        for name, cents in drawn.authorised.items():
            available = await connection.fetchval(OPEN, f"{name}.available", False)
            reserved = await connection.fetchval(OPEN, f"{name}.reserved", False)
            self.ids[name] = available, reserved
            if cents:
                await connection.fetchval(TRANSFER, voted, available, cents)

    async def reserve(self, connection: asyncpg.Connection, event: Incoming[CommitmentEvent]) -> None:
        """Reserve at both funders or at none."""
        fact = event.fact
        assert isinstance(fact, Declaration)
        cdc = self.ids[envelope_id(fact.contract, Funder.CDC, fact.exercise)]
        state = self.ids[envelope_id(fact.contract, Funder.STATE, fact.exercise)]
        try:
            await connection.execute(RESERVE, *cdc, fact.cdc_cents, *state, fact.state_cents, fact.known_at,
                                     str(fact.commitment_id))  # fmt: skip
        except asyncpg.RaiseError as error:
            if "does not allow negative balance" not in str(error):
                raise
            self.refused += 1

    async def check(self, connection: asyncpg.Connection, drawn: Drawn) -> None:
        """Check each balance, that the entries sum to it and to zero, and the refusals. Raises NotConserved."""
        rows = {row[0]: (row[1], row[2]) for row in await connection.fetch(BALANCES)}
        expected = {f"{name}.reserved": cents for name, cents in drawn.authorised.items()}
        expected |= {f"{name}.available": 0 for name in drawn.authorised}
        expected["voted"] = -sum(drawn.authorised.values())
        if {name: (cents, cents) for name, cents in expected.items()} != rows:
            raise NotConserved("pgledger's balances are not the expected ones")
        made = await connection.fetchval(
            "SELECT count(DISTINCT metadata ->> 'commitment') FROM pgledger_transfers_view"
        )
        if (made, self.refused) != (drawn.accepted, drawn.refused):
            raise NotConserved(f"pgledger made {made} and refused {self.refused} of {len(drawn.asks)}")


async def pgledger(drawn: Drawn, url: str, meter: Meter, *, connections: int, folder: Path) -> Found:
    """Install the ledger from `folder`, reserve every commitment, check it."""
    accounts = Accounts()
    async with asyncpg.create_pool(dsn(url), min_size=connections, max_size=connections) as pool:
        for name in FILES:
            await pool.execute((folder / name).read_text())
        async with pool.acquire() as connection:
            await accounts.open(connection, drawn)
        await each(drawn, pool, meter, accounts.reserve, connections=connections)
        async with pool.acquire() as connection:
            await accounts.check(connection, drawn)
            return Found(await connection.fetchval(BYTES))
