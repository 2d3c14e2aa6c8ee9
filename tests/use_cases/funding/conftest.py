"""A ledger of its own for each test, on the run's PostgreSQL."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.ledger import Ledger, open_ledger


@pytest.fixture
async def ledger(fresh_database: Callable[[], str]) -> AsyncIterator[Ledger]:
    """Funding's database, migrated and empty, with eight partitions."""
    async with open_ledger(fresh_database(), partitions=8) as opened:
        yield opened
