"""The API answers with the figures as they were published, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openapi_spec_validator import validate

from fabrique.embedded.postgres import Postgres
from services.reporting.app import build
from services.reporting.settings import Settings
from shared.contracts.topics import BUDGET, SURVIVAL
from shared.kernel.funders import Funder
from tests.use_cases.reporting.projection import Projection, open_projection
from tests.use_cases.reporting.records import allocations, decided, entrepreneurs, envelope, told

ENDS = ("_cents", "_count", "closed", "credits")
FACTS = (
    envelope("EnvelopeOpened", "CV219.CDC.2016", 100_000_00),
    envelope("EnvelopeOpened", "CV219.STATE.2016", 200_000_00),
    envelope("EnvelopeOpened", "CV217.CDC.2017", 100_000_00),
    envelope("EnvelopeOpened", "CV221.STATE.2016", 300_00, payment_cents=200_00),
    decided("AllocationReserved", "a", cdc_cents=25_000_00, state_cents=50_000_00),
    decided("AllocationReserved", "b", contract="CV221", state_cents=250_00),
    decided("AllocationEngaged", "b", contract="CV221", state_cents=150_00, funder=Funder.STATE),
    decided(
        "PaymentRecorded",
        "b",
        contract="CV221",
        state_cents=60_00,
        funder=Funder.STATE,
        from_payment_credits=True,
    ),
    decided(
        "AllocationDecommitted",
        "b",
        contract="CV221",
        state_cents=40_00,
        funder=Funder.STATE,
        same_exercise=False,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
async def projection(postgres: Postgres) -> AsyncIterator[Projection]:
    """Figures of three strata and four envelopes, stated; the tests only read."""
    name = f"reporting_{uuid4().hex}"
    postgres.create_database(name)
    async with open_projection(postgres.url(name)) as opened:
        await opened.apply(
            allocations(*FACTS),
            entrepreneurs(
                *(told("BusinessCreated", n, on=date(2014, 1, 1), contract="CV217") for n in range(30)),
                *(told("BusinessCreated", f"s{n}", on=date(2014, 1, 1), contract="CV218") for n in range(5)),
                *(told("BusinessCreated", f"t{n}", on=date(2014, 1, 1), contract="CV219") for n in range(20)),
                told("EntrepreneurWelcomed", on=date(2016, 7, 1)),
            ),
        )
        await opened.state_budgets()
        await opened.state_survival()
        yield opened
    postgres.drop_database(name)


@pytest.fixture(scope="module")
async def client(projection: Projection) -> AsyncIterator[httpx.AsyncClient]:
    """The service's HTTP, without a Kafka."""
    url = projection.engine.url.render_as_string(hide_password=False)
    app, spine = build(Settings(database_url=url, kafka_bootstrap_servers="127.0.0.1:1"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as opened:
        yield opened
    await spine.stop()
    spine.failed.cancel()


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_figure_is_the_record_on_the_topic(client: httpx.AsyncClient, projection: Projection) -> None:
    for path, topic in (("budget", BUDGET), ("survival", SURVIVAL)):
        for key, value in (await projection.latest(topic.name)).items():
            answer = (await client.get(f"/v1/{path}/{key}")).json()
            assert answer.pop("definition").startswith("/en/#")
            assert answer == json.loads(value)


async def test_budgets_are_listed_with_their_total(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/budget")).json()
    assert [figure["envelope_id"] for figure in found["figures"]] == [
        "CV217.CDC.2017", "CV219.CDC.2016", "CV219.STATE.2016", "CV221.STATE.2016",
    ]  # fmt: skip
    total = found["total"]
    assert total.pop("share_used") == pytest.approx(75_250 / 400_300)
    assert {name.removesuffix("_cents"): cents // 100 for name, cents in total.items()} == {
        "authorised": 400_300, "frozen": 0, "reserved": 75_100, "waitlisted": 0, "engaged": 110, "lapsed": 40,
        "paid": 60, "available": 325_050, "payment_credits": 200, "payments_frozen": 0, "payable": 140,
    }  # fmt: skip
    assert (found["version"], found["read"]) == (10, [{"partition": 0, "sequence": 9}])
    assert found["known_at"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"contract": "CV219"}, 2), ({"funder": "CDC"}, 2), ({"exercise": 2017}, 1),
     ({"contract": "CV219", "funder": "STATE", "exercise": 2016}, 1), ({"contract": "CV999"}, 0)],
)  # fmt: skip
async def test_budgets_are_asked_by_contract_funder_and_exercise(
    client: httpx.AsyncClient, query: dict[str, Any], expected: int
) -> None:
    found = (await client.get("/v1/budget", params=query)).json()
    assert len(found["figures"]) == expected
    assert (found["total"]["share_used"] is None) is (expected == 0)


