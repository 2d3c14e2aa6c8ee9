"""A programme with rules, put by HTTP: opened once, its rules in force as versions, mistakes told with their line."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from services.funding.routes.reading import routes
from shared.web.application import application
from tests.support.commands import CDC, CDC_NEXT_DOOR
from tests.support.ledger import Ledger, fixed_clock
from tests.support.what_if import FILE

KEY = {"authorization": "Bearer the operator's"}
RULES = """
[[rules]]
exercise = 2016
contracts = ["CV219"]
cap_per_project = "50.00"
waitlist = "skip"
"""


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """Funding's routes, without Kafka."""
    ledger.places |= {"CV219": 0, "CV221": 1}
    spine: Any = SimpleNamespace(
        engine=ledger.engine, router=ledger.route, announce=lambda: None, terms=SimpleNamespace(clock=fixed_clock)
    )
    app = application("Fabrique funding", summary="A test's.")
    app.include_router(routes(spine, operator_key="the operator's"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding", headers=KEY) as opened:
        yield opened


async def test_rules_are_put_in_force_once_and_what_contracts_weigh_is_kept(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    first = (await client.put("/v1/programme", content=FILE + RULES)).json()
    assert first["opened"] == [CDC, CDC_NEXT_DOOR]
    assert first["rules"] == {"CV219.2016": 1, "CV221.2016": 1}
    again = (await client.put("/v1/programme", content=FILE + RULES)).json()
    assert (again["opened"], again["rules"]) == ([], {}), "the same again is nothing new"
    other = FILE.replace("53545", "53546") + RULES.replace("50.00", "60.00")
    assert (await client.put("/v1/programme", content=other)).json()["rules"] == {"CV219.2016": 2, "CV221.2016": 2}
    kept = await ledger.rows("SELECT content ->> 'cap_per_project_cents' AS cap, content ->> 'eligible' AS eligible"
                             " FROM rule_set ORDER BY contract, version")  # fmt: skip
    assert [(row["cap"], row["eligible"]) for row in kept] == [
        ("5000", None), ("6000", None), ("5000", "false"), ("6000", "false"),
    ]  # fmt: skip
    weights = await ledger.rows("SELECT contract, qpv_population, caseload FROM contract_weight ORDER BY contract")
    assert [(*row.values(),) for row in weights] == [("CV219", 53546, None), ("CV221", 30332, None)]


async def test_rules_that_cannot_be_are_told_with_their_line_and_nothing_is_opened(
    client: httpx.AsyncClient, ledger: Ledger
) -> None:
    answer = await client.put("/v1/programme", content=FILE + RULES.replace("CV219", "CV999"))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:fabrique:problem:programme-invalid")
    assert "CV999 is not a contract of this file" in answer.json()["errors"][0]["detail"]
    assert (await client.put("/v1/programme", content=FILE + RULES, headers={"authorization": ""})).status_code == 401
    assert await ledger.rows("SELECT 1 FROM envelope UNION ALL SELECT 1 FROM rule_set") == []
