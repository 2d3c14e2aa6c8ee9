"""States on `funding.envelope.v1` the envelopes that changed."""

from datetime import datetime
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.announcement import envelope_statement
from services.funding.store import queries, writes
from services.funding.use_cases.telling import COMMANDS
from shared.contracts.topics import ALLOCATION, ENVELOPE
from shared.database.outbox import Destination, Outbox, Route
from shared.database.transaction import transaction
from shared.kernel.clock import Clock

STATED_AT_ONCE = 250
"""How many envelopes one transaction states: a few milliseconds of work."""


async def state_envelopes(*, engine: AsyncEngine, route: Route, clock: Clock, partitions: int) -> int:
    """State on `funding.envelope.v1` every envelope that changed since it was last stated; return how many.

    Page by page, each in its own transaction, so that neither the decisions nor the loop wait for a whole country.
    """
    stated, last = 0, ""
    while True:
        page = await _state_page(engine, route, clock(), partitions, after=last)
        stated += len(page)
        if len(page) < STATED_AT_ONCE:
            return stated
        last = page[-1]


async def _state_page(engine: AsyncEngine, route: Route, now: datetime, partitions: int, *, after: str) -> list[str]:
    async with transaction(engine) as session:
        if not await queries.unstated(session, after=after, limit=1):
            return []
        outbox = Outbox(session, route)
        await outbox.hold([Destination(ENVELOPE.name, p) for p in range(partitions)])
        versions: dict[str, int] = {}
        for row in await queries.unstated(session, after=after, limit=STATED_AT_ONCE):
            name: str = row["envelope_id"]
            version = versions[name] = row["version"]
            destination = Destination(ENVELOPE.name, route(ALLOCATION.name, row["contract"].encode()))
            known_at = outbox.known_at(destination, at_least=now)
            outbox.add(
                destination, key=name.encode(), event_id=uuid5(COMMANDS, f"{name}/{version}"),
                type="EnvelopeStated", subject=name, time=known_at, value=envelope_statement(row, known_at=known_at),
            )  # fmt: skip
        await writes.mark_stated(session, versions)
        await outbox.flush()
        return [*versions]
