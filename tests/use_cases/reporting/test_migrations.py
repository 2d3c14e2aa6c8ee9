"""The migrations make the very database that the tables describe."""

import asyncio
from collections.abc import Callable

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.reporting.app import MIGRATIONS
from services.reporting.store.tables import ReportingTable
from shared.database.migrations import upgrade
from shared.database.tables import SpineTable
from shared.database.transaction import create_engine, reading, transaction

CATALOGUE = """
SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT relname, coalesce(reloptions::text, ''), '', '' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


async def catalogue(url: str, *, from_tables: bool) -> set[tuple[str, ...]]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        if from_tables:
            for metadata in (SpineTable.metadata, ReportingTable.metadata):
                await connection.run_sync(metadata.create_all)
        found = await connection.exec_driver_sql(CATALOGUE)
        return {tuple(row) for row in found if not row[0].startswith("alembic_version")}


async def test_the_migrations_and_the_tables_agree_to_the_last_index(fresh_database: Callable[[], str]) -> None:
    migrated, described = fresh_database(), fresh_database()
    await upgrade(MIGRATIONS, migrated)
    ours, theirs = await catalogue(migrated, from_tables=False), await catalogue(described, from_tables=True)
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
