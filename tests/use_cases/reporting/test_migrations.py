"""The migrations make the very database that the tables describe."""

import asyncio
from collections.abc import Callable

import pytest
from alembic import command
from alembic.config import Config

from services.reporting.app import MIGRATIONS
from services.reporting.store.tables import ReportingTable
from shared.database.migrations import upgrade
from shared.database.tables import SpineTable
from shared.database.transaction import create_engine, reading, transaction
from tests.support.schema import schema


async def test_the_migrations_and_the_tables_agree_to_the_last_index(fresh_database: Callable[[], str]) -> None:
    migrated, described = fresh_database(), fresh_database()
    await upgrade(MIGRATIONS, migrated)
    ours = await schema(migrated)
    theirs = await schema(described, create=[SpineTable.metadata, ReportingTable.metadata])
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []
    assert len(ours) > 80


FOLDED_BEFORE = (
    "INSERT INTO budget VALUES ('CV219.CDC.2016', 'CV219', 'CDC', 2016, 9, 0, 5, 0, 0, 0, 1, 0, 0, 2, now())",
    "INSERT INTO checkpoint VALUES ('funding.allocation.v1', 0, 2, 0, NULL, 0, 2, now())",
    "INSERT INTO checkpoint VALUES ('intake.entrepreneur.v1', 0, 7, 0, NULL, 0, 7, now())",
    "INSERT INTO publication VALUES ('reporting.budget.v1', '{\"0\": 2}', 0)",
    "INSERT INTO statement VALUES ('reporting.budget.v1', 'CV219.CDC.2016', 2, '', false)",
)
LEFT = (
    "SELECT count(*) FROM budget",
    "SELECT string_agg(topic, ',') FROM checkpoint",
    "SELECT count(*) FROM publication",
    "SELECT bool_and(restate) FROM statement",
)


async def test_budgets_folded_before_commitments_were_followed_are_folded_again_while_nobody_reads(
    fresh_database: Callable[[], str],
) -> None:
    url = fresh_database()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    await asyncio.to_thread(command.upgrade, config, "0002")
    engine = create_engine(url, application_name="reporting/1")
    async with transaction(engine) as session:
        for statement in FOLDED_BEFORE:
            await (await session.connection()).exec_driver_sql(statement)
        await session.flush()
    async with reading(engine) as session:
        await session.connection()
        with pytest.raises(RuntimeError, match="stop it"):
            await upgrade(MIGRATIONS, url)
    await engine.dispose()
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="test")
    async with reading(engine) as session:
        found = [(await (await session.connection()).exec_driver_sql(query)).scalar_one() for query in LEFT]
    await engine.dispose()
    assert found == [0, "intake.entrepreneur.v1", 0, True]
