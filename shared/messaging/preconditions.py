"""What must be true of the machine before a service works: slow or unsafe ground is refused, not suffered."""

import importlib.util

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.transaction import reading
from shared.kernel.errors import ProgrammeError

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class GroundUnsafe(ProgrammeError):
    """PostgreSQL would forget what it committed, or aiokafka lacks the extensions that make it usable."""


async def check_ground(engine: AsyncEngine) -> None:
    """Raise GroundUnsafe, naming the setting or the extension and the remedy."""
    if importlib.util.find_spec("aiokafka.record._crecords") is None:
        raise GroundUnsafe("aiokafka has no C extensions (20 to 40 times slower): install its wheel, not its source")
    async with reading(engine) as session:
        for setting in DURABLE:
            value = (await session.execute(text("SELECT current_setting(:name)"), {"name": setting})).scalar()
            if value == "off":
                raise GroundUnsafe(f"PostgreSQL's {setting} is off: turn it on, or commits can be lost")
