"""The relay, killed and hindered at every point on a real Kafka: no loss, no hole, first occurrences in order."""

import asyncio
import contextlib
import random
import signal
import sys
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, RequestTimedOutError
from sqlalchemy.engine import make_url

from fabrique.embedded.kafka import Broker
from shared.database import outbox
from shared.database.outbox import Destination
from shared.database.transaction import transaction
from shared.messaging import metrics, relay
from shared.messaging.relay import Backlog
from tests.support.outgoing import Outgoing, duplicates, running
from tests.support.seeds import seeds
from tests.support.simple_stream import noted, noting_stream
from tests.support.spine_checks import first_occurrences
from tests.support.topics import Log, make_topics

pytestmark = pytest.mark.faults

FORGET = "DELETE FROM outbox WHERE topic = :topic AND partition = 0 AND sequence > 3"
GO_BACK = "UPDATE outbox_partition SET last_sequence = 3, relayed_sequence = 3 WHERE topic = :topic AND partition = 0"
RAISE_EPOCH = "UPDATE outbox_partition SET epoch = 1, parked = NULL WHERE topic = :topic AND partition = 0"


async def assert_applied_once(outgoing: Outgoing, log: Log, seed: int) -> None:
    """A reader with a fence, handed the topic in any pieces, some of them again, applies each event once, in order."""
    chance = random.Random(seed)
    batch = outgoing.ledger.micro_batch(await noting_stream(outgoing.ledger))
    for partition, records in log.items():
        reached = 0
        while reached < len(records):
            start = max(0, reached - chance.choice((0, 0, 200)))
            reached = min(len(records), reached + chance.randint(50, 900))
            await batch.apply(records[start:reached])
        firsts = [record.offset for _, record in first_occurrences(records)[0]]
        assert await noted(outgoing.ledger, partition) == firsts


