"""Reporting's process on a real Kafka and a real PostgreSQL: facts in, figures out, by topic, API and page."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from fastapi import FastAPI

from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres
from services.reporting.app import MIGRATIONS, build
from services.reporting.settings import Settings
from shared.contracts.entrepreneur import CessationKind
from shared.contracts.figures import BudgetStated, SurvivalStated
from shared.contracts.reasons import HeldReason
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL, Topic
from shared.database.migrations import upgrade
from shared.messaging.cluster import admin_client, new_topics, provision
from tests.use_cases.reporting.records import Record, allocations, decided, entrepreneurs, envelope, told

PARTITIONS = 2


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: the topics of the programme have fixed names, and other tests use them too."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield started
    started.erase()


@pytest.fixture(scope="module")
async def app(broker: Broker, postgres: Postgres) -> AsyncIterator[FastAPI]:
    """One process of reporting, started, for both tests: what one publishes is not ahead of the other's database."""
    topics = new_topics(
        [ALLOCATION, ENTREPRENEUR, BUDGET, SURVIVAL], partitions=PARTITIONS, replication=1, min_insync=1
    )
    await provision(admin_client(broker.bootstrap_servers), topics)
    name = f"reporting_{uuid4().hex}"
    postgres.create_database(name)
    url = postgres.url(name)
    await upgrade(MIGRATIONS, url)
    app, spine = build(
        Settings(database_url=url, kafka_bootstrap_servers=",".join(broker.bootstrap_servers), session_timeout_ms=6000)
    )
    running = asyncio.create_task(spine.run())
    try:
        yield app
    finally:
        await spine.stop()
        await running
    postgres.drop_database(name)


async def send(broker: Broker, topic: Topic, records: list[Record]) -> None:
    """Put records on Kafka as they are."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    try:
        for one in records:
            await producer.send_and_wait(topic.name, one.value, b"k", one.partition, headers=[*one.headers])
    finally:
        await producer.stop()


async def read(broker: Broker, topic: Topic, is_enough: Callable[[dict[bytes, bytes]], bool]) -> dict[bytes, bytes]:
    """Read a compacted topic until its latest values by key are enough."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    found: dict[bytes, bytes] = {}
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async with asyncio.timeout(30):
            while not is_enough(found):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found |= {one.key: one.value for one in records}
    finally:
        await consumer.stop()
    return found


async def test_allocation_facts_become_a_budget_on_the_topic_in_the_api_and_on_the_page(
    broker: Broker, app: FastAPI
) -> None:
    await send(broker, ALLOCATION, allocations(
        envelope("EnvelopeOpened", "CV219.CDC.2016", 100_000_00),
        decided("AllocationReserved", "a", cdc_cents=40_000_00),
        decided("AllocationWaitlisted", "b", cdc_cents=70_000_00),
        decided("MovementHeld", "a", movement="PaymentMade", reason=HeldReason.NOT_DECIDED_YET),
    ))  # fmt: skip

    def all_read(found: dict[bytes, bytes]) -> bool:
        return any(b'"sequence":4' in value for value in found.values())

    found = await read(broker, BUDGET, all_read)
    stated = BudgetStated.model_validate_json(found[b"CV219.CDC.2016"])
    assert (stated.reserved_cents, stated.waitlisted_cents, stated.available_cents) == (40_000_00, 70_000_00, 60_000_00)
    assert (stated.version, stated.reserved_count, stated.waiting_count) == (3, 1, 1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:
        shown = (await client.get("/v1/budget/CV219.CDC.2016")).json()
        assert shown.pop("definition")
        assert shown == json.loads(found[b"CV219.CDC.2016"])


async def test_facts_of_businesses_become_survival_figures_on_the_topic(broker: Broker, app: FastAPI) -> None:
    births = [told("BusinessCreated", number, on=date(2014, 1, 6)) for number in range(30)]
    ends = [
        told("BusinessCeased", number, on=date(2015, 6, 1), cessation=CessationKind.VOLUNTARY) for number in range(6)
    ]
    last = told("EntrepreneurWelcomed", "p", on=date(2016, 7, 14))
    await send(broker, ENTREPRENEUR, entrepreneurs(*births, *ends, last))

    def all_read(found: dict[bytes, bytes]) -> bool:
        return b'"sequence":37' in found.get(b"all", b"") and b"CV219" in found

    found = await read(broker, SURVIVAL, all_read)
    overall = SurvivalStated.model_validate_json(found[b"all"])
    assert (overall.version, overall.as_of, overall.size) == (37, date(2016, 6, 30), 30)
    assert overall.horizons[1].survival == pytest.approx(0.8)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:
        shown = (await client.get("/v1/survival/all")).json()
        assert shown.pop("definition")
        assert shown == json.loads(found[b"all"])
