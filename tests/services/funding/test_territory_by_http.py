"""What managers may not tell of the territory is answered with its field and a remedy; what no page has is said so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.funding.domain.manager import OPERATOR, Manager
from services.funding.domain.territory import Attachment, TerritoryObjection
from services.funding.pages.terms import TERMS
from services.funding.programme_terms import TERRITORY_REMEDIES
from services.funding.routes.territory import territory_routes
from services.funding.use_cases import territory
from shared.kernel.funders import Funder
from shared.web.application import application
from tests.services.funding.managers_pages import looked_at
from tests.services.reporting.figures import Document
from tests.support.commands import desk
from tests.support.ledger import Ledger

Json = dict[str, Any]
DRISS = Manager("driss", "cdc", frozenset(Funder), frozenset({"CV220"}))
BY = {"operator": OPERATOR, "driss": DRISS}


@asynccontextmanager
async def an_office(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    async def whose(key: str) -> Manager | None:
        return BY.get(key)

    app = application("Fabrique funding", summary="A test's.")
    app.include_router(territory_routes(lambda: desk(ledger), whose=whose, announce=lambda: None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        yield client


@pytest.fixture
async def attached(ledger: Ledger) -> Ledger:
    """Two contracts that are attached, with an envelope each."""
    await ledger.open([{"open": "CV218.CDC.2016", "amount_cents": 100_00}], partition=0)
    await ledger.open([{"open": "CV220.CDC.2016", "amount_cents": 200_00}], partition=1)
    homes = [Attachment("CV218", "246200018", "CC du Pays d'Aire"), Attachment("CV220", "246200455", "CA <b>")]
    await territory.tell(desk(ledger), territory.of_programme(homes), OPERATOR)
    return ledger


def merger(**more: Any) -> Json:
    said = {"command_id": str(uuid4()), "kind": "merge", "name": "saint-omer-2017", "reason": "order",
            "predecessors": ["246200018", "246200455"], "successor": "200069037", "successor_name": "Saint-Omer",
            "effective_on": "2017-01-01"}  # fmt: skip
    return {name: value for name, value in (said | more).items() if value is not None}


def annulment(**more: Any) -> Json:
    return {"command_id": str(uuid4()), "kind": "annul", "merger": "saint-omer-2017", "reason": "court",
            "annulled_from": "2017-01-01"} | more  # fmt: skip


async def post(client: httpx.AsyncClient, said: Json, by: str = "operator") -> httpx.Response:
    return await client.post("/v1/territory", json=said, headers={"authorization": f"Bearer {by}"})


REFUSED = {
    "merger-told-otherwise": (merger(effective_on="2018-01-01"), 422, "/name"),
    "no-contract-concerned": (merger(name="other", predecessors=["200033579"]), 422, "/name"),
    "merger-unknown": (annulment(merger="other"), 422, "/merger"),
    "annulled-before-merger": (annulment(annulled_from="2016-01-01"), 422, "/merger"),
}


@pytest.mark.parametrize("reason", REFUSED)
async def test_a_refusal_names_its_field_and_a_remedy(attached: Ledger, reason: str) -> None:
    said, status, pointer = REFUSED[reason]
    async with an_office(attached) as client:
        assert (await post(client, merger())).status_code == 201
        answer = await post(client, said)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:fabrique:problem:{reason}")
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": TERRITORY_REMEDIES[TerritoryObjection(reason)]}]


async def test_who_may_speak_and_what_is_no_day(attached: Ledger) -> None:
    async with an_office(attached) as client:
        assert (await post(client, merger(), by="nobody")).status_code == 401
        assert (await post(client, merger(), by="driss")).status_code == 403
        assert (await post(client, merger(effective_on="soon"))).status_code == 422
        assert (await post(client, merger(reason="Because we must."))).status_code == 422
        said = merger()
        assert (await post(client, said)).status_code == 201
        assert (await post(client, said | {"name": "another"})).status_code == 409
        assert (await client.get("/v1/epcis?on=soon")).json()["errors"][0]["pointer"] == "/query/on"
        assert (await client.get("/v1/epcis?known=soon")).json()["errors"][0]["pointer"] == "/query/known"
        assert (await client.get("/v1/epcis/999999999")).status_code == 404
        assert (await client.get("/v1/territory")).status_code == 401


async def test_the_pages_say_both_sides_and_escape_what_they_show(attached: Ledger) -> None:
    async with an_office(attached) as client:
        await post(client, merger(day_is_known=False))
    async with looked_at(attached) as browser:
        eve = Document((await browser.get("/epcis?on=2016-12-31")).text)
        day = await browser.get("/en/epcis?on=2017-01-01&known=2016-12-01")
        assert "CA &lt;b&gt;" in (await browser.get("/epcis?on=2016-12-31")).text
        assert (await browser.get("/epcis/999999999")).status_code == 404
        nobody = await browser.get("/en/epcis/246200018?on=2017-01-01")
        wrong = await browser.get("/epcis?on=soon&known=later")
    assert eve.text.count("246200018") >= 1
    assert "belong to <strong>1</strong> EPCI" in day.text
    assert "unknown: this one stands for it" in day.text
    assert "no contract belongs to it on" in nobody.text
    assert "La date demandée n’en est pas une" in wrong.text


async def test_without_any_contract_the_page_says_how_to_begin(ledger: Ledger) -> None:
    async with looked_at(ledger) as browser:
        page = await browser.get("/en/epcis")
    assert page.status_code == 200
    assert "PUT /v1/programme" in page.text


def test_no_word_of_the_territory_is_also_a_term_of_the_ledger() -> None:
    assert {*TerritoryObjection} & {*TERMS} == set()
