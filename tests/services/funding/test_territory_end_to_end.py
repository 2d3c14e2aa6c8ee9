"""The territory of the Pas-de-Calais on a real Kafka and a real PostgreSQL: told by file and by command, read by all.

A subscriber folds the topic with nothing of ours, and finds what the API, the pages and the downloads say.
"""

import asyncio
import csv
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI

from fabrique.demo.programme import programme_text
from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres
from services.funding.app import MIGRATIONS, build
from services.funding.settings import Settings
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.database.migrations import upgrade
from shared.messaging.cluster import admin_client, new_topics, provision

PARTITIONS = 3
GUIDE = Path(__file__).parents[3] / "docs" / "subscribers-guide.md"
KEY = {"authorization": "Bearer the operator's"}
EVE, NEW_YEAR, AFTER = "2016-12-31", "2017-01-01", "2019-12-31"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: the topics of the programme have fixed names, and other tests use them too."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield started
    started.erase()


@pytest.fixture
async def app(broker: Broker, postgres: Postgres) -> AsyncIterator[FastAPI]:
    """One process of funding, started."""
    topics = new_topics([COMMITMENT, ALLOCATION, ENVELOPE, TERRITORY], partitions=PARTITIONS, replication=1,
                        min_insync=1)  # fmt: skip
    await provision(admin_client(broker.bootstrap_servers), topics)
    name = f"funding_{uuid4().hex}"
    postgres.create_database(name)
    url = postgres.url(name)
    await upgrade(MIGRATIONS, url)
    servers = ",".join(broker.bootstrap_servers)
    app, spine = build(Settings(database_url=url, kafka_bootstrap_servers=servers, operator_key="the operator's",
                                session_timeout_ms=6000))  # fmt: skip
    running = asyncio.create_task(spine.run())
    try:
        yield app
    finally:
        await spine.stop()
        await running
    postgres.drop_database(name)


async def told(broker: Broker, count: int) -> list[tuple[str, Json]]:
    """Read the topic's first records as any consumer does: type and fact."""
    consumer = AIOKafkaConsumer(
        TERRITORY.name, bootstrap_servers=broker.bootstrap_servers, group_id=f"reports-{uuid4().hex}",
        auto_offset_reset="earliest", enable_auto_commit=False,
    )  # fmt: skip
    found: list[tuple[str, Json]] = []
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=300)).values():
                    found += [(dict(r.headers)["ce_type"].decode(), json.loads(r.value)) for r in records]
    finally:
        await consumer.stop()
    return found


def epci_of(facts: list[tuple[str, Json]], on: str) -> dict[str, str]:
    """Fold with the very lines of the subscribers' guide: to which EPCI each contract belongs on a day."""
    [lines] = [
        lines for lines in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "epci_on" in lines
    ]
    said: Json = {}
    exec(lines, said)  # noqa: S102  our own guide
    found: dict[str, str] = said["epci_on"](facts, on)
    return found


