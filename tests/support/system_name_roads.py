"""Every road by which somebody's name may come in, by mistake or by malice, each with a made-up name of its own."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from stdnum import luhn

from shared.contracts.topics import partner_topic
from tests.support.system_roads import Header, partner_producer
from tests.support.system_teller import Teller

STEM = "Quatrebarbes"
CONTRACT = "CV219"
MIB = 1024 * 1024
Road = Callable[[Teller, str], Awaitable[object]]
ROADS: dict[str, Road] = {}
"""By the name of the road: who takes it with the name that it is given. Each fails if intake answers otherwise."""


def road(function: Road) -> Road:
    """Note a road."""
    ROADS[function.__name__.replace("_", "-")] = function
    return function


def person(partner: Teller, name: str, type_: str = "EntrepreneurWelcomed", **more: Any) -> dict[str, Any]:
    """A valid event about somebody whom its partner calls by name."""
    terms = {"entrepreneur_reference": name, "contract": CONTRACT} | more
    return partner.event(type_, id=f"{name}/{type_}", source=f"/citeslab/{name}", **terms)


async def answered(partner: Teller, body: object, *statuses: int, **headers: str) -> httpx.Response:
    """POST a body as it is, and see that the answer is one of those expected."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    answer = await partner.client.post("/v1/events", content=content, headers=told)
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    return answer


@road
async def http_one_event(partner: Teller, name: str) -> None:
    event = partner.declared(CONTRACT, cdc_cents=1, reference=name, id=name, source=f"/citeslab/{name}")
    named = event | {"subject": name, "extension": name, "traceparent": name, "time": "2016-10-04T09:30:00Z"}
    await answered(partner, named, 202)
    await answered(partner, named, 202)
    await answered(partner, named | {"data": named["data"] | {"cdc_cents": 2, "cost_cents": 9}}, 409)
    await answered(partner, named | {"id": "other"}, 409)


@road
async def http_people_and_businesses(partner: Teller, name: str) -> None:
    business = {"business_reference": f"B-{name}", "siren": siren_of(name)}
    await answered(partner, person(partner, name), 202)
    await answered(partner, person(partner, name, "BusinessCreated", **business), 202)
    other = {"merged_entrepreneur_reference": f"M-{name}"}
    await answered(partner, person(partner, name, "EntrepreneursMerged", **other), 202)
    await answered(partner, person(partner, name, "EntrepreneurErased"), 202)


@road
async def http_unknown_field(partner: Teller, name: str) -> None:
    await answered(partner, person(partner, name, **{name: 1}), 422)
    await answered(partner, person(partner, name, comment=name), 422)
    await answered(partner, person(partner, name, **{f"{name}/{n}": name for n in range(40)}), 422)


@road
async def http_field_of_another_kind(partner: Teller, name: str) -> None:
    for field in ("contract", "occurred_on", "declared_at", "sex"):
        await answered(partner, person(partner, name, **{field: name}), 422)
    await answered(partner, person(partner, name) | {"type": name}, 422)
    await answered(partner, person(partner, name) | {"source": f"/{name}"}, 403)
    await answered(partner, person(partner, name) | {"specversion": name}, 422)
    await answered(partner, [name, {"data": name}, [name]], 200)


@road
async def http_not_json(partner: Teller, name: str) -> None:
    await answered(partner, b'{"name": "' + name.encode(), 400)
    await answered(partner, name.encode("utf-16"), 400)
    await answered(partner, json.dumps(person(partner, name)).encode() + b"}", 400, 422)
    half_a_pair = json.dumps(person(partner, name)).replace(f'"{name}"', f'"\\ud800{name}"')
    await answered(partner, half_a_pair.encode(), 400, 422)
    await answered(partner, b"[" * 10_000 + name.encode(), 400, 422)


@road
async def http_binary_mode(partner: Teller, name: str) -> None:
    event = person(partner, name)
    attributes = {"ce_specversion": "1.0", "ce_type": event["type"], "ce_id": name, "ce_source": f"/citeslab/{name}"}
    await answered(partner, event["data"], 202, **attributes, ce_subject=f"{name}%20%C3%A9", ce_family=name)
    await answered(partner, event["data"], 422, **attributes | {"ce_id": f"{name}%20%C3%A9"})
    await answered(partner, event["data"] | {name: 1}, 422, **attributes)


