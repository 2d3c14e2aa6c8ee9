"""A funding that managers command by HTTP, on one database for the whole folder."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from fabrique.embedded.postgres import Postgres
from tests.services.funding.managers_pages import looked_at, tell_life
from tests.support.ledger import Ledger, open_ledger


@pytest.fixture(scope="package")
async def one_ledger(postgres: Postgres) -> AsyncIterator[Ledger]:
    """Funding's database, migrated."""
    name = f"desk_{uuid4().hex}"
    postgres.create_database(name)
    async with open_ledger(postgres.url(name), partitions=2) as opened:
        yield opened
    postgres.drop_database(name)


@pytest.fixture
async def ledger(one_ledger: Ledger) -> Ledger:
    """Funding's database, migrated and empty."""
    await one_ledger.empty()
    return one_ledger


@pytest.fixture
async def pages(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """The pages of a ledger with a life in it."""
    await tell_life(ledger)
    async with looked_at(ledger) as client:
        yield client
