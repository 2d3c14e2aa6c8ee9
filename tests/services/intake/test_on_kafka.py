"""Intake's process on a real Kafka and PostgreSQL: what partners tell on their topics, and what becomes of it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator, producer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from fastapi import FastAPI

from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres
from services.intake.app import build, create_key, keyring_of
from services.intake.settings import Settings
from services.intake.store.sealing import opener
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, TOPICS, Topic, partner_topic
from shared.database.quarantine import StoredRecord
from shared.kernel.funders import Funder
from shared.messaging import relay
from shared.messaging.cluster import admin_client, new_topics, provision
from shared.messaging.spine import Spine
from tests.services.intake.world import (
    Event,
    Rows,
    declared,
    fetch,
    migrated_database,
    settings_of,
    told,
    welcomed,
)  # fmt: skip
from tests.support.spine_checks import outbox_breaches, snapshot
from tests.support.topics import make_topics, read_topic

PARTITIONS = 2
CANARY = "Jeanne-Dupont"
STRUCTURED = ("content-type", b"application/cloudevents+json")
Header = tuple[str, bytes | None]
Record = tuple[bytes | None, list[Header]]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: the topics of the programme have fixed names, and other tests use them too."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield started
    started.erase()


@dataclass
class Running:
    """One running process of intake, and who speaks to it."""

    settings: Settings
    app: FastAPI
    spine: Spine
    client: httpx.AsyncClient
    producer: AIOKafkaProducer

    async def send(self, topic: str, *records: Record, partition: int = 0) -> None:
        """Put records on one partition, in order, and wait until they are applied."""
        for value, headers in records:
            sent = await self.producer.send_and_wait(topic, value, b"k", partition=partition, headers=headers)
        await self.applied(topic, sent.offset + 1, partition=partition)

    async def rows(self, query: str) -> Rows:
        """Read rows by plain SQL."""
        return await fetch(self.settings.database_url, query)

    async def until(self, what: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
        """Wait until something is so, and return it."""
        async with asyncio.timeout(seconds):
            while not (found := await what()):  # noqa: ASYNC110  a database tells nobody
                await asyncio.sleep(0.05)
        return found

    async def applied(self, topic: str, offset: int, *, partition: int = 0) -> None:
        """Wait until a partition is applied up to an offset."""
        query = (
            f"SELECT FROM checkpoint WHERE topic = '{topic}' AND partition = {partition} AND next_offset >= {offset}"
        )
        await self.until(lambda: self.rows(query))


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[tuple[FastAPI, Spine]]:
    """Run intake as its own process would."""
    app, spine = build(settings)
    running = asyncio.create_task(spine.run())
    try:
        yield app, spine
    finally:
        await spine.stop()
        await running


@pytest.fixture(scope="module")
async def intake(broker: Broker, postgres: Postgres) -> AsyncIterator[Running]:
    """Intake, with the partners' topics and keys, and two contracts that have envelopes."""
    partners = [partner_topic(name) for name in ("citeslab", "adie", "nokey")]
    topics = new_topics([*TOPICS, *partners], partitions=PARTITIONS, replication=1, min_insync=1)
    await provision(admin_client(broker.bootstrap_servers), topics)
    settings = settings_of(
        postgres.url(await migrated_database(postgres)), kafka_bootstrap_servers=",".join(broker.bootstrap_servers),
        session_timeout_ms=6_000,
    )  # fmt: skip
    key = await create_key(settings, platform="citeslab", funders=[Funder.CDC])
    await create_key(settings, platform="adie", event_types=["EntrepreneurWelcomed", "EntrepreneurErased"])
    speaking = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, max_request_size=2**21)
    await speaking.start()
    async with process(settings) as (app, spine):
        headers = {"authorization": f"Bearer {key.key}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://intake", headers=headers) as client:
            running = Running(settings, app, spine, client, speaking)
            for number, contract in enumerate(("CV219", "CV220"), start=1):
                await running.send(ALLOCATION.name, ours(ALLOCATION, "EnvelopeOpened", number, contract=contract))
            yield running
    await speaking.stop()


def structured(event: Event) -> Record:
    """Write an event whole in the value."""
    return json.dumps(event).encode(), [STRUCTURED]


def binary(event: Event, **other: bytes | None) -> Record:
    """Write an event's attributes as headers; `other` headers replace or join them, in the place where they were."""
    headers: dict[str, bytes | None] = {
        f"ce_{name}": str(value).encode() for name, value in event.items() if name != "data"
    }
    return json.dumps(event["data"]).encode(), [*(headers | other).items()]


