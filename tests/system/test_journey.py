"""One event's whole way, as people see it: from a partner's request to both funders, to the figures, to subscribers."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.topics import TOPICS, dead_letter_topic, family, partner_topic
from shared.kernel.funders import Funder
from tests.support.system_fold import once
from tests.support.system_partner import programme
from tests.support.system_roads import partner_producer
from tests.support.system_stack import SystemStack, open_stack, tell_logs_on_failure
from tests.support.system_teller import STEPS, Teller, teller
from tests.support.topics import read_topic

CONTRACTS = tuple(f"CV{number}" for number in range(219, 227))
JOURNEY, TWICE, WAITING, REFUSED, TOPIC, LIVES, SUBSCRIBED, STRUCTURED = CONTRACTS
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
Json = dict[str, Any]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SystemStack]:
    """A stack of its own; each test has its own contract on it, so their order does not matter."""
    async with open_stack(tmp_path_factory.mktemp("journey"), platforms=["citeslab"]) as opened:
        credits_ = [("CDC", 2016, "1000.00"), ("STATE", 2016, "2000.00")]
        await opened.open_programme(programme(CONTRACTS, credits_), CONTRACTS)
        yield opened


@pytest.fixture(autouse=True)
def logs(request: pytest.FixtureRequest, stack: SystemStack) -> Iterator[None]:
    """On failure, the end of each log."""
    yield from tell_logs_on_failure(request, stack)


@pytest.fixture
async def partner(stack: SystemStack) -> AsyncIterator[Teller]:
    """The platform that declares."""
    async with teller(stack, "citeslab", funders=list(Funder)) as opened:
        yield opened


async def shown(stack: SystemStack, service: str, path: str) -> Any:
    """What a service shows by HTTP."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answer = await client.get(stack.url(service) + path)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()


async def budget(stack: SystemStack, envelope: str) -> Json:
    """A published budget figure."""
    found: Json = await shown(stack, "reporting", f"/v1/budget/{envelope}")
    return found


async def test_a_declared_commitment_is_reserved_at_both_funders_and_moves_the_public_figures(
    stack: SystemStack, partner: Teller
) -> None:
    answer = await partner.tell(partner.declared(JOURNEY, cdc_cents=300_00, state_cents=450_00))
    assert answer.status_code == httpx.codes.ACCEPTED
    assert answer.headers["location"] == answer.json()["href"]
    status = await partner.follow(answer.headers["location"])
    assert partner.seen == [step for step in STEPS if step in partner.seen]
    assert status["decided"]["decisions"] == ["AllocationReserved"]
    assert all(status[step]["done"] for step in ("received", *STEPS) if step != "held")
    assert status["held"] is None
    times = [datetime.fromisoformat(status[step]["at"]) for step in ("received", "accepted", "decided", "reported")]
    assert times == sorted(times)
    ledger = await shown(stack, "funding", f"/v1/commitments/{answer.json()['commitment_id']}")
    assert (ledger["state"], ledger["cdc_cents"], ledger["state_cents"]) == ("reserved", 300_00, 450_00)
    envelopes = {e["funder"]: e for e in await shown(stack, "funding", f"/v1/envelopes?contract={JOURNEY}")}
    assert {funder: e["reserved_cents"] for funder, e in envelopes.items()} == {"CDC": 300_00, "STATE": 450_00}
    for funder, reserved, available in (("CDC", 300_00, 700_00), ("STATE", 450_00, 1550_00)):
        figure = await budget(stack, f"{JOURNEY}.{funder}.2016")
        assert (figure["reserved_cents"], figure["available_cents"]) == (reserved, available)
        assert figure["reserved_count"] == 1


async def test_the_same_declaration_gets_the_same_answer_and_another_content_is_a_conflict(partner: Teller) -> None:
    event = partner.declared(TWICE, cdc_cents=10_00)
    first, again = await partner.tell(event), await partner.tell(event)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    other = event | {"data": event["data"] | {"cdc_cents": 11_00}}
    conflict = await partner.tell(other)
    assert (conflict.status_code, conflict.json()["type"]) == (409, "urn:fabrique:problem:event-conflict")
    assert conflict.json()["errors"][0]["pointer"] == "/id"
    renamed = await partner.tell(event | {"id": "another-name"})
    assert (renamed.status_code, renamed.json()["type"]) == (409, "urn:fabrique:problem:commitment-already-declared")
    assert (await partner.tell(event)).json() == first.json()
    status = await partner.follow(first.headers["location"])
    assert status["decided"]["decisions"] == ["AllocationReserved"]


