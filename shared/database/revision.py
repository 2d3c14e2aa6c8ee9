"""Whether a database has the newest revision, asked without Alembic, which takes longer to import than to ask."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.transaction import reading


def newest(folder: Path) -> str:
    """Return the newest revision: files in `versions` begin with theirs, four digits, counted up."""
    return max(path.name for path in (folder / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))[:4]


async def at_head(folder: Path, engine: AsyncEngine) -> bool:
    """Tell whether the database has the newest revision in `folder`."""
    try:
        async with reading(engine) as session:
            current = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    except ProgrammingError:  # no such table: never migrated
        return False
    return bool(current == newest(folder))
