"""The migrations make the very database that the tables describe."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.reporting.app import MIGRATIONS
from services.reporting.store.tables import ReportingTable
from shared.database.migrations import upgrade
from shared.database.tables import SpineTable

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
