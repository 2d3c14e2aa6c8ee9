"""Connections and transactions: the one place of the house that begins and commits."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

Session = AsyncSession
Row = Sequence[Any]

DETERMINISTIC_CLASSES = ("22", "23")
"""SQLSTATE classes that the same data will meet again: data exception, integrity constraint violation."""


def create_engine(url: str, *, application_name: str, pool_size: int = 5) -> AsyncEngine:
    """Open a pool on `url` (postgresql+asyncpg://…) whose sessions never hang and never hold a lock for ever."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_use_lifo=True,  # PostgreSQL plans a statement five times in each connection before it keeps a plan
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": application_name,
                "timezone": "UTC",
                "statement_timeout": "10s",
                "lock_timeout": "5s",
                "idle_in_transaction_session_timeout": "8s",
            },
        },
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Session]:
    """Begin, hand out a session, and commit when the body ends without an exception."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[Session]:
    """Hand out a session that only reads one snapshot; nothing it does is kept."""
    async with AsyncSession(engine) as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield session


async def driver(session: Session) -> asyncpg.Connection:
    """Return asyncpg's own connection, inside the session's transaction, for COPY and large reads."""
    connection = await session.connection()
    raw: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection
    if not raw.is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")  # SQLAlchemy begins with the first statement
    return raw


async def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Append `rows` to `table` by COPY, in the session's transaction."""
    connection = await driver(session)
    await connection.copy_records_to_table(table, columns=columns, records=rows)


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE behind an error, however wrapped; None when it is not PostgreSQL's."""
    seen: BaseException | None = error
    while seen is not None:
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str):
            return state
        seen = seen.orig if isinstance(seen, DBAPIError) else seen.__cause__
    return None
