"""Empty databases of reporting for each test, on two for the whole folder."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from fabrique.embedded.postgres import Postgres
from tests.use_cases.reporting.projection import Projection, open_projection


@pytest.fixture(scope="package")
async def two_projections(postgres: Postgres) -> AsyncIterator[list[Projection]]:
    """Two databases of reporting, migrated."""
    names = [f"reporting_{uuid4().hex}" for _ in range(2)]
    async with AsyncExitStack() as stack:
        opened = []
        for name in names:
            postgres.create_database(name)
            opened.append(await stack.enter_async_context(open_projection(postgres.url(name))))
        yield opened
    for name in names:
        postgres.drop_database(name)


@pytest.fixture
async def projection(two_projections: list[Projection]) -> Projection:
    """Reporting's database, migrated and empty."""
    await two_projections[0].empty()
    return two_projections[0]


@pytest.fixture
async def other(two_projections: list[Projection]) -> Projection:
    """A second one, to compare with."""
    await two_projections[1].empty()
    return two_projections[1]