async def test_survival_is_one_set_of_one_version(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/survival")).json()
    assert [figure["stratum"] for figure in found["figures"]] == ["all", "CV217", "CV218", "CV219"]
    assert {figure["version"] for figure in found["figures"]} == {56} == {found["version"]}
    assert (found["as_of"], found["threshold"]) == ("2016-06-30", 11)


async def test_no_number_of_a_hidden_stratum_is_anywhere_in_the_api(client: httpx.AsyncClient) -> None:
    (figure,) = (f for f in (await client.get("/v1/survival")).json()["figures"] if f["stratum"] == "CV218")
    assert figure["hidden"] == "under-threshold"
    numbers = {k: v for k, v in figure.items() if isinstance(v, int | float) and k != "version"}
    assert numbers == {}
    assert all(v in (None, False) for h in figure["horizons"] for k, v in h.items() if k not in ("months", "hidden"))
    lines = [row for row in rows(await client.get("/v1/survival?format=csv")) if row["stratum"] == "CV218"]
    assert len(lines) == 4
    for line in lines:
        assert {line[k] for k in ("size", "survival", "lower", "upper", "at_risk", "cohort_rate")} == {""}
        assert line["hidden"] == "under-threshold"


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [("text/csv", True), ("application/json", False), ("*/*", False), ("text/csv;q=0.4, application/json;q=0.9", False),
     ("application/json;q=0.1, text/csv", True), ("text/csv;q=oops", False), ("", False)],
)  # fmt: skip
async def test_csv_is_given_to_who_prefers_it(client: httpx.AsyncClient, accept: str, is_csv: bool) -> None:
    answer = await client.get("/v1/budget", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/csv") is is_csv


async def test_csv_has_the_figures_of_the_json(client: httpx.AsyncClient) -> None:
    figures = (await client.get("/v1/budget")).json()["figures"]
    lines = rows(await client.get("/v1/budget", params={"format": "csv"}))
    assert [line["envelope_id"] for line in lines] == [figure["envelope_id"] for figure in figures]
    for line, figure in zip(lines, figures, strict=True):
        told = {name: str(value).lower() for name, value in figure.items() if name.endswith(ENDS)}
        assert {name: line[name] for name in told} == told
    assert lines[1]["reserved_cents"] == "2500000"
    assert (lines[3]["has_payment_credits"], lines[3]["payable_cents"], lines[3]["lapsed_cents"]) == (
        "true", "14000", "4000",
    )  # fmt: skip
    assert lines[1]["share_used"] == "0.25"
    assert lines[1]["read"] == "0:9"
    (one,) = rows(await client.get("/v1/budget/CV219.CDC.2016", params={"format": "csv"}))
    assert one == lines[1]
    assert len(rows(await client.get("/v1/survival/all", params={"format": "csv"}))) == 4


@pytest.mark.parametrize(
    ("path", "problem"), [("/v1/budget/CV999.CDC.2016", "envelope-unknown"), ("/v1/survival/CV999", "stratum-unknown")]
)
async def test_what_is_not_known_is_a_problem(client: httpx.AsyncClient, path: str, problem: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:fabrique:problem:{problem}"


async def test_a_parameter_that_is_wrong_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/budget", params={"exercise": "last"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/exercise"


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    validate(document)
    assert set(document["paths"]) == {
        "/v1/budget", "/v1/budget/{envelope_id}", "/v1/survival", "/v1/survival/{stratum}",
    }  # fmt: skip
    assert "text/csv" in document["paths"]["/v1/budget"]["get"]["responses"]["200"]["content"]


async def test_the_page_is_served_in_both_languages_with_its_own_policy(client: httpx.AsyncClient) -> None:
    for path, language in (("/", "fr"), ("/en/", "en")):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (await client.get("/en")).headers["location"].endswith("/en/")


async def test_the_service_is_alive_and_says_that_it_is_not_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503


async def test_the_page_of_the_real_grants_is_served_beside_the_first(client: httpx.AsyncClient) -> None:
    home = (await client.get("/en/")).text
    assert 'href="grants"' in home
    answer = await client.get("/en/grants")
    assert answer.status_code == 200
    assert "Which key does what the State really granted look like?" in answer.text
    assert "/grants" not in (await client.get("/openapi.json")).json()["paths"]