async def test_who_waits_is_promoted_when_somebody_withdraws(stack: SystemStack, partner: Teller) -> None:
    first = partner.declared(WAITING, cdc_cents=900_00, state_cents=1_00)
    await partner.accepted(first)
    second = await partner.accepted(partner.declared(WAITING, cdc_cents=200_00))
    status = await partner.follow(second["href"])
    assert status["decided"]["decisions"] == ["AllocationWaitlisted"]
    waiting = await shown(stack, "funding", f"/v1/contracts/{WAITING}/waitlist?exercise=2016")
    assert [row["commitment_id"] for row in waiting] == [second["commitment_id"]]
    assert (await budget(stack, f"{WAITING}.CDC.2016"))["waitlisted_cents"] == 200_00
    gone = partner.event("CommitmentWithdrawn", reference=first["data"]["reference"], reason="abandoned")
    status = await partner.follow((await partner.accepted(gone))["href"])
    assert status["decided"]["decisions"] == ["AllocationReleased"]
    status = await partner.follow(second["href"])
    assert status["decided"]["decisions"] == ["AllocationWaitlisted", "AllocationPromoted"]
    figure = await budget(stack, f"{WAITING}.CDC.2016")
    assert (figure["reserved_cents"], figure["waitlisted_cents"], figure["waiting_count"]) == (200_00, 0, 0)
    assert (await budget(stack, f"{WAITING}.STATE.2016"))["reserved_cents"] == 0


async def test_what_is_asked_beyond_an_envelope_is_refused_with_its_reason(stack: SystemStack, partner: Teller) -> None:
    told = await partner.accepted(partner.declared(REFUSED, cdc_cents=1000_01))
    status = await partner.follow(told["href"])
    assert status["decided"]["decisions"] == ["AllocationRefused"]
    facts = [fact for fact in once(await read_topic(stack.servers, "funding.allocation.v1"))
             if fact.value.get("commitment_id") == told["commitment_id"]]  # fmt: skip
    assert [(fact.type, fact.value["reason"]) for fact in facts] == [("AllocationRefused", "exceeds-authorised")]
    assert (await shown(stack, "funding", f"/v1/commitments/{told['commitment_id']}"))["state"] == "refused"
    figure = await budget(stack, f"{REFUSED}.CDC.2016")
    assert (figure["refused_count"], figure["reserved_cents"]) == (1, 0)
    unknown = await partner.tell(partner.declared("CV999", cdc_cents=1))
    assert (unknown.status_code, unknown.json()["type"]) == (422, "urn:fabrique:problem:contract-unknown")
    assert unknown.json()["errors"][0]["pointer"] == "/data/contract"


@pytest.mark.parametrize(("mode", "contract"), [("binary", TOPIC), ("structured", STRUCTURED)])
async def test_a_partner_tells_on_its_own_topic(stack: SystemStack, partner: Teller, mode: str, contract: str) -> None:
    event = partner.declared(contract, cdc_cents=70_00, state_cents=30_00)
    attributes = {name: value for name, value in event.items() if name != "data"}
    write = to_binary_event if mode == "binary" else to_structured_event
    message = write(CloudEvent(attributes, event["data"]))
    producer = await partner_producer(stack.servers)
    try:
        topic = partner_topic("citeslab").name
        await producer.send_and_wait(topic, message.value, b"anything", headers=[*message.headers.items()])
        await producer.send_and_wait(topic, message.value, b"twice", headers=[*message.headers.items()])
    finally:
        await producer.stop()
    status = await partner.follow("/v1/events", source=event["source"], id=event["id"])
    assert status["decided"]["decisions"] == ["AllocationReserved"]
    assert (await budget(stack, f"{contract}.STATE.2016"))["reserved_cents"] == 30_00
    assert (await partner.tell(event)).json()["id"] == status["id"]  # by two roads it is one


