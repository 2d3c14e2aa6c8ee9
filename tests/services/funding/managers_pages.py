"""A funding whose pages are looked at, and where managers command by them; and a life to look at."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx

from services.funding.routes.counter import Counter
from services.funding.routes.desk import desk_routes
from services.funding.routes.desk_downloads import desk_download_routes
from services.funding.routes.desk_scores import desk_score_routes
from services.funding.routes.downloads import download_routes
from services.funding.routes.pages import Pages, page_routes
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.visitors import Visitors
from services.funding.routes.what_if_pages import what_if_page_routes
from services.funding.use_cases.what_if import History
from shared.web.application import application
from tests.services.reporting.figures import Document
from tests.support.commands import desk
from tests.support.commitment_events import Json, event, records
from tests.support.ledger import Ledger, fixed_clock
from tests.support.what_if import as_told

CDC, STATE, NEXT_YEAR = "CV219.CDC.2016", "CV219.STATE.2016", "CV219.CDC.2017"
OPERATOR_KEY = "the operator's"
FOUR_EYES_FROM = 1_000_00
Form = dict[str, str]


@asynccontextmanager
async def looked_at(ledger: Ledger, history: History | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Open the pages of a ledger, to a browser that nobody has signed in with yet; its line is read from `history`."""
    visitors = Visitors(ledger.engine, operator_key=OPERATOR_KEY)
    app = application("Fabrique funding", summary="A test's.")
    counter = Counter(lambda: desk(ledger, four_eyes_from=FOUR_EYES_FROM), visitors, lambda: None)
    app.include_router(desk_download_routes(counter))
    app.include_router(desk_routes(counter))
    app.include_router(desk_score_routes(counter))
    app.include_router(what_if_page_routes(counter, Rehearsals(counter.desk, history or as_told([]))))
    pages = Pages(ledger.engine, fixed_clock, visitors)
    app.include_router(download_routes(pages))
    app.include_router(page_routes(pages))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield client


def at(month: int, day: int) -> datetime:
    return datetime(2016, month, day, 9, 0, tzinfo=UTC)


def told(type_: str, name: str, number: int, when: datetime, **terms: Any) -> Json:
    return event(type_, name, contract="CV219", number=number, known_at=when, **terms)


def declared(name: str, number: int, cdc: int, state: int = 0) -> Json:
    asked = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state, "exercise": 2016, "priority": 5}
    return told("CommitmentDeclared", name, number, at(8, 1), **asked)


def act(type_: str, name: str, number: int, when: datetime, amount: int, **more: Any) -> Json:
    terms = {"funder": "CDC", "exercise": 2016, "amount_cents": amount, "occurred_on": when.date().isoformat()} | more
    return told(type_, name, number, when, **terms)


def told_life() -> list[Json]:
    """One is engaged, certified, half paid; two wait; one is held."""
    return [
        declared("paid", 1, 600_00, 100_00),
        act("CommitmentEngaged", "paid", 2, at(9, 1), 500_00, occurred_on="2016-08-27"),
        act("PaymentMade", "paid", 3, at(9, 20), 200_00, kind="advance"),
        act("CommitmentEngaged", "paid", 4, at(11, 20), 100_00),
        act("ServiceCertified", "paid", 5, at(11, 21), 250_00),
        declared("waits", 6, 500_00, 50_00),
        declared("waits-too", 7, 0, 10_00),
        act("CommitmentEngaged", "waits", 8, at(11, 25), 5_00),
    ]


async def tell_life(ledger: Ledger) -> None:
    """Open its envelopes and decide it."""
    steps = [{"open": CDC, "amount_cents": 1_000_00}, {"open": STATE, "amount_cents": 500_00, "payment_cents": 100_00},
             {"open": NEXT_YEAR, "amount_cents": 0}]  # fmt: skip
    await ledger.open(steps, partition=0, clock=lambda: at(4, 4))
    await ledger.decide(records(told_life()), [3])


async def sign_in(browser: httpx.AsyncClient, key: str = OPERATOR_KEY) -> httpx.Response:
    """Show a key."""
    return await browser.post("/login", data={"key": key})


def hidden(html: str, action: str) -> Form:
    """The hidden fields of the form that goes to an address that ends so."""
    form = re.search(rf'<form method="post" action="[^"]*{re.escape(action)}">(.*?)</form>', html, re.DOTALL)
    assert form is not None, action
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form.group(1))
    return {name: unescape(value) for name, value in fields}


def text(answer: httpx.Response) -> str:
    """What a page says, with ordinary spaces."""
    return Document(answer.text.replace("\u00a0", " ").replace("\u202f", " ")).text
