"""A funding whose pages are looked at: its books, played from a table as people write them, and what a page says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from services.funding.routes.pages import Pages, page_routes
from shared.web.application import application
from tests.support.ledger import Ledger

NOW = datetime(2016, 12, 1, 12, 0, tzinfo=UTC)


def now() -> datetime:
    """When pages are looked at."""
    return NOW


@asynccontextmanager
async def looked_at(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """Open the pages of a ledger to nobody in particular."""

    async def nobody(_: object) -> None:
        return None

    app = application("Fabrique funding", summary="A test's.")
    app.include_router(page_routes(Pages(ledger.engine, now, nobody)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield client