async def run_until_killed(outgoing: Outgoing, point: str, passes: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.relay_process", outgoing.ledger.url, ",".join(outgoing.servers), point,
        str(passes), stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def test_a_relay_killed_in_flight_and_before_its_mark_loses_nothing_and_tells_it_in_order(
    outgoing: Outgoing,
) -> None:
    for partition in (0, 1):
        await outgoing.announce(partition, 1500)
    await run_until_killed(outgoing, "before mark", 1)
    await run_until_killed(outgoing, "in flight", 1)
    assert any(done < last for done, last in (await outgoing.relayed()).values())
    async with running(outgoing.relay()):
        await outgoing.finished()
    log = await outgoing.assert_told()
    assert duplicates(log) > 0
    await assert_applied_once(outgoing, log, seed=1)


@pytest.mark.parametrize("seed", seeds(1))
async def test_relays_that_are_cancelled_cut_off_and_refused_lose_nothing(
    outgoing: Outgoing, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, rebuilds = random.Random(seed), metrics.PRODUCER_REBUILDS._value.get()
    met = {"refused": 0, "answer lost": 0, "cancelled": 0, "cut off": 0}
    real = AIOKafkaProducer.send_batch

    async def unreliable(self: Any, *arguments: Any, **more: Any) -> Any:
        fate = chance.random()
        if fate < 0.1:
            met["refused"] += 1
            raise KafkaError("refused at once")
        flight = await real(self, *arguments, **more)
        if fate < 0.3:
            met["answer lost"] += 1
            return asyncio.ensure_future(_lost(flight))
        return flight

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", unreliable)
    while min(met.values()) == 0 or sum(met.values()) < 12:
        for partition in (0, 1):
            await outgoing.announce(partition, 400)
        task = asyncio.create_task(outgoing.relay().run())
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        if chance.random() < 0.5:
            met["cut off"] += len(await outgoing.ledger.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay/relay'"
                " AND datname = current_database()"
            ))  # fmt: skip
            await asyncio.sleep(chance.uniform(0.05, 0.3))
        await cancel(task)
        met["cancelled"] += 1
    monkeypatch.undo()
    async with running(outgoing.relay()):
        await outgoing.finished()
    log = await outgoing.assert_told()
    print(f"seed {seed}: {met}, {duplicates(log)} duplicates")  # noqa: T201  what happened is worth a line
    assert duplicates(log) > 0
    assert metrics.PRODUCER_REBUILDS._value.get() > rebuilds
    await assert_applied_once(outgoing, log, seed)


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel until it has worked: Python 3.11's `wait_for` swallows a cancellation that comes as its own wait ends."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _lost(flight: asyncio.Future[Any]) -> None:
    await flight
    raise RequestTimedOutError


async def test_two_relays_at_once_send_each_event_once(outgoing: Outgoing) -> None:
    async with running(outgoing.relay("one"), outgoing.relay("two")):
        for _ in range(4):
            for partition in (0, 1):
                await outgoing.announce(partition, 150)
            await asyncio.sleep(0.05)
        await outgoing.finished()
    assert duplicates(await outgoing.assert_told()) == 0


async def test_a_relay_that_takes_over_while_events_are_committed_does_not_take_them_for_a_restored_database(
    outgoing: Outgoing,
) -> None:
    await outgoing.announce(0, 3)
    async with running(outgoing.relay()):
        await outgoing.finished()
    dsn = make_url(outgoing.ledger.url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    stale = Backlog(Destination(outgoing.topic, 0), epoch=0, last=2, relayed=1)
    assert await outgoing.relay()._take(connection, stale)
    assert await connection.fetchval("SELECT count(*) FROM outbox_partition WHERE parked IS NOT NULL") == 0
    await connection.close()


async def test_a_database_that_was_restored_from_before_parks_its_relay_until_the_epoch_is_raised(
    outgoing: Outgoing,
) -> None:
    await outgoing.announce(0, 5)
    async with running(outgoing.relay()):
        await outgoing.finished()
    await outgoing.ledger.execute(FORGET, topic=outgoing.topic)
    await outgoing.ledger.execute(GO_BACK, topic=outgoing.topic)
    await outgoing.announce(0, 1)
    await outgoing.announce(1, 1)
    async with running(outgoing.relay()):
        await outgoing.finished()
    [parked] = await outgoing.ledger.rows(
        "SELECT topic, partition, parked FROM outbox_partition WHERE parked IS NOT NULL"
    )
    assert (parked["topic"], parked["partition"]) == (outgoing.topic, 0)
    assert "restored" in parked["parked"]
    log = await outgoing.log()
    assert (len(log[0]), len(log[1])) == (5, 1)
    await outgoing.ledger.execute(RAISE_EPOCH, topic=outgoing.topic)
    async with running(outgoing.relay()):
        await outgoing.finished()
    last = (await outgoing.log())[0][-1]
    assert dict(last.headers)["ce_source"].endswith(b"/epoch/1")
    assert int(dict(last.headers)["ce_sequence"]) == 4


async def test_an_event_that_kafka_never_takes_and_a_hole_park_their_partitions_while_the_other_flows(
    outgoing: Outgoing, kafka: Broker
) -> None:
    other = f"{outgoing.topic}.other"
    await make_topics(kafka.bootstrap_servers, {other: 1})
    async with transaction(outgoing.ledger.engine) as session:
        await outbox.prepare(session, {other: 1})
    flowing = Outgoing(outgoing.ledger, outgoing.servers, other)
    await outgoing.announce(0, 1, padding=random.Random(1).randbytes(1_600_000).hex())
    await outgoing.announce(1, 9)
    await outgoing.ledger.execute("DELETE FROM outbox WHERE topic = :topic AND partition = 1 AND sequence = 4",
                                  topic=outgoing.topic)  # fmt: skip
    await flowing.announce(0, 5)
    async with running(outgoing.relay()):
        await outgoing.finished()
        await flowing.announce(0, 5)
        await flowing.finished()
    parked = await outgoing.ledger.rows(
        "SELECT partition, parked FROM outbox_partition WHERE parked IS NOT NULL ORDER BY 1"
    )
    assert [row["partition"] for row in parked] == [0, 1]
    assert parked[0]["parked"] == "MessageSizeTooLargeError"
    assert "should be" in parked[1]["parked"]
    await flowing.assert_told()


async def test_a_producer_that_does_not_stop_ends_the_relay_for_it_could_deliver_late(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    producers: list[AIOKafkaProducer] = []
    real_stop = AIOKafkaProducer.stop

    async def refuse(self: Any, *_: Any, **__: Any) -> Any:
        producers.append(self)
        raise KafkaError("refused at once")

    async def hang(_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", refuse)
    monkeypatch.setattr(AIOKafkaProducer, "stop", hang)
    await outgoing.announce(0, 1)
    with pytest.raises(relay.SenderStuck):
        await asyncio.wait_for(outgoing.relay().run(), 20)
    monkeypatch.undo()
    for producer in producers:
        await real_stop(producer)