async def test_businesses_told_in_bulk_become_a_survival_figure(stack: SystemStack, partner: Teller) -> None:
    told = [
        partner.event(
            "BusinessCreated", entrepreneur_reference=f"P{n}", business_reference=f"B{n}", contract=LIVES,
            occurred_on="2012-01-10", declared_at="2012-02-01T09:30:00Z",
        )
        for n in range(20)
    ]  # fmt: skip
    told += [
        partner.event(
            "BusinessCeased", entrepreneur_reference=f"P{n}", business_reference=f"B{n}", contract=LIVES,
            occurred_on="2013-09-01", declared_at="2016-10-04T09:30:00Z", cessation="voluntary",
        )
        for n in range(5)
    ]  # fmt: skip
    answer = await partner.client.post("/v1/events:bulk", content="\n".join(map(json.dumps, told)))
    items = [json.loads(line) for line in answer.text.splitlines()]
    assert [item["status"] for item in items] == [202] * 25
    for item in items:
        status = await partner.follow(item["href"])
        assert status["decided"] is None
    figure = await shown(stack, "reporting", "/v1/survival/all")
    assert (figure["size"], figure["as_of"]) == (20, "2016-09-30")
    at_12, at_24 = figure["horizons"][:2]
    assert (at_12["survival"], at_12["at_risk"]) == (1.0, 20)
    assert (at_24["survival"], at_24["at_risk"]) == (pytest.approx(0.75), 15)
    assert at_24["lower"] < 0.75 < at_24["upper"]
    assert (await shown(stack, "reporting", f"/v1/survival/{LIVES}"))["size"] == 20


async def test_a_plain_subscriber_finds_cloudevents_that_their_schemas_describe(
    stack: SystemStack, partner: Teller
) -> None:
    first, second = partner.declared(SUBSCRIBED, cdc_cents=900_00), partner.declared(SUBSCRIBED, cdc_cents=300_00)
    reference = {"reference": first["data"]["reference"]}
    beyond = {"cdc_cents": 1000_01, "cost_cents": 1000_01}
    act = {"funder": "CDC", "exercise": 2016, "amount_cents": 5}
    person = {"entrepreneur_reference": "P-1", "contract": LIVES}
    for event in (
        first, second, partner.declared(SUBSCRIBED, **beyond),
        partner.event("CommitmentAmended", **reference, cdc_cents=850_00, cost_cents=900_00),
        partner.event("CommitmentAmended", **reference, **beyond),
        partner.event("PaymentMade", kind="advance", **reference, **act),
        partner.event("EntrepreneurWelcomed", **person, sex="female", age_band="26-35"),
        partner.event("PathEnded", **person, outcome="back-in-employment"),
        partner.event("CommitmentWithdrawn", **reference, reason="abandoned"),
    ):  # fmt: skip
        href = (await partner.accepted(event))["href"]
    producer = await partner_producer(stack.servers)
    try:
        await producer.send_and_wait(partner_topic("citeslab").name, b"not an event", partition=0)
    finally:
        await producer.stop()
    await partner.follow(href)
    await stack.settled(seconds=30)
    letters = dead_letter_topic(partner_topic("citeslab"), "intake").name
    types = set()
    for topic in (*(topic.name for topic in TOPICS), letters):
        for partition, records in (await read_topic(stack.servers, topic)).items():
            for record in records:
                types.add(assert_is_described(topic, partition, record))
    assert types >= {
        "EnvelopeOpened", "EnvelopeStated", "BudgetStated", "SurvivalStated", "CommitmentDeclared", "DeadLetter",
        "AllocationReserved", "AllocationWaitlisted", "AllocationPromoted", "AllocationRefused", "AllocationAmended",
        "AllocationReleased", "MovementHeld", "MovementRefused", "EntrepreneurWelcomed", "PathEnded",
    }  # fmt: skip


def assert_is_described(topic: str, partition: int, record: Any) -> str:
    """A record is a CloudEvent as the SDK reads it, and its value is what the committed schema says; its type."""
    event = from_kafka_event(KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value))
    assert len(record.headers) == len(dict(record.headers))
    kind = str(event.get_type())
    schema = json.loads((SCHEMAS / family(topic) / f"{kind}.json").read_text())
    assert event.get_dataschema() == schema["$id"]
    assert event.get_datacontenttype() == "application/json"
    owner = topic.split(".")[-2 if topic.endswith(".dlq") else 0]
    assert event.get_source() == f"/fabrique/{owner}/{topic}/{partition}/epoch/0"
    assert UUID(event.get_id())
    assert event.get_time() is not None
    assert event.get_subject()
    assert int(event.get_extension("sequence")) >= 1
    assert len(event.get_extension("sequence")) == 20
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(event.get_data())
    return kind
