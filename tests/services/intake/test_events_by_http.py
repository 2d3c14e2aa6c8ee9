"""`/v1/events` as a partner meets it: answers, problems with the field at fault, and where an event stands."""

import json
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client import REGISTRY

from services.intake.app import build
from services.intake.use_cases.keys import revoke_key
from shared.kernel.api_key import prefix_of
from shared.kernel.funders import Funder
from shared.kernel.ids import commitment_id
from tests.services.intake.world import World, declared, fixed_clock, settings_of, told, welcomed

CANARY = "Jeanne-Dupont"
UNKNOWN = "This key is not known, or was revoked: ask for another."
JSON = {"content-type": "application/json"}


def raw(**fields: Any) -> bytes:
    """A declared commitment, with some fields otherwise."""
    event = declared()
    return json.dumps(event | {"data": event["data"] | fields}).encode()


def amount(text: str) -> bytes:
    """A declared commitment whose cost is written so."""
    return raw(cost_cents=-7).replace(b"-7", text.encode())


BAD: list[tuple[str, bytes, int, str, str]] = [
    ("not JSON", b"bonjour", 400, "json-invalid", ""),
    ("not an object", b"42", 422, "not-an-object", ""),
    ("an unknown type", json.dumps(declared() | {"type": "CommitmentDreamt"}).encode(), 422, "type-unknown", "/type"),
    ("a wrong unit", raw(cost_cents="1000,00 €"), 422, "field-invalid", "/data/cost_cents"),
    ("a float amount", amount("100000.0"), 422, "field-invalid", "/data/cost_cents"),
    ("a negative amount", amount("-100000"), 422, "field-invalid", "/data/cost_cents"),
    ("an amount past 64 bits", amount("9223372036854775808"), 422, "field-invalid", "/data/cost_cents"),
    ("NaN", amount("NaN"), 422, "field-invalid", "/data/cost_cents"),
    ("an unknown contract", raw(contract="CV999"), 422, "contract-unknown", "/data/contract"),
    ("a bad SIRET", raw(beneficiary_siret="12345678200011"), 422, "field-invalid", "/data/beneficiary_siret"),
    ("a bad SIREN", json.dumps(told("BusinessCreated", {"entrepreneur_reference": "P", "business_reference": "B",
     "contract": "CV219", "siren": "123456789"})).encode(), 422, "field-invalid", "/data/siren"),
    ("a bad QPV code", json.dumps(welcomed(residence_qpv_code="QP62")).encode(), 422, "field-invalid",
     "/data/residence_qpv_code"),
    ("an unknown field", raw(nom_complet=CANARY), 422, "field-unknown", "/data/nom_complet"),
    ("a missing field", raw(reference=None), 422, "field-invalid", "/data/reference"),
    ("an amount twice", raw().replace(b'"data": {', b'"data": {"cost_cents": 1, '), 422, "name-repeated",
     "/data/cost_cents"),
    ("no data", json.dumps(declared() | {"data": None}).encode(), 422, "field-invalid", "/data"),
    ("a nesting of 10 000", b'{"type":"CommitmentDeclared","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400,
     "json-invalid", ""),
    ("an array nested 10 000 deep", b"[" * 10_000, 400, "json-invalid", ""),
    ("an event of more than 256 KiB", raw() + b" " * 300_000, 413, "too-large", ""),
    ("a body of more than 1 MiB", b" " * 1_048_577, 413, "too-large", ""),
    ("an empty array", b"[]", 422, "array-size", ""),
    ("nothing", b"", 400, "json-invalid", ""),
]  # fmt: skip


