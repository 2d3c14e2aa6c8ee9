"""Empty databases and topics of their own for each fault."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.ledger import Ledger, open_ledger


@pytest.fixture
async def ledger(fresh_database: Callable[[], str]) -> AsyncIterator[Ledger]:
    """Funding's database, migrated and empty."""
    async with open_ledger(fresh_database(), partitions=4, pool_size=12) as opened:
        yield opened
