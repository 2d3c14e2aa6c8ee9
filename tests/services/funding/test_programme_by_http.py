"""A programme file whose rights pass its cap, with those of other files, is refused by HTTP and changes nothing."""

from types import SimpleNamespace
from typing import Any

import httpx

from services.funding.routes.reading import routes
from shared.web.application import application
from tests.support.ledger import Ledger, fixed_clock
from tests.support.what_if import FILE

OPERATOR_KEY = "the operator's"
SPLIT = """
[[rules]]
exercise = 2016
programme_cap_per_beneficiary = "100.00"
rights = {{ {} }}
"""


async def put(ledger: Ledger, file: str) -> httpx.Response:
    spine: Any = SimpleNamespace(
        engine=ledger.engine, router=ledger.route, announce=lambda: None, terms=SimpleNamespace(clock=fixed_clock)
    )
    app = application("Fabrique funding", summary="A test's.")
    app.include_router(routes(spine, operator_key=OPERATOR_KEY))
    headers = {"authorization": f"Bearer {OPERATOR_KEY}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding") as client:
        return await client.put("/v1/programme", content=file, headers=headers)


async def test_rights_that_pass_the_cap_with_those_of_another_file_are_refused(ledger: Ledger) -> None:
    ledger.places |= {"CV219": 0, "CV221": 0, "CV217": 0}
    first = await put(ledger, FILE + SPLIT.format('CV219 = "60.00", CV221 = "40.00"'))
    assert (first.status_code, first.json()["rules"]) == (200, {"CV219.2016": 1, "CV221.2016": 1})
    other = FILE.replace("CV221", "CV217")
    refused = await put(ledger, other + SPLIT.format('CV219 = "60.00", CV217 = "0.01"'))
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:fabrique:problem:rights-exceed-cap")
    assert "would add up to 100.01" in refused.json()["detail"]
    assert len(await ledger.rows("SELECT * FROM rule_set")) == 2
    assert (await put(ledger, other + SPLIT.format('CV219 = "60.00"'))).json()["rules"] == {"CV217.2016": 1}
