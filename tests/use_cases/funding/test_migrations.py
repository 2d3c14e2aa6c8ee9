"""The migrations make the very database that the tables describe."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.funding.app import MIGRATIONS
from services.funding.store.tables import FundingTable
from shared.database.migrations import upgrade
from shared.database.revision import at_head
from shared.database.tables import SpineTable
from tests.support.schema import schema


async def test_the_migrations_and_the_tables_agree_to_the_last_index(fresh_database: Callable[[], str]) -> None:
    migrated, described = fresh_database(), fresh_database()
    await upgrade(MIGRATIONS, migrated)
    ours = await schema(migrated)
    theirs = await schema(described, create=[SpineTable.metadata, FundingTable.metadata])
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []
    assert len(ours) > 100


async def test_migrating_twice_is_migrating_once_and_the_database_knows_that_it_is_ready(
    fresh_database: Callable[[], str],
) -> None:
    url = fresh_database()
    engine = create_async_engine(url, poolclass=NullPool)
    assert not await at_head(MIGRATIONS, engine)
    await upgrade(MIGRATIONS, url)
    await upgrade(MIGRATIONS, url)
    assert await at_head(MIGRATIONS, engine)