def ours(topic: Topic, type_: str, sequence: int, *, cause: UUID | None = None, **more: Any) -> Record:
    """Write a fact as a relay of ours does, in partition 0."""
    fact = next(fact for fact in EXAMPLES[topic.name] if type(fact).__name__ == type_).model_copy(update=more)
    source = f"/fabrique/{topic.owner}/{topic.name}/0/epoch/0".encode()
    headers: list[Header] = [
        ("ce_id", str(uuid4()).encode()), ("ce_type", type_.encode()), ("ce_source", source),
        ("ce_sequence", b"%020d" % sequence),
    ]  # fmt: skip
    if cause is not None:
        headers.append(("ce_causationid", str(cause).encode()))
    return fact.model_dump_json().encode(), headers


def without(record: Record, name: str) -> Record:
    """Leave a header out."""
    return record[0], [header for header in record[1] if header[0] != name]


NAMED = {"nom_complet": CANARY}
RECORDS: list[tuple[str, Record, str | None, str]] = [
    ("a good one in structured mode", structured(declared("R-1", id="s1")), None, ""),
    ("a good one in binary mode", binary(welcomed("P-1", id="b1")), None, ""),
    ("null", (None, [STRUCTURED]), "value-null", ""),
    ("nothing", (b"", [STRUCTURED]), "json-invalid", ""),
    ("nothing, nor headers", (b"", []), "type-unknown", "/type"),
    ("no headers", (b"{}", []), "type-unknown", "/type"),
    ("not JSON", (b"bonjour", [STRUCTURED]), "json-invalid", ""),
    ("not JSON in binary mode", (b"\xff", binary(welcomed())[1]), "json-invalid", "/data"),
    ("not an object", (b"[1]", [STRUCTURED]), "not-an-object", ""),
    ("an array of events", (json.dumps([welcomed()]).encode(), [STRUCTURED]), "not-an-object", ""),
    ("nearly 1 MiB", (b"1" * 1_040_000, [STRUCTURED]), "too-large", ""),
    ("a nesting of 10 000", (b"[" * 10_000 + b"]" * 10_000, [STRUCTURED]), "json-invalid", ""),
    ("an unknown type", binary(welcomed() | {"type": CANARY}), "type-unknown", "/type"),
    ("an unknown field", structured(welcomed(**NAMED)), "field-unknown", "/data"),
    ("a float amount", structured(declared(cost_cents=1.5)), "field-invalid", "/data/cost_cents"),
    ("a negative amount", binary(declared(cost_cents=-1)), "field-invalid", "/data/cost_cents"),
    ("an amount past 64 bits", binary(declared(cost_cents=2**64)), "field-invalid", "/data/cost_cents"),
    ("a bad SIRET", structured(declared(beneficiary_siret="12345678200011")), "field-invalid",
     "/data/beneficiary_siret"),
    ("a header that is not UTF-8", binary(welcomed(), ce_id=b"\xff\xfe"), "header-not-utf8", "/headers/ce_id"),
    ("a null header", binary(welcomed(), ce_source=None), "header-missing", "/headers/ce_source"),
    ("a header that is missing", without(binary(welcomed()), "ce_source"), "field-invalid", "/source"),
    ("a content type that is not UTF-8", (b"{}", [("content-type", b"\xff")]), "header-not-utf8",
     "/headers/content-type"),
    ("a content type that is not read", (b"{}", [("content-type", b"text/xml")]), "content-type-unknown",
     "/headers/content-type"),
    ("a source of another", structured(welcomed(id="x", platform="adie")), "source-of-another", "/source"),
    ("an unknown contract", structured(declared("R-9", contract="CV999")), "contract-unknown", "/data/contract"),
    ("a commitment declared twice", binary(declared("R-1")), "commitment-already-declared", "/data/reference"),
    ("an act of the other funder", structured(told("PaymentMade", {"reference": "R-1", "funder": "STATE",
     "exercise": 2016, "amount_cents": 1, "kind": "advance"})), "funder-not-allowed", "/data/funder"),
    ("other content under the same id", binary(welcomed("P-2", id="b1")), "event-conflict", "/id"),
    ("the same again, by the other mode", structured(welcomed("P-1", id="b1")), None, ""),
    ("headers of their own, of any kind", binary(welcomed("P-3", id="b3"), ce_x=b"\xff", other=None), None, ""),
    ("a header given twice", (binary(welcomed("P-4"))[0], [("ce_id", b""), *binary(welcomed("P-4", id="b4"))[1]]),
     None, ""),
    ("a sequence like ours", binary(welcomed("P-5", id="b5") | {"source": "/citeslab/epoch/0"}, ce_sequence=b"5"),
     None, ""),
    ("a sequence like ours that goes back",
     binary(welcomed("P-6", id="b6") | {"source": "/citeslab/epoch/0"}, ce_sequence=b"1"), None, ""),
    ("a good one at the end", binary(told("SupportStarted", {"entrepreneur_reference": "P-1", "contract": "CV219",
     "support": "coaching"}, id="b7")), None, ""),
]  # fmt: skip