async def test_bad_input_gets_a_problem_that_points_to_the_field_and_nothing_is_kept(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    key = await world.key()
    for name, body, status, reason, pointer in BAD:
        answer = await world.client.post("/v1/events", content=body, headers=key | JSON)
        assert answer.status_code == status, name
        assert answer.headers["content-type"] == "application/problem+json", name
        problem = answer.json()
        assert problem["type"] == f"urn:fabrique:problem:{reason}", name
        assert problem["status"] == status, name
        assert problem.get("errors", [{"pointer": ""}])[0]["pointer"] == pointer, name
    assert await world.rows("SELECT FROM received_event UNION ALL SELECT FROM outbox") == []
    assert (await world.client.post("/v1/events", json=declared(), headers=key)).status_code == 202
    printed = capsys.readouterr()
    assert CANARY not in printed.out + printed.err


async def test_bad_items_of_an_array_are_pointed_to_by_their_place_and_good_ones_are_accepted(world: World) -> None:
    bad = [(body, pointer) for _, body, status, _, pointer in BAD if status == 422 and body.startswith(b"{")]
    items = [body for body, _ in bad if b"NaN" not in body]  # which is no JSON at all: it would spoil the whole array
    body = (
        b"[" + b",".join([*items, json.dumps(declared("R-1")).encode(), b"5", json.dumps(welcomed()).encode()]) + b"]"
    )
    answer = await world.client.post("/v1/events", content=body, headers=await world.key() | JSON)
    assert answer.status_code == 200
    results = answer.json()
    assert [result["index"] for result in results] == list(range(len(items) + 3))
    assert [result["status"] for result in results] == [422] * len(items) + [202, 422, 202]
    expected = [pointer for body, pointer in bad if b"NaN" not in body]
    assert [result["errors"][0]["pointer"] for result in results[: len(items)]] == [
        f"/{index}{pointer}" for index, pointer in enumerate(expected)
    ]
    assert results[len(items) + 1]["errors"][0]["pointer"] == f"/{len(items) + 1}"
    assert len(await world.rows("SELECT FROM received_event")) == 2


async def test_declaring_a_commitment_gives_its_id_and_location_and_again_the_same_answer(world: World) -> None:
    key, event = await world.key(), declared("2016-0042", id="1")
    first = await world.client.post("/v1/events", json=event, headers=key)
    again = await world.client.post("/v1/events", json=event | {"time": "2016-10-05T00:00:00Z"}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert first.json()["commitment_id"] == str(commitment_id("citeslab", "2016-0042"))
    assert first.headers["location"] == again.headers["location"] == f"/v1/events/{first.json()['id']}"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = await world.client.post("/v1/events", json=declared("2016-0042", id="1", priority=1), headers=key)
    assert (other.status_code, other.json()["type"]) == (409, "urn:fabrique:problem:event-conflict")
    twice = await world.client.post("/v1/events", json=declared("2016-0042"), headers=key)
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:fabrique:problem:commitment-already-declared")


async def test_an_array_is_202_when_all_is_accepted_and_its_answers_tell_what_was_known(world: World) -> None:
    key, events = await world.key(), [declared("R-1"), declared("R-2"), welcomed()]
    first = await world.client.post("/v1/events", json=events, headers=key)
    again = await world.client.post("/v1/events", json=[*events, welcomed("P-9")], headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert [item.get("duplicate", False) for item in again.json()] == [True, True, True, False]
    assert [item["id"] for item in again.json()[:3]] == [item["id"] for item in first.json()]
    too_many = await world.client.post("/v1/events", json=[0] * 1001, headers=key)
    assert (too_many.status_code, too_many.json()["type"]) == (422, "urn:fabrique:problem:array-size")


async def test_answers_are_counted_by_platform_and_by_words_of_closed_lists_only(world: World) -> None:
    key, event = await world.key("counted"), welcomed(platform="counted")
    labels = {"road": "http", "platform": "counted"}

    def counted() -> list[float]:
        read = REGISTRY.get_sample_value
        return [
            read("intake_events_accepted_total", labels | {"type": "EntrepreneurWelcomed"}) or 0.0,
            read("intake_events_repeated_total", labels) or 0.0,
            *(read("intake_events_refused_total", labels | {"reason": reason}) or 0.0
              for reason in ("field-unknown", "contract-unknown", "json-invalid", "not-an-object")),
        ]  # fmt: skip

    unknown_contract = welcomed(platform="counted", contract="CV999")
    unknown_field = json.dumps(welcomed(platform="counted", **{CANARY: 1})).encode()
    batch = b"[" + json.dumps(unknown_contract).encode() + b"," + unknown_field + b",5]"
    for body in (json.dumps(event).encode(), json.dumps(event).encode(), b"no", batch):
        await world.client.post("/v1/events", content=body, headers=key | JSON)
    assert counted() == [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    exposed = (await world.client.get("/metrics")).text
    assert 'platform="counted"' in exposed
    assert CANARY not in exposed


async def test_binary_mode_is_read_and_is_the_same_event(world: World) -> None:
    key, event = await world.key(), declared(id="a/1")
    headers = {"ce-specversion": "1.0", "ce-id": "a%2F1", "ce-source": event["source"], "ce-type": event["type"]}
    first = await world.client.post("/v1/events", json=event["data"], headers=key | headers)
    assert first.status_code == 202, first.text
    again = await world.client.post(
        "/v1/events", json=event, headers=key | {"content-type": "application/cloudevents+json; charset=utf-8"}
    )
    assert again.json() == first.json()
    bad = await world.client.post("/v1/events", json={}, headers=key | headers)
    assert bad.json()["errors"][0]["pointer"] == "/data/cost_cents"


@pytest.mark.parametrize(
    ("name", "value", "status", "pointer"),
    [
        ("ce-id", b"\xff\xfe", 422, "/headers/ce-id"), ("ce-source", b"%FF", 422, "/headers/ce-source"),
        ("ce-type", b"Unknown", 422, "/type"), ("ce-id", b"a b", 422, "/id"), ("ce-time", b"x", 422, "/time"),
        ("content-type", b"text/plain", 415, None), ("authorization", b"Bearer \xff", 401, None),
        ("ce-jeanne-dupont", b"\xff", 202, None), ("traceparent", b"\xc3\xa9", 202, None),
        ("traceparent", b"\xff\xfe", 202, None), ("ce-traceparent", b"%FF", 202, None),
    ],
)  # fmt: skip
async def test_a_bad_header_is_pointed_to(
    world: World, name: str, value: bytes, status: int, pointer: str | None
) -> None:
    event = declared()
    headers = await world.key() | JSON | {
        "ce-specversion": "1.0", "ce-id": "1", "ce-source": event["source"], "ce-type": event["type"],
    }  # fmt: skip
    raw_headers = [(k.encode(), v.encode()) for k, v in headers.items() if k != name] + [(name.encode(), value)]
    answer = await world.client.post("/v1/events", content=json.dumps(event["data"]), headers=raw_headers)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_without_a_key_that_stands_nothing_is_told_nor_shown(world: World) -> None:
    key = (await world.key())["authorization"]
    for shown in ("", "Bearer", "Bearer x", "Basic abc", key + "x", key.replace("Bearer ", "")):
        for method, path in (("POST", "/v1/events"), ("POST", "/v1/events:bulk"),
                             ("GET", "/v1/events?source=/a&id=1")):  # fmt: skip
            answer = await world.client.request(method, path, headers={"authorization": shown}, content=b"{")
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), (shown, path)
            assert answer.json()["type"] == "urn:fabrique:problem:key-unknown"
            was_sent = shown in ("Bearer x", key + "x")
            assert answer.json()["title"] == (UNKNOWN if was_sent else "This needs a key."), shown


async def test_a_revoked_key_is_said_to_be_so(world: World) -> None:
    key = await world.key()
    await world.client.get("/v1/events?source=/a&id=1", headers=key)
    prefix = prefix_of(key["authorization"].removeprefix("Bearer "))
    assert await revoke_key(world.spine.engine, prefix or "", clock=fixed_clock)
    world_anew = build(settings_of(world.url), clock=fixed_clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world_anew[0]), base_url="http://intake") as client:
        answer = await client.post("/v1/events", json=declared(), headers=key)
    await world_anew[1].engine.dispose()
    assert (answer.status_code, answer.json()["title"]) == (401, UNKNOWN)


@pytest.mark.parametrize("body", [b" " * 1_048_577, raw() + b" " * 300_000], ids=["a body", "an event"])
async def test_what_is_too_large_is_told_the_limit_and_where_many_go(world: World, body: bytes) -> None:
    answer = await world.client.post("/v1/events", content=body, headers=await world.key() | JSON)
    assert answer.status_code == 413
    assert "at most 256 KiB" in answer.json()["detail"]
    assert "/v1/events:bulk" in answer.json()["detail"]


async def test_a_key_tells_only_what_it_may(world: World) -> None:
    citeslab = await world.key(types=["CommitmentDeclared", "CommitmentEngaged"])
    caisse = await world.key("caisse", funders=[Funder.CDC])
    made = (await world.client.post("/v1/events", json=declared("R-1"), headers=citeslab)).json()
    act = {"commitment_id": made["commitment_id"], "exercise": 2016, "amount_cents": 1}
    told_so = [
        (citeslab, welcomed(), 403, "event-type-not-allowed", "/type"),
        (citeslab, declared(platform="adie"), 403, "source-of-another", "/source"),
        (citeslab, told("CommitmentEngaged", act | {"funder": "CDC"}), 403, "funder-not-allowed", "/data/funder"),
        (caisse, told("CommitmentEngaged", act | {"funder": "STATE"}, platform="caisse"), 403, "funder-not-allowed",
         "/data/funder"),
        (caisse, told("CommitmentWithdrawn", {"commitment_id": made["commitment_id"], "reason": "abandoned"},
         platform="caisse"), 403, "not-the-declarer", "/data/commitment_id"),
        (caisse, told("PaymentMade", {"reference": "R-1", "funder": "CDC", "exercise": 2016, "amount_cents": 1,
         "kind": "advance"}, platform="caisse"), 422, "commitment-unknown", "/data/reference"),
    ]  # fmt: skip
    for key, event, status, reason, pointer in told_so:
        answer = await world.client.post("/v1/events", json=event, headers=key)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:fabrique:problem:{reason}")
        assert answer.json()["errors"][0]["pointer"] == pointer
    accepted = told("CommitmentEngaged", act | {"funder": "CDC"}, platform="caisse")
    assert (await world.client.post("/v1/events", json=accepted, headers=caisse)).status_code == 202


async def test_an_event_is_followed_by_our_name_or_by_the_partners_and_by_nobody_else(world: World) -> None:
    key, event = await world.key(), declared(id="a b".replace(" ", "+"))
    made = (await world.client.post("/v1/events", json=event, headers=key)).json()
    by_ours = await world.client.get(made["href"], headers=key)
    by_theirs = await world.client.get("/v1/events", params={"source": event["source"], "id": event["id"]}, headers=key)
    assert by_ours.status_code == 200
    assert by_ours.json() == by_theirs.json()
    seen = by_ours.json()
    assert (seen["id"], seen["status"], seen["type"]) == (made["id"], "accepted", "CommitmentDeclared")
    assert seen["received"] == {"done": True, "at": "2020-06-01T12:00:00Z"}
    assert seen["accepted"]["done"]
    assert seen["published"] == seen["reported"] == {"done": False, "at": None}
    assert seen["decided"] == {"done": False, "at": None, "decisions": []}
    for headers, path, status in (
        (await world.key("adie"), made["href"], 404),
        (key, "/v1/events/00000000-0000-0000-0000-000000000001", 404),
        (key, "/v1/events/x", 422),
        (key, "/v1/events?source=/citeslab/lens&id=unknown", 404),
        (key, "/v1/events?source=/citeslab/lens", 422),
    ):
        answer = await world.client.get(path, headers=headers)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
    person = (await world.client.post("/v1/events", json=welcomed(), headers=key)).json()
    assert (await world.client.get(person["href"], headers=key)).json()["decided"] is None


async def test_the_openapi_document_is_valid_and_shows_how_to_declare_a_commitment(world: World) -> None:
    document = (await world.client.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    body = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/cloudevents+json"]
    assert next(iter(body["examples"])) == "CommitmentDeclared"
    key = await world.key(funders=list(Funder))
    example = body["examples"]["CommitmentDeclared"]["value"]
    answer = await world.client.post("/v1/events", json=example, headers=key)
    assert answer.status_code == 202, answer.text
    assert set(document["paths"]) == {"/v1/events", "/v1/events:bulk", "/v1/events/{event_id}"}
    assert (await world.client.get("/docs")).status_code == 200
