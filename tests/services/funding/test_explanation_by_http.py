"""Whoever asks why is told in words and numbers, of the books as they stood before each decision."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from services.funding.domain.command import Act
from services.funding.routes.explanations import explanation_routes, preferred
from shared.messaging.spine import Spine
from shared.web.application import application
from tests.support.commands import CDC, commanded, wanted
from tests.support.commitment_events import Json, event, named, opened, records
from tests.support.ledger import Ledger


def declared(name: str, number: int, cdc: int, **more: Any) -> Json:
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc} | more
    return event("CommitmentDeclared", name, contract="CV219", number=number, **terms)


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = application("Fabrique funding", summary="Explanations.")
    app.include_router(explanation_routes(cast("Spine", SimpleNamespace(engine=ledger.engine))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as opened_client:
        yield opened_client


async def explained(client: httpx.AsyncClient, name: str, **more: Any) -> Json:
    answer = await client.get(f"/v1/commitments/{named(name)}/explanation", **more)
    assert answer.status_code == 200
    found: Json = answer.json()
    return found


async def test_each_decision_is_explained_by_the_books_before_it(ledger: Ledger, client: httpx.AsyncClient) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 10_000)], partition=0)
    await ledger.rule("CV219", 2016, {"cap_per_beneficiary_cents": 9_000, "convention_from_cents": 5_000})
    x = {"beneficiary_id": named("X")}
    engaged = {"funder": "CDC", "exercise": 2016, "amount_cents": 6_000}
    log = records(
        [
            declared("A", 1, 8_000, **x), declared("B", 2, 1_500, **x), declared("C", 3, 6_000),
            declared("D", 4, 4_000), event("CommitmentEngaged", "C", contract="CV219", number=5, **engaged),
        ]
    )  # fmt: skip
    await ledger.decide(log, [5])
    refused = await explained(client, "B", params={"lang": "en"})
    [figures] = refused["figures"]
    assert (figures["reason"], figures["rules_version"], figures["others_cents"]) == (
        "exceeds-beneficiary-cap", 1, 8_000,
    )  # fmt: skip
    assert "Other requests of the same beneficiary came to €80.00." in refused["sentences"]
    waits = await explained(client, "D")
    assert waits["lang"] == "fr"
    assert waits["figures"][0]["before"] == [
        {"envelope_id": CDC, "room_cents": 2_000, "waiting_cents": 6_000, "waiting_count": 1}
    ]
    held = await explained(client, "C")
    assert held["held"] == [{"movement": "CommitmentEngaged", "reason": "waits-for-room"}]
    await commanded(ledger, wanted(Act.INCREASE, CDC, 4_000))
    promoted, act = (await explained(client, "C"))["figures"][-2:]
    assert promoted["cause"] == {"word": "increase", "by": "operator", "why": "reprogramming", "commitment_id": None}
    assert (promoted["convention_needed"], promoted["before"][0]["room_cents"]) == (True, 6_000)
    assert (act["type"], (await explained(client, "C"))["held"]) == ("AllocationEngaged", [])


async def test_another_commitment_that_freed_it_is_named(ledger: Ledger, client: httpx.AsyncClient) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    withdrawn = event("CommitmentWithdrawn", "A", contract="CV219", number=3, reason="abandoned")
    await ledger.decide(records([declared("A", 1, 100), declared("B", 2, 50), withdrawn]), [3])
    reserved, promoted = (await explained(client, "B"))["figures"]
    assert "cause" not in reserved
    assert (promoted["cause"]["word"], promoted["cause"]["commitment_id"]) == ("AllocationReleased", named("A"))
    answer = await client.get(f"/v1/commitments/{named('nobody')}/explanation")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:fabrique:problem:commitment-unknown")


async def test_the_language_is_the_one_asked_for(ledger: Ledger, client: httpx.AsyncClient) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    await ledger.decide(records([declared("A", 1, 100)]), [1])
    english = {"headers": {"Accept-Language": "de, en-GB;q=0.8, fr;q=0.5"}}
    assert (await explained(client, "A", **english))["lang"] == "en"
    assert (await explained(client, "A", params={"lang": "fr"}, **english))["lang"] == "fr"
    assert [preferred(each) for each in ("", "de", "en;q=x", "en", "fr, en")] == ["fr", "fr", "fr", "en", "fr"]
