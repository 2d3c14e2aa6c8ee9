"""What `reconcile` asks in SQL can be asked of the databases as they are migrated."""

from collections.abc import Callable

import asyncpg
import pytest

from fabrique.reconcile import sources
from services.funding.app import MIGRATIONS as FUNDING
from services.intake.app import MIGRATIONS as INTAKE
from services.reporting.app import MIGRATIONS as REPORTING
from shared.database.migrations import upgrade

ASKED = {
    "funding": (FUNDING, (sources.ENVELOPES, sources.POSTED, sources.OUTBOX, sources.QUARANTINED)),
    "reporting": (REPORTING, (sources.BUDGETS, sources.OUTBOX, sources.QUARANTINED)),
    "intake": (INTAKE, (sources.ACCEPTED, sources.OUTBOX, sources.QUARANTINED)),
}


@pytest.mark.parametrize("service", ASKED)
async def test_every_question_is_understood(fresh_database: Callable[[], str], service: str) -> None:
    url, (migrations, queries) = fresh_database(), ASKED[service]
    await upgrade(migrations, url)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        assert [await connection.fetch(query) for query in queries] == [[]] * len(queries)
    finally:
        await connection.close()
