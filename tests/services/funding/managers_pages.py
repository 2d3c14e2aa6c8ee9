"""A funding whose pages are looked at, and where managers command by them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.funding.routes.desk import Counter, desk_routes
from services.funding.routes.desk_downloads import desk_download_routes
from services.funding.routes.downloads import download_routes
from services.funding.routes.pages import Pages, page_routes
from services.funding.routes.visitors import Visitors
from shared.web.application import application
from tests.support.commands import desk
from tests.support.ledger import Ledger, fixed_clock

OPERATOR_KEY = "the operator's"
FOUR_EYES_FROM = 1_000_00


@asynccontextmanager
async def looked_at(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """Open the pages of a ledger, to a browser that nobody has signed in with yet."""
    visitors = Visitors(ledger.engine, operator_key=OPERATOR_KEY)
    app = application("Fabrique funding", summary="A test's.")
    counter = Counter(lambda: desk(ledger, four_eyes_from=FOUR_EYES_FROM), visitors, lambda: None)
    app.include_router(desk_download_routes(counter))
    app.include_router(desk_routes(counter))
    pages = Pages(ledger.engine, fixed_clock, visitors)
    app.include_router(download_routes(pages))
    app.include_router(page_routes(pages))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield client
