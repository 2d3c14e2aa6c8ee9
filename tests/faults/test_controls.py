"""Each guard, taken away: the scenario that it saves must then be reported by the checker, or the checker is blind.

Every scenario is played twice: with the guard the books balance, without it BooksDoNotBalance is raised.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError
from sqlalchemy import text

from fabrique.embedded.kafka import Broker
from services.funding.use_cases import deciding
from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.topics import COMMITMENT
from shared.database import checkpoint, outbox
from shared.database.checkpoint import Source
from shared.database.outbox import Destination, Outbox
from shared.database.transaction import Session, transaction
from shared.messaging import fence, micro_batch, relay
from shared.messaging.fence import Fence, New
from shared.messaging.relay import Relay
from shared.messaging.stream import Batch, Stream, facts
from tests.support.books import BooksDoNotBalance, assert_books_balance
from tests.support.commitment_events import Json, event, opened, record, records
from tests.support.ledger import NOW, Ledger
from tests.support.spine_checks import outbox_breaches, relay_breaches, snapshot
from tests.support.topics import make_topics

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])]
BEHIND = "SELECT 1 FROM outbox_partition WHERE relayed_sequence < last_sequence"
Remove = Callable[[pytest.MonkeyPatch], None]


def without_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checkpoint, "LOCK", text(checkpoint.LOCK.text.removesuffix(" FOR UPDATE")))


def without_offset_filter(patch: pytest.MonkeyPatch) -> None:
    class Open(Fence):
        def new(self, read: Iterable[ConsumerRecord]) -> Iterator[New]:
            for each in read:
                source = Source(each.topic, each.partition)
                end = max(self.positions[source].next_offset, each.offset + 1)
                self.positions[source] = self.positions[source]._replace(next_offset=end, last_sequence=end)
                yield New(source, each, dict(each.headers), each.offset + 1)

    patch.setattr(micro_batch, "Fence", Open)


def without_offset_in_the_transaction(patch: pytest.MonkeyPatch) -> None:
    """The offset is told after COMMIT, as to Kafka, but the process is dead by then."""

    async def later(_session: Session, _positions: Any, *, at: Any) -> None:
        del at

    patch.setattr(checkpoint, "advance", later)


def without_sequence_filter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence, "sequence_of", lambda _: None)


def without_outbox_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "HOLD", text(outbox.HOLD.text.removesuffix(" FOR UPDATE")))


def without_mark_after_ack(patch: pytest.MonkeyPatch) -> None:
    real = Relay._send

    async def mark_first(self: Any, connection: Any, backlogs: Any) -> int:
        for backlog in backlogs:
            await connection.execute(relay.MARK, *backlog.destination, backlog.last)
        return await real(self, connection, backlogs)

    patch.setattr(Relay, "_send", mark_first)


async def judge(guarded: bool, patch: pytest.MonkeyPatch, remove: Remove, play: Callable[[], Awaitable[None]]) -> None:
    """Play a scenario that ends with the checker: it must be content with the guard, and complain without it."""
    if guarded:
        await play()
        return
    remove(patch)
    with pytest.raises(BooksDoNotBalance) as seen:
        await play()
    print(seen.value.breaches[0])  # noqa: T201  what the checker saw is worth a line


def log_of_moves() -> list[ConsumerRecord]:
    """Twenty commitments, then movements: a second application of these violates no key, only the books see it."""
    declared: Json = {"exercise": 2016, "priority": 5, "cdc_cents": 10, "state_cents": 0, "cost_cents": 10}
    amended: Json = {"cdc_cents": 5, "state_cents": 0, "cost_cents": 10}
    events = [event("CommitmentDeclared", f"{n}", contract="CV219", number=n, **declared) for n in range(20)]
    events += [event("CommitmentAmended", f"{n}", contract="CV219", number=100 + n, **amended) for n in range(20)]
    return records(events)


async def play_two_consumers_at_once(ledger: Ledger) -> None:
    log = log_of_moves()
    await ledger.open([opened("CV219", "CDC", 2016, 150)], partition=0)
    await ledger.decide(log[:20], [20])
    together = asyncio.Barrier(2)
    stream: Stream[Any] = facts(COMMITMENT, COMMITMENT_FACTS)

    @stream
    async def on_commitments(batch: Batch[Any]) -> None:
        with suppress(TimeoutError, asyncio.BrokenBarrierError):  # with the lock, the other never comes
            await asyncio.wait_for(together.wait(), 0.5)
        await deciding.decide_commitments(batch)

    await asyncio.gather(*(ledger.micro_batch(stream).apply(log[20:]) for _ in range(2)))
    await assert_books_balance(ledger.url, log={0: log})


async def play_a_stale_consumer(ledger: Ledger) -> None:
    log = log_of_moves()
    await ledger.open([opened("CV219", "CDC", 2016, 150)], partition=0)
    await ledger.decide(log[:35], [35])
    await ledger.micro_batch().apply(log[30:])  # five that were applied, five that were not
    await assert_books_balance(ledger.url, log={0: log})


async def play_a_death_after_commit(ledger: Ledger) -> None:
    log = log_of_moves()
    await ledger.open([opened("CV219", "CDC", 2016, 150)], partition=0)
    await ledger.micro_batch().apply(log)
    await ledger.micro_batch().apply(log)  # whoever takes over reads where the dead one had not said it was
    await assert_books_balance(ledger.url, log={0: log})


async def play_a_relay_that_sent_twice(ledger: Ledger) -> None:
    log = log_of_moves()
    events = [*range(35), *range(30, 40)]  # killed before its mark, it sent five events again
    twice = [_moved(log[number], offset) for offset, number in enumerate(events)]
    await ledger.open([opened("CV219", "CDC", 2016, 150)], partition=0)
    await ledger.decide(twice, [20, 7])
    await assert_books_balance(ledger.url, log={0: twice})


def _moved(told: ConsumerRecord, offset: int) -> ConsumerRecord:
    moved = record(
        {"id": "", "type": "", "value": {"known_at": "", "commitment_id": "", "contract": ""}}, offset=offset
    )
    moved.headers, moved.value, moved.key = told.headers, told.value, told.key
    return moved


async def play_writers_at_once(ledger: Ledger) -> None:
    """Without the lock some fail on the key; those that do not must still leave no hole at any moment."""
    together = asyncio.Barrier(2)
    destination = Destination("funding.allocation.v1", 0)

    async def write(count: int, wait_after: float) -> None:
        async with transaction(ledger.engine) as session:
            announced = Outbox(session, ledger.route)
            await announced.hold([destination])
            with suppress(TimeoutError, asyncio.BrokenBarrierError):
                await asyncio.wait_for(together.wait(), 0.5)
            for _ in range(count):
                announced.add(destination, key=b"", event_id=uuid4(), type="Told", subject="x", time=NOW, value=b"{}")
            await asyncio.sleep(wait_after)
            await announced.flush()

    results = await asyncio.gather(write(2, 0.0), write(3, 0.2), return_exceptions=True)
    if failures := [type(result).__name__ for result in results if isinstance(result, Exception)]:
        raise BooksDoNotBalance([f"two writers were given the same sequence: {failures}"])
    if breaches := [*outbox_breaches(await snapshot(ledger.url))]:
        raise BooksDoNotBalance(breaches)


async def play_a_send_that_fails(ledger: Ledger, servers: Sequence[str], patch: pytest.MonkeyPatch) -> None:
    topic = f"test.{uuid4().hex}.v1"
    await make_topics(servers, {topic: 1})
    async with transaction(ledger.engine) as session:
        await outbox.prepare(session, {topic: 1})
        announced = Outbox(session, ledger.route)
        await announced.hold([Destination(topic, 0)])
        for _ in range(20):
            announced.add(Destination(topic, 0), key=b"", event_id=uuid4(), type="Told", subject="x", time=NOW,
                          value=b"{}")  # fmt: skip
        await announced.flush()
    real, failed = AIOKafkaProducer.send_batch, asyncio.Event()

    async def fail_once(self: Any, *arguments: Any, **more: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise KafkaError("refused at once")
        return await real(self, *arguments, **more)

    patch.setattr(AIOKafkaProducer, "send_batch", fail_once)
    sender = Relay(ledger.url, servers=servers, name="relay")
    task = asyncio.create_task(sender.run())
    async with asyncio.timeout(30):
        await failed.wait()
        while await ledger.rows(BEHIND):  # noqa: ASYNC110  a table tells nobody
            await asyncio.sleep(0.05)
    sender.stopping.set()
    await task
    found = await snapshot(ledger.url)
    ours = type(found)({name: [r for r in rows if r["topic"] == topic] for name, rows in found.tables.items()})
    if breaches := await relay_breaches(ours, servers):
        raise BooksDoNotBalance(breaches)


async def test_the_lock_on_the_checkpoint(ledger: Ledger, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await judge(guarded, monkeypatch, without_lock, lambda: play_two_consumers_at_once(ledger))


async def test_the_offset_filter(ledger: Ledger, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await judge(guarded, monkeypatch, without_offset_filter, lambda: play_a_stale_consumer(ledger))


async def test_the_offset_in_the_same_transaction(
    ledger: Ledger, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await judge(guarded, monkeypatch, without_offset_in_the_transaction, lambda: play_a_death_after_commit(ledger))


async def test_the_sequence_filter(ledger: Ledger, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await judge(guarded, monkeypatch, without_sequence_filter, lambda: play_a_relay_that_sent_twice(ledger))


async def test_the_lock_on_the_output_partition(ledger: Ledger, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await judge(guarded, monkeypatch, without_outbox_lock, lambda: play_writers_at_once(ledger))


async def test_the_mark_after_the_acknowledgement(
    ledger: Ledger, kafka: Broker, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = kafka.bootstrap_servers
    await judge(
        guarded, monkeypatch, without_mark_after_ack, lambda: play_a_send_that_fails(ledger, servers, monkeypatch)
    )
