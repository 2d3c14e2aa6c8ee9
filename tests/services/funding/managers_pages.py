"""A funding whose pages are looked at, and where managers command by them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.funding.routes.counter import Counter
from services.funding.routes.desk import desk_routes
from services.funding.routes.pages import Pages, page_routes
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.visitors import Visitors
from services.funding.routes.what_if_pages import what_if_page_routes
from services.funding.use_cases.what_if import History
from shared.web.application import application
from tests.support.commands import desk
from tests.support.ledger import Ledger, fixed_clock
from tests.support.what_if import as_told

OPERATOR_KEY = "the operator's"
FOUR_EYES_FROM = 1_000_00


@asynccontextmanager
async def looked_at(ledger: Ledger, history: History | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Open the pages of a ledger, to a browser that nobody has signed in with yet; its line is read from `history`."""
    visitors = Visitors(ledger.engine, operator_key=OPERATOR_KEY)
    app = application("Fabrique funding", summary="A test's.")
    counter = Counter(lambda: desk(ledger, four_eyes_from=FOUR_EYES_FROM), visitors, lambda: None)
    app.include_router(desk_routes(counter))
    app.include_router(what_if_page_routes(counter, Rehearsals(counter.desk, history or as_told([]))))
    app.include_router(page_routes(Pages(ledger.engine, fixed_clock, visitors)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield client
