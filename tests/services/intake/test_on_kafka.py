"""Intake's process on a real Kafka and PostgreSQL: what partners tell on their topics, and what becomes of it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator, producer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres
from services.intake.app import create_key, keyring_of
from services.intake.store.sealing import opener
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, TOPICS, Topic, partner_topic
from shared.database.quarantine import StoredRecord
from shared.kernel.funders import Funder
from shared.messaging import relay
from shared.messaging.cluster import admin_client, new_topics, provision
from shared.messaging.spine import Spine
from tests.services.intake.kafka_records import CANARY, RECORDS
from tests.services.intake.running import STRUCTURED, Running, binary, ours, process, structured
from tests.services.intake.world import Rows, declared, migrated_database, settings_of, welcomed
from tests.support.spine_checks import outbox_breaches, snapshot
from tests.support.topics import make_topics, read_topic

PARTITIONS = 2


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: the topics of the programme have fixed names, and other tests use them too."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield started
    started.erase()


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


async def test_good_and_bad_records_each_get_what_they_deserve_and_nothing_stops(
    intake: Running, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = partner_topic("citeslab")
    before = await _counts(intake)
    first = await intake.send(topic.name, *(record for _, record, _, _ in RECORDS))
    quarantined = {row["offset"] - first: row for row in await intake.rows(
        f"SELECT * FROM quarantine WHERE topic = '{topic.name}'")}  # fmt: skip  # noqa: S608
    for number, (name, _, reason, pointer) in enumerate(RECORDS):
        row = quarantined.get(number)
        found = (row["reason"], row["pointer"]) if row else (None, "")
        assert found == (reason, pointer), name
    assert await _counts(intake) - before == {"CommitmentDeclared": 1, "EntrepreneurWelcomed": 7, "SupportStarted": 1}
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
    for number, row in quarantined.items():
        value, headers = RECORDS[number][1]
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
    assert told_there == {row["offset"]: (row["reason"], row["pointer"]) for row in quarantined.values()}
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
