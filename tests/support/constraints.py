"""Violates CHECK constraints by plain SQL, and tells when one of a database is left untried."""

from collections.abc import Iterable

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

Violation = tuple[str, str]
"""The constraint's name, and a statement that it must refuse."""
CHECKS = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
QUARANTINED = "INSERT INTO quarantine VALUES (gen_random_uuid(), 't', 0, 0, 'r', 'd', '', 0, false, '', '{}', 0, now())"
SPINE: tuple[Violation, ...] = (
    ("ck_checkpoint_next_offset", "INSERT INTO checkpoint VALUES ('t', 0, -1, 0, NULL, 0, 0, now())"),
    ("ck_outbox_partition_relayed", "INSERT INTO outbox_partition VALUES ('t', 0, 0, 1, 2)"),
    ("ck_quarantine_state", QUARANTINED.format("lost")),
    ("ck_quarantine_place", QUARANTINED.format("retried")),
)
"""Of the four tables that each service's database has."""


async def assert_refused(url: str, violations: Iterable[Violation]) -> None:
    """Try each statement; the database refuses it and names the constraint."""
    engine = create_async_engine(url, poolclass=NullPool)
    for name, statement in violations:
        with pytest.raises(IntegrityError, match=f'"{name}"'):
            async with engine.begin() as connection:
                await connection.exec_driver_sql(statement)


async def checks(url: str) -> set[str]:
    """Name every CHECK constraint of a database."""
    async with create_async_engine(url, poolclass=NullPool).connect() as connection:
        return {row[0] for row in await connection.exec_driver_sql(CHECKS)}