async def test_good_and_bad_records_each_get_what_they_deserve_and_nothing_stops(
    intake: Running, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = partner_topic("citeslab")
    before = await _counts(intake)
    await intake.send(topic.name, *(record for _, record, _, _ in RECORDS))
    quarantined = {row["offset"]: row for row in await intake.rows(
        f"SELECT * FROM quarantine WHERE topic = '{topic.name}'")}  # fmt: skip  # noqa: S608
    for offset, (name, _, reason, pointer) in enumerate(RECORDS):
        row = quarantined.get(offset)
        found = (row["reason"], row["pointer"]) if row else (None, "")
        assert found == (reason, pointer), name
    assert await _counts(intake) - before == {"CommitmentDeclared": 1, "EntrepreneurWelcomed": 5, "SupportStarted": 1}
    await _assert_sealed(intake, quarantined)
    await _assert_dead_letters_tell_no_content(intake, broker, topic, quarantined)
    printed = capsys.readouterr()
    assert CANARY not in printed.out + printed.err
    assert list(outbox_breaches(await snapshot(intake.settings.database_url))) == []


async def _counts(intake: Running) -> Counter[str]:
    rows = await intake.rows("SELECT type, count(*) AS n FROM received_event WHERE platform = 'citeslab' GROUP BY type")
    return Counter({row["type"]: row["n"] for row in rows})


async def _assert_sealed(intake: Running, quarantined: dict[int, dict[str, Any]]) -> None:
    """What was refused is readable with the secret only; nothing else beside it quotes the record."""
    unseal = opener(keyring_of(intake.settings))
    for offset, row in quarantined.items():
        value, headers = RECORDS[offset][1]
        stored = StoredRecord.unpack(unseal(row["record"]))
        assert stored.value == (value[: 64 * 1024] if value is not None else None)
        assert stored.headers == headers
        assert CANARY.encode() not in row["record"]
        assert CANARY not in f"{row['detail']} {row['pointer']} {row['reason']}"
        assert row["truncated"] is (value is not None and len(value) > 64 * 1024)


async def _assert_dead_letters_tell_no_content(
    intake: Running, broker: Broker, topic: Topic, quarantined: dict[int, dict[str, Any]]
) -> None:
    query = f"SELECT FROM outbox_partition WHERE topic = '{topic.dlq('intake')}' AND relayed_sequence = last_sequence"
    await intake.until(lambda: intake.rows(query))
    letters = (await read_topic(broker.bootstrap_servers, topic.dlq("intake")))[0]
    told_there = {letter["offset"]: (letter["reason"], letter["pointer"]) for record in letters
                  if record.value and (letter := json.loads(record.value))}  # fmt: skip
    assert told_there == {offset: (row["reason"], row["pointer"]) for offset, row in quarantined.items()}
    for record in letters:
        assert CANARY.encode() not in bytes(record.value or b"") + b"".join(v for _, v in record.headers)
        assert set(json.loads(record.value or b"{}")) == {
            "reader", "topic", "partition", "offset", "reason", "pointer", "length", "quarantined_at",
        }  # fmt: skip


async def test_a_header_whose_name_is_not_utf8_does_not_stop_the_partition(
    intake: Running, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(str):
        """A name that is written as bytes that are no UTF-8."""

        __slots__ = ()

        def encode(self, *_: Any) -> bytes:
            return b"\xff\xfe"

    for module in (message_accumulator, producer):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    speaking = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await speaking.start()
    try:
        for number, name in enumerate(("plain", Odd("odd"), "plain")):
            value, headers = binary(welcomed(f"O-{number}", id=f"odd{number}", platform="adie"))
            await speaking.send_and_wait("partner.adie.event.v1", value, partition=1, headers=[*headers, (name, b"1")])
    finally:
        await speaking.stop()
    await intake.applied("partner.adie.event.v1", 3, partition=1)
    assert len(await intake.rows("SELECT FROM received_event WHERE platform = 'adie'")) == 3


async def test_a_platform_tells_within_its_keys_and_without_any_not_at_all(intake: Running) -> None:
    await intake.send("partner.adie.event.v1", structured(declared("A-1", platform="adie")))
    await intake.send("partner.nokey.event.v1", structured(welcomed(platform="nokey")))
    rows = await intake.rows("SELECT topic, reason FROM quarantine WHERE topic NOT LIKE '%citeslab%' ORDER BY topic")
    assert [(row["topic"], row["reason"]) for row in rows if "late" not in row["topic"]] == [
        ("partner.adie.event.v1", "event-type-not-allowed"), ("partner.nokey.event.v1", "platform-unknown"),
    ]  # fmt: skip


async def test_the_same_event_by_http_and_on_kafka_is_one(intake: Running) -> None:
    event = welcomed("both", id="both-roads")
    first = await intake.client.post("/v1/events", json=event)
    await intake.send("partner.citeslab.event.v1", structured(event), binary(event), partition=1)
    again = await intake.client.post("/v1/events", json=event)
    assert first.json() == again.json()
    rows = await intake.rows(f"SELECT count(*) AS n FROM outbox WHERE event_id = '{first.json()['id']}'")  # noqa: S608
    assert rows[0]["n"] == 1


async def test_an_event_is_followed_from_received_to_reported(intake: Running, broker: Broker) -> None:
    made = (await intake.client.post("/v1/events", json=declared("followed"))).json()

    async def status(step: str) -> Any:
        seen = (await intake.client.get(made["href"])).json()
        return seen if seen[step]["done"] and seen[step]["at"] else None

    await intake.until(lambda: status("published"))
    published = [record for log in (await read_topic(broker.bootstrap_servers, COMMITMENT.name)).values()
                 for record in log if dict(record.headers)["ce_id"].decode() == made["id"]]  # fmt: skip
    assert [json.loads(record.value)["commitment_id"] for record in published if record.value] == [
        made["commitment_id"]
    ]
    reserved = ours(
        ALLOCATION, "AllocationReserved", 3, cause=UUID(made["id"]), commitment_id=UUID(made["commitment_id"])
    )
    await intake.send(ALLOCATION.name, reserved)
    assert (await intake.until(lambda: status("decided")))["decided"]["decisions"] == ["AllocationReserved"]
    figure: Any = next(fact for fact in EXAMPLES[BUDGET.name])
    read = [figure.read[0].model_copy(update={"partition": 0, "sequence": 3})]
    await intake.send(BUDGET.name, ours(BUDGET, "BudgetStated", 1, read=read))
    seen = await intake.until(lambda: status("reported"))
    assert seen["status"] == "reported"
    times = [seen[step]["at"] for step in ("received", "accepted", "published", "decided", "reported")]
    assert all(times)
    assert times[:2] == sorted(times[:2])


async def test_a_topic_that_comes_later_is_read_and_its_missing_dead_letters_stop_nobody(
    intake: Running, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MISSING_SECONDS", 1.0)
    await create_key(intake.settings, platform="late")
    await make_topics(broker.bootstrap_servers, {"partner.late.event.v1": 1})
    await intake.send("partner.late.event.v1", (b"bad", [STRUCTURED]), structured(welcomed(platform="late")))
    made = (await intake.client.post("/v1/events", json=declared("after-late"))).json()

    async def published() -> bool:
        return bool((await intake.client.get(made["href"])).json()["published"]["done"])

    await intake.until(published, seconds=10)
    assert not await _dead_letters_relayed(intake)
    await make_topics(broker.bootstrap_servers, {"partner.late.event.v1.intake.dlq": 1})
    await intake.until(lambda: _dead_letters_relayed(intake))


async def _dead_letters_relayed(intake: Running) -> Rows:
    return await intake.rows(
        "SELECT FROM outbox_partition WHERE topic = 'partner.late.event.v1.intake.dlq' AND relayed_sequence = 1"
    )


async def test_what_two_processes_read_again_changes_nothing(intake: Running) -> None:
    event = welcomed("again", id="read-again")
    made = await intake.client.post("/v1/events", json=event)
    before = await intake.rows("SELECT topic, partition, sequence, event_id FROM received_event ORDER BY event_id")
    async with process(intake.settings.model_copy(update={"instance": "2"})) as (_, spine):
        await intake.until(lambda: _is_ready(spine))
        for partition in range(PARTITIONS):
            await intake.send("partner.citeslab.event.v1", structured(event), binary(event), partition=partition)
    await intake.send("partner.citeslab.event.v1", structured(event))
    after = await intake.rows("SELECT topic, partition, sequence, event_id FROM received_event ORDER BY event_id")
    assert before == after
    assert made.json()["id"] in {str(row["event_id"]) for row in after}
    assert list(outbox_breaches(await snapshot(intake.settings.database_url))) == []


async def _is_ready(spine: Spine) -> bool:
    return bool((await spine.readiness())["ready"])
