"""The relay reads an event once: what finds no room in a Kafka batch waits in memory for the next, if that is right."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaError
from sqlalchemy.engine import make_url

from shared.messaging import relay
from tests.support.outgoing import Outgoing, duplicates, running

pytestmark = pytest.mark.faults


class Counting:
    """A database connection that counts the events it read."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.events = 0

    async def fetch(self, query: str, *arguments: Any) -> Any:
        rows = await self._connection.fetch(query, *arguments)
        self.events += len(rows) if query == relay.ROWS else 0
        return rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.fixture
async def counting(outgoing: Outgoing) -> AsyncIterator[Any]:
    dsn = make_url(outgoing.ledger.url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    yield Counting(connection)
    await connection.close()


async def test_what_finds_no_room_in_a_kafka_batch_is_not_read_again(outgoing: Outgoing, counting: Any) -> None:
    for partition in (0, 1):
        await outgoing.announce(partition, 1000)
    one, rounds = outgoing.relay(), 0
    while await one.relay_once(counting):
        rounds += 1
    await one._drop_producer()
    assert rounds > 3
    assert counting.events == 2000
    assert duplicates(await outgoing.assert_told()) == 0


async def test_what_was_read_ahead_is_forgotten_when_its_batch_fails_or_another_relay_went_on(
    outgoing: Outgoing, counting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outgoing.announce(0, 1000)
    one, real = outgoing.relay(), relay._send_batch

    async def refused(*_: Any) -> None:
        monkeypatch.setattr(relay, "_send_batch", real)
        raise KafkaError("refused")

    monkeypatch.setattr(relay, "_send_batch", refused)
    with pytest.raises(KafkaError):
        await one.relay_once(counting)
    sent = await one.relay_once(counting)
    async with running(outgoing.relay("another")):
        await counting.execute("SELECT pg_advisory_unlock_all()")
        await outgoing.finished()
    await outgoing.announce(0, 1000)
    while await one.relay_once(counting):
        pass
    await one._drop_producer()
    assert 0 < sent < 1000
    assert await outgoing.relayed() == {0: (2000, 2000), 1: (0, 0)}
    assert duplicates(await outgoing.assert_told()) == 0