async def served(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://funding", timeout=60)


async def view(client: httpx.AsyncClient, on: str, known: str | None = None) -> Json:
    answer = await client.get("/v1/epcis", params={"on": on} | ({"known": known} if known else {}))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def members(said: Json) -> dict[str, str]:
    return {contract: epci["siren"] for epci in said["epcis"] for contract in epci["contracts"]}


def authorised(figures: list[Json]) -> int:
    return sum(each["authorised_cents"] for each in figures)


async def test_what_is_told_is_read_by_a_plain_consumer_and_seen_on_both_sides(app: FastAPI, broker: Broker) -> None:
    async with await served(app) as client:
        first = await put(client)
        assert Counter(each["kind"] for each in first["territory"]) == {"attach": 11, "merge": 5, "annul": 1}
        assert (await put(client))["territory"] == []

        facts = await told(broker, 11 + 7 + 1)
        assert sorted(kind for kind, _ in facts) == ["ContractAttached"] * 11 + ["EpciMerged"] * 7 + [
            "EpciMergerAnnulled"
        ]
        for day, count in ((EVE, 11), (NEW_YEAR, 9), (AFTER, 9)):
            said = await view(client, day)
            assert members(said) == epci_of(facts, day)
            assert len(said["epcis"]) == count
            assert authorised(said["total"]) == 260_000_000
            assert sum(authorised(epci["figures"]) for epci in said["epcis"]) == 260_000_000
            assert said["unattached"] is None

        before = (await view(client, NEW_YEAR))["known_at"]
        annulled = await annul(client, "saint-omer-2017", NEW_YEAR)
        assert annulled["contracts"] == ["CV218", "CV220"]
        facts = await told(broker, 19 + 2)
        now, then = await view(client, NEW_YEAR), await view(client, NEW_YEAR, before)
        assert members(now) == epci_of(facts, NEW_YEAR)
        assert (members(now)["CV218"], members(then)["CV218"]) == ("246200018", "200069037")
        assert (len(now["epcis"]), len(then["epcis"])) == (10, 9)
        assert authorised(now["total"]) == authorised(then["total"]) == 260_000_000
        await both_sides(client, before)


async def put(client: httpx.AsyncClient) -> Json:
    async with asyncio.timeout(60):
        while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110  a process tells nobody that it is ready
            await asyncio.sleep(0.1)
    answer = await client.put("/v1/programme", content=programme_text().encode(), headers=KEY)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def annul(client: httpx.AsyncClient, merger: str, day: str) -> Json:
    order = {"command_id": str(uuid4()), "kind": "annul", "merger": merger, "annulled_from": day, "reason": "court"}
    tried = await client.post("/v1/territory?dry_run=true", json=order, headers=KEY)
    done = await client.post("/v1/territory", json=order, headers=KEY)
    again = await client.post("/v1/territory", json=order, headers=KEY)
    assert (tried.status_code, done.status_code, again.status_code) == (200, 201, 200)
    assert tried.json()["contracts"] == done.json()["contracts"]
    assert again.json() == done.json()
    listed = (await client.get("/v1/territory", headers=KEY)).json()
    assert listed[-1] == done.json()
    found: Json = done.json()
    return found


async def both_sides(client: httpx.AsyncClient, before: str) -> None:
    """The page of the merged EPCI, in both languages, and its table, say what the API says."""
    one = (await client.get("/v1/epcis/200069037", params={"on": NEW_YEAR, "known": before})).json()
    assert one["epci"]["contracts"] == ["CV218", "CV220"]
    [turn] = one["turns"]
    assert [side["siren"] for side in turn["before"]] == ["246200018", "246200455"]
    assert [side["siren"] for side in turn["after"]] == ["200069037"]
    assert sum(authorised(s["figures"]) for s in turn["before"]) == authorised(turn["after"][0]["figures"])
    now = (await client.get("/v1/epcis/200069037", params={"on": NEW_YEAR})).json()
    assert now["epci"]["contracts"] == []
    for prefix, word in (("", "la veille"), ("/en", "the eve")):
        page = await client.get(f"{prefix}/epcis/200069037", params={"on": NEW_YEAR, "known": before})
        assert page.status_code == 200
        assert "CA du Pays de Saint-Omer" in page.text
        assert word in page.text
    sides = await client.get("/epcis/200069037/sides.csv", params={"on": NEW_YEAR, "known": before})
    rows = [*csv.DictReader(StringIO(sides.text))]
    assert [(row["since"], row["epci"], row["contracts"]) for row in rows] == [
        (EVE, "246200018", "CV218"), (EVE, "246200455", "CV220"), (NEW_YEAR, "200069037", "CV218 CV220"),
    ]  # fmt: skip
    assert [date.fromisoformat(row["since"]) for row in rows] == [date(2016, 12, 31)] * 2 + [date(2017, 1, 1)]
