"""A what-if by HTTP: answered whole in cents, refused with the reason, applied by whoever may."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.funding.domain.manager import OPERATOR, Manager
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.what_if import what_if_routes
from shared.kernel.funders import Funder
from shared.messaging.history import Extent, HistoryLost
from shared.web.application import application
from tests.support.commands import CDC, CDC_NEXT_DOOR, desk, opened_with
from tests.support.commitment_events import named, records
from tests.support.ledger import Ledger
from tests.support.what_if import FILE, as_told, declared

KEYS = {"anne": Manager("anne", "cdc", frozenset({Funder.CDC})), "operator": OPERATOR,
        "chloe": Manager("chloe", "prefecture", frozenset({Funder.STATE}))}  # fmt: skip


@asynccontextmanager
async def funding(ledger: Ledger, history: Any) -> AsyncIterator[httpx.AsyncClient]:
    """What-if routes on a test's ledger; a manager's name is the key."""

    async def whose(key: str) -> Manager | None:
        return KEYS.get(key)

    app = application("Fabrique funding", summary="A test's.")
    at = desk(ledger, four_eyes_from=5_000)
    app.include_router(what_if_routes(Rehearsals(lambda: at, history), whose=whose, announce=lambda: None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        client.headers["authorization"] = "Bearer anne"
        yield client


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    await opened_with(ledger, {CDC: 100_00, CDC_NEXT_DOOR: 100_00})
    found = records([declared("a", 1, 90_00), declared("b", 2, 30_00), declared("c", 3, 10_00)])
    await ledger.decide(found, [3])
    async with funding(ledger, as_told(found)) as opened:
        yield opened


async def test_the_side_by_side_is_answered_to_the_cent(client: httpx.AsyncClient, ledger: Ledger) -> None:
    before = await ledger.rows("SELECT * FROM envelope ORDER BY envelope_id")
    found = (await client.post("/v1/what-if", content=FILE)).json()
    replayed = found["replayed"]
    assert (replayed["better"], replayed["worse"], replayed["otherwise"]) == (2, 0, 0)
    assert {c["commitment_id"]: c["gained_cents"] for c in replayed["commitments"]} == {
        named("b"): 3000, named("c"): 1000,
    }  # fmt: skip
    [total] = replayed["totals"]
    assert (total["of"], total["difference"]["authorised_cents"], total["difference"]["reserved_cents"]) == (
        "CDC.2016", 0, 4000,
    )  # fmt: skip
    [order] = found["orders"]
    assert (order["kind"], order["envelope"], order["to"], order["amount_cents"]) == (
        "transfer", CDC_NEXT_DOOR, CDC, 3000,
    )  # fmt: skip
    assert await ledger.rows("SELECT * FROM envelope ORDER BY envelope_id") == before
    assert await ledger.rows("SELECT * FROM command WHERE kind <> 'open-envelopes'") == []


async def test_what_was_shown_is_applied_once(client: httpx.AsyncClient, ledger: Ledger) -> None:
    shown = (await client.post("/v1/what-if", params={"reason": "another-key"}, content=FILE)).json()
    terms = {"reason": "another-key", "plan": shown["plan"]}
    [order] = (await client.post("/v1/what-if/apply", params=terms, content=FILE)).json()["orders"]
    assert (order["state"], order["command_id"]) == ("applied", shown["orders"][0]["command_id"])
    rows = await ledger.rows("SELECT reason, \"by\", proposed_by, state FROM command WHERE kind = 'transfer'")
    assert rows == [{"reason": "another-key", "by": "cdc", "proposed_by": "anne", "state": "applied"}]
    del terms["plan"]
    assert (await client.post("/v1/what-if/apply", params=terms, content=FILE)).json() == {"orders": []}
    moved = await client.post("/v1/what-if/apply", params=terms | {"plan": shown["plan"]}, content=FILE)
    assert (moved.status_code, moved.json()["type"]) == (409, "urn:fabrique:problem:plan-moved")


async def test_who_may_not_is_told_so(client: httpx.AsyncClient) -> None:
    for path in ("/v1/what-if", "/v1/what-if/apply?reason=another-key"):
        answer = await client.post(path, content=FILE, headers={"authorization": "Bearer nobody"})
        assert answer.status_code == 401
    answer = await client.post(
        "/v1/what-if/apply?reason=another-key", content=FILE, headers={"authorization": "Bearer chloe"}
    )
    assert [(o["state"], o["refusal"]) for o in answer.json()["orders"]] == [("not-taken", "not-allowed")]


async def test_a_file_that_is_not_valid_is_answered_with_its_lines(client: httpx.AsyncClient) -> None:
    for path in ("/v1/what-if", "/v1/what-if/apply?reason=another-key"):
        answer = await client.post(path, content=FILE.replace("130.00", "a lot"))
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:fabrique:problem:programme-invalid")
        assert "line" in answer.json()["errors"][0]["detail"]
    assert (await client.post("/v1/what-if/apply", content=FILE)).status_code == 422, "the reason is missing"
    assert (await client.post("/v1/what-if", params={"reason": "Because we can."}, content=FILE)).status_code == 422


async def test_a_ledger_that_its_line_does_not_give_is_not_answered_for(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    await ledger.execute("UPDATE commitment SET priority = 4 WHERE commitment_id = :id", id=named("a"))
    answer = await client.post("/v1/what-if", content=FILE)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:fabrique:problem:replay-differs")
    assert named("a") in answer.json()["errors"][0]["detail"]


async def test_how_far_it_is_is_said_line_by_line_and_the_answer_last(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    whole = (await client.post("/v1/what-if", content=FILE)).json()
    lines = {"accept": "application/x-ndjson"}
    said = [
        json.loads(line) async for line in (await client.post("/v1/what-if", content=FILE, headers=lines)).aiter_lines()
    ]
    assert said[0] == {"progress": {"what": "reading the log", "done": 3, "of": 3}}
    assert {line["progress"]["what"] for line in said[1:-1]} == {"replaying as it was", "replaying with the change"}
    del whole["replay_seconds"], said[-1]["answer"]["replay_seconds"]
    assert said[-1] == {"answer": whole}
    await ledger.execute("UPDATE commitment SET priority = 4 WHERE commitment_id = :id", id=named("a"))
    *_, last = (await client.post("/v1/what-if", content=FILE, headers=lines)).text.splitlines()
    assert json.loads(last)["problem"]["type"] == "urn:fabrique:problem:replay-differs"


async def test_a_log_that_is_lost_is_not_answered_for(ledger: Ledger) -> None:
    async def lost(_: Extent, **_more: Any) -> Any:
        raise HistoryLost("intake.commitment.v1/0 begins at 7")

    async with funding(ledger, lost) as opened:
        answer = await opened.post("/v1/what-if", content=FILE)
    assert (answer.status_code, answer.json()["detail"]) == (409, "intake.commitment.v1/0 begins at 7")
