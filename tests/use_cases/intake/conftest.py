"""One migrated database for the tests of intake, emptied before each."""

from collections.abc import AsyncIterator

import pytest

from fabrique.embedded.postgres import Postgres
from tests.services.intake.world import World, empty, migrated_database, open_world


@pytest.fixture(scope="package")
async def migrated(postgres: Postgres) -> AsyncIterator[str]:
    """The URL of a migrated database."""
    name = await migrated_database(postgres)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
async def database(migrated: str) -> str:
    """The URL of a migrated and empty database."""
    await empty(migrated)
    return migrated


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    """One process of intake, without Kafka."""
    async with open_world(database) as opened:
        yield opened
