"""What a database is made of, for comparing the one that migrations make with the one that the tables describe."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

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


async def schema(url: str, *, create: Iterable[sa.MetaData] = ()) -> set[tuple[str, ...]]:
    """Describe every column, constraint, index and option of a database, after creating the tables of `create`."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for metadata in create:
            await connection.run_sync(metadata.create_all)
        found = await connection.exec_driver_sql(CATALOGUE)
        return {tuple(row) for row in found if not row[0].startswith("alembic_version")}
