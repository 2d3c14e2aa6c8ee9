"""The database stops under intake: nothing is half done, the answer says to come back, and coming back works."""

from collections.abc import AsyncIterator

import pytest

from fabrique.embedded.postgres import Postgres, start_postgres
from tests.services.intake.world import World, declared, migrated_database, ndjson, open_world


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """A server of its own: it is going to be stopped."""
    started = start_postgres(tmp_path_factory.mktemp("postgres"), report=print)
    yield started
    started.erase()


@pytest.fixture
async def fragile(server: Postgres) -> AsyncIterator[World]:
    """An intake on that server."""
    async with open_world(server.url(await migrated_database(server))) as opened:
        yield opened


async def test_while_the_database_is_down_the_answer_is_503_and_afterwards_all_goes_on(
    fragile: World, server: Postgres
) -> None:
    key, before, during = await fragile.key(), declared("R-1", id="1"), declared("R-2", id="2")
    first = await fragile.client.post("/v1/events", json=before, headers=key)
    server.stop_immediately()
    for method, path, body in (
        ("POST", "/v1/events", ndjson([during])), ("POST", "/v1/events", b"[" + ndjson([during]) + b"]"),
        ("GET", f"/v1/events/{first.json()['id']}", b""),
    ):  # fmt: skip
        answer = await fragile.client.request(method, path, content=body, headers=key)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), answer.text
        assert answer.json()["type"] == "urn:fabrique:problem:unavailable"
    unknown_key = {"authorization": "Bearer fab_unknown_key"}
    assert (await fragile.client.post("/v1/events", json=during, headers=unknown_key)).status_code == 503
    server.start()
    again = await fragile.client.post("/v1/events", json=before, headers=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert (await fragile.client.post("/v1/events", json=during, headers=key)).status_code == 202
    assert len(await fragile.rows("SELECT FROM outbox")) == 2


async def test_before_the_topics_were_seen_the_answer_is_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.spine, "_router", None)
    answer = await world.client.post("/v1/events", json=declared(), headers=await world.key())
    assert answer.status_code == 503
    assert await world.rows("SELECT FROM received_event") == []
