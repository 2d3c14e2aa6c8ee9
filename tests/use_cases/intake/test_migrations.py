"""The migrations make the very database that the tables describe."""

from collections.abc import Callable

from services.intake.app import MIGRATIONS
from services.intake.store.tables import IntakeTable
from shared.database.migrations import upgrade
from shared.database.tables import SpineTable
from tests.support.schema import schema


async def test_the_migrations_and_the_tables_agree_to_the_last_index(fresh_database: Callable[[], str]) -> None:
    migrated, described = fresh_database(), fresh_database()
    await upgrade(MIGRATIONS, migrated)
    await upgrade(MIGRATIONS, migrated)
    ours = await schema(migrated)
    theirs = await schema(described, create=[SpineTable.metadata, IntakeTable.metadata])
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []
    assert len(ours) > 90