@road
async def http_several_events(partner: Teller, name: str) -> None:
    good, bad = person(partner, name), person(partner, name) | {"data": {name: name}}
    await answered(partner, [good, bad, name], 200)
    lines = [json.dumps(each) for each in (good, bad, name)] + ["{" + name, json.dumps({name: "x" * 300_000})]
    answer = await partner.client.post("/v1/events:bulk", content="\n".join(lines))
    assert [json.loads(line)["status"] // 100 for line in answer.text.splitlines()] == [2, 4, 4, 4, 4]


@road
async def http_a_mebibyte(partner: Teller, name: str) -> None:
    filling = name * (MIB // len(name) + 1)
    await answered(partner, person(partner, name, comment=filling[: MIB // 2]), 413)
    await answered(partner, person(partner, name, comment=filling), 413)


@road
async def http_addresses_and_headers(partner: Teller, name: str) -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False, headers={"user-agent": name, "x-name": name}) as client:
        for key in (f"fab_{name}_{name}", name):
            answer = await client.post(
                partner.stack.url("intake") + "/v1/events", json={}, headers={"authorization": f"Bearer {key}"}
            )
            assert answer.status_code == httpx.codes.UNAUTHORIZED
        for service, path in (
            ("intake", f"/{name}"), ("funding", f"/v1/commitments/{name}"),
            ("funding", f"/v1/envelopes?contract={name}"),
            ("funding", f"/v1/contracts/{name}/waitlist?exercise={name}"), ("reporting", f"/v1/budget/{name}"),
            ("reporting", f"/v1/survival/{name}?format={name}"), ("reporting", f"/?exercice={name}"),
            ("reporting", f"/v1/budget?funder={name}&exercise={name}"),
        ):  # fmt: skip
            assert (await client.get(partner.stack.url(service) + path)).status_code < 500, path
    for path in (f"/v1/events/{name}", f"/v1/events?source=/citeslab/{name}&id={name}", f"/v1/events?source={name}"):
        assert (await partner.client.get(path)).status_code in (404, 422)


async def on_kafka(partner: Teller, value: bytes | None, headers: Sequence[Header], *, key: bytes = b"k") -> None:
    """Put one record on the partner's own topic."""
    producer: AIOKafkaProducer = await partner_producer(partner.stack.servers)
    try:
        await producer.send_and_wait(partner_topic("citeslab").name, value, key, headers=[*headers])
    finally:
        await producer.stop()


def binary(name: str, **more: bytes) -> list[Header]:
    """The headers of an event about somebody, in binary mode; `more` replaces or adds."""
    attributes = {
        "ce_specversion": b"1.0", "ce_id": name.encode(), "ce_source": f"/citeslab/{name}".encode(),
        "ce_type": b"EntrepreneurWelcomed",
    }  # fmt: skip
    return [*(attributes | more).items()]


def data_of(partner: Teller, name: str, **more: Any) -> bytes:
    """The data of an event about somebody."""
    return json.dumps(person(partner, name, **more)["data"]).encode()


@road
async def kafka_header(partner: Teller, name: str) -> None:
    headers = binary(name, ce_subject=name.encode(), ce_family=name.encode(), traceparent=name.encode())
    await on_kafka(partner, data_of(partner, name), [*headers, (name, name.encode())])
    for spoilt in ("ce_type", "ce_specversion", "ce_source", "content-type"):
        await on_kafka(partner, data_of(partner, name), binary(name, **{spoilt: name.encode()}))
    await on_kafka(partner, data_of(partner, name), binary(name, ce_id=name.encode() + b"\xff"))
    await on_kafka(partner, data_of(partner, name), binary(name, ce_id=name.encode("utf-16")))


@road
async def kafka_key(partner: Teller, name: str) -> None:
    await on_kafka(partner, data_of(partner, name), binary(name), key=name.encode())
    await on_kafka(partner, None, binary(f"{name}/2"), key=name.encode())


@road
async def kafka_value_in_binary_mode(partner: Teller, name: str) -> None:
    await on_kafka(partner, data_of(partner, name), binary(name))
    await on_kafka(partner, data_of(partner, name, **{name: 1}), binary(f"{name}/2"))
    await on_kafka(partner, data_of(partner, name, sex=name), binary(f"{name}/3"))
    await on_kafka(partner, b'{"name": "' + name.encode(), binary(f"{name}/4"))


@road
async def kafka_value_in_structured_mode(partner: Teller, name: str) -> None:
    structured: list[Header] = [("content-type", b"application/cloudevents+json")]
    event = person(partner, name)
    for told in (event, event | {"data": {name: name}}, event | {"type": name}, {name: name}, name):
        await on_kafka(partner, json.dumps(told).encode(), structured)
    await on_kafka(partner, b'{"name": "' + name.encode(), structured)


@road
async def kafka_a_mebibyte(partner: Teller, name: str) -> None:
    await on_kafka(partner, (name * (MIB // len(name) + 1)).encode()[:MIB], binary(name))
    await on_kafka(partner, data_of(partner, name, comment=name * 9_000), binary(f"{name}/2"))


@road
async def import_of_a_file(partner: Teller, name: str) -> None:
    folder = partner.stack.folder / "partner"
    folder.mkdir(exist_ok=True)
    path = folder / "events.ndjson"
    events = [person(partner, name), person(partner, name, comment=name), {"name": name}]
    path.write_text("\n".join([*map(json.dumps, events), "{" + name]))
    assert await imported(path, partner) == 1
    sheet = folder / "grants.csv"
    columns = "dispositif,annee,id_poste,code_tiers,raison_sociale,montant,code_cv,insee_dep,insee_reg,source"
    siret = siren_of(name) + "0001"
    siret += luhn.calc_check_digit(siret)
    sheet.write_text(f"{columns}\n{name},2016,1,{siret},{name},10.00,{CONTRACT},62,32,{name}\n{name},x,1,,,,,,,\n")
    assert await imported(sheet, partner) == 1


async def imported(path: Path, partner: Teller) -> int:
    """Run `fabrique import` as a partner does; how it ended."""
    key = partner.client.headers["authorization"].removeprefix("Bearer ")
    command = [sys.executable, "-m", "fabrique", "import", str(path), "--to", partner.stack.url("intake"), "--key", key]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode in (0, 1), said.decode()
    return process.returncode or 0


def siren_of(name: str) -> str:
    """A valid SIREN that belongs to nobody we know, the same for the same name."""
    digits = f"{sum(map(ord, name)) * 104_729 % 90_000_000 + 10_000_000}"
    return digits + luhn.calc_check_digit(digits)
