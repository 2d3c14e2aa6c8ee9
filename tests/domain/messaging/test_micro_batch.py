"""What a micro-batch does when something fails: it finds the record at fault, waits, stops, but never skips."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka import ConsumerRecord
from sqlalchemy import text

from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.topics import COMMITMENT
from shared.database.checkpoint import Source
from shared.database.transaction import driver
from shared.kernel.errors import Rejected, Unavailable
from shared.messaging import metrics
from shared.messaging.micro_batch import PartitionParked
from shared.messaging.stream import Batch, Incoming, Stream, facts
from tests.support.commitment_events import event, record
from tests.support.ledger import Ledger
from tests.support.simple_stream import noted, noting_stream

TOPIC = COMMITMENT.name


def told(offset: int, partition: int = 0) -> ConsumerRecord:
    withdrawn = event(
        "CommitmentWithdrawn", f"{partition}/{offset}", contract="CV219", number=offset, reason="abandoned"
    )
    return record(withdrawn, offset=offset, partition=partition)


def log(count: int, partition: int = 0) -> list[ConsumerRecord]:
    return [told(offset, partition) for offset in range(count)]


def failing(
    *offsets: int, error: Callable[[], Exception] = lambda: KeyError("a bug")
) -> Callable[[Incoming[Any]], None]:
    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.offset in offsets and incoming.source.partition == 0:
            raise error()

    return trouble


async def reached(ledger: Ledger) -> dict[int, int]:
    rows = await ledger.rows("SELECT partition, next_offset FROM checkpoint")
    return {row["partition"]: row["next_offset"] for row in rows}


async def quarantined(ledger: Ledger) -> dict[int, str]:
    rows = await ledger.rows('SELECT "offset", reason FROM quarantine ORDER BY "offset"')
    return {row["offset"]: row["reason"] for row in rows}


def violations(what: str) -> float:
    return float(metrics.INVARIANT_VIOLATIONS.labels(what)._value.get())


@pytest.mark.parametrize("at", [0, 1, 17, 31])
async def test_a_record_that_breaks_the_handler_is_found_and_its_neighbours_are_applied(
    ledger: Ledger, at: int
) -> None:
    before = violations("unknown_error")
    batch = ledger.micro_batch(await noting_stream(ledger, failing(at)))
    assert await batch.apply(log(32))
    assert await noted(ledger) == [offset for offset in range(32) if offset != at]
    assert await quarantined(ledger) == {at: "unknown-error"}
    assert await reached(ledger) == {0: 32}
    assert violations("unknown_error") == before + 1
    [letter] = await ledger.rows("SELECT subject FROM outbox")
    assert letter["subject"] == f"{TOPIC}/0/{at}"


async def test_the_detail_of_an_unknown_error_never_quotes_it(ledger: Ledger) -> None:
    secret = failing(0, error=lambda: ValueError("Jeanne Dupont"))
    await ledger.micro_batch(await noting_stream(ledger, secret)).apply(log(1))
    [row] = await ledger.rows("SELECT reason, detail, pointer FROM quarantine")
    assert dict(row) == {"reason": "unknown-error", "detail": "applying it raises ValueError", "pointer": ""}


async def test_what_the_database_refuses_for_its_data_is_found_as_well(ledger: Ledger) -> None:
    async def divide(incoming: Incoming[Any]) -> None:
        if incoming.offset == 5:
            raise asyncpg.exceptions.DivisionByZeroError("22012")

    await ledger.micro_batch(await noting_stream(ledger, divide)).apply(log(9))
    assert await noted(ledger) == [0, 1, 2, 3, 4, 6, 7, 8]


async def test_three_unknown_errors_in_a_minute_are_borne_and_the_fourth_parks_the_partition(ledger: Ledger) -> None:
    batch = ledger.micro_batch(await noting_stream(ledger, failing(3, 8, 9, 20, 25)))
    with pytest.raises(PartitionParked) as parked:
        await batch.apply(log(32))
    assert parked.value.source == Source(TOPIC, 0)
    assert await quarantined(ledger) == dict.fromkeys((3, 8, 9), "unknown-error")
    assert await noted(ledger) == [offset for offset in range(20) if offset not in (3, 8, 9)]
    assert await reached(ledger) == {0: 20}
    with pytest.raises(PartitionParked):
        await batch.apply(log(32)[20:])
    assert await reached(ledger) == {0: 20}


async def test_a_handler_that_always_fails_parks_before_it_drains_the_topic_into_quarantine(ledger: Ledger) -> None:
    batch = ledger.micro_batch(await noting_stream(ledger, failing(*range(32))))
    with pytest.raises(PartitionParked):
        await batch.apply(log(32))
    assert await quarantined(ledger) == dict.fromkeys((0, 1, 2), "unknown-error")
    assert await reached(ledger) == {0: 3}


async def test_unknown_errors_are_forgotten_after_a_minute(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ledger.micro_batch(await noting_stream(ledger, failing(*range(0, 32, 2))))
    minutes = 0.0
    real = time.monotonic
    monkeypatch.setattr("shared.messaging.micro_batch.time.monotonic", lambda: real() + minutes)
    for start in range(0, 30, 6):  # three a minute
        await batch.apply(log(32)[start : start + 6])
        minutes += 61.0
    assert await reached(ledger) == {0: 30}
    assert len(await quarantined(ledger)) == 15


async def test_the_errors_of_one_partition_do_not_park_another(ledger: Ledger) -> None:
    batch = ledger.micro_batch(await noting_stream(ledger, failing(0, 1, 2, 3)))
    with pytest.raises(PartitionParked) as parked:
        await batch.apply([*log(6, partition=1), *log(6), *log(6, partition=2)])
    assert parked.value.source.partition == 0
    await batch.apply([*log(6, partition=1), *log(6, partition=2)])
    assert await reached(ledger) == {0: 3, 1: 6, 2: 6}
    assert await noted(ledger, 1) == await noted(ledger, 2) == [0, 1, 2, 3, 4, 5]


async def test_what_a_contract_refuses_is_no_unknown_error_however_often(ledger: Ledger) -> None:
    refusing = failing(*range(0, 20, 2), error=lambda: Rejected("not-wanted", "this is never wanted"))
    assert await ledger.micro_batch(await noting_stream(ledger, refusing)).apply(log(20))
    assert await quarantined(ledger) == dict.fromkeys(range(0, 20, 2), "not-wanted")
    assert await noted(ledger) == list(range(1, 20, 2))


async def test_a_handler_may_refuse_one_event_without_a_second_try(ledger: Ledger) -> None:
    stream: Stream[Any] = facts(COMMITMENT, COMMITMENT_FACTS)
    runs: list[int] = []

    @stream
    async def on_commitments(batch: Batch[Any]) -> None:
        runs.append(len(batch.events))
        batch.reject(batch.events[2], Rejected("not-wanted", "this is never wanted", pointer="/contract"))

    assert await ledger.micro_batch(stream).apply(log(5))
    assert runs == [5]
    assert await quarantined(ledger) == {2: "not-wanted"}
    assert await reached(ledger) == {0: 5}


@pytest.mark.parametrize(
    "error",
    [
        lambda: Unavailable("later"), ConnectionResetError, TimeoutError, asyncpg.exceptions.SerializationError,
        asyncpg.exceptions.DeadlockDetectedError, asyncpg.exceptions.DiskFullError,
        asyncpg.exceptions.AdminShutdownError,
        lambda: asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
    ],
)  # fmt: skip
async def test_what_may_pass_is_tried_again_whole_and_nothing_is_skipped(
    ledger: Ledger, error: Callable[[], Exception]
) -> None:
    tries: list[int] = []
    waits: list[float] = []

    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.offset == 4:
            tries.append(incoming.offset)
            if len(tries) < 5:
                raise error()

    async def give_up(seconds: float) -> bool:
        waits.append(seconds)
        return False

    assert await ledger.micro_batch(await noting_stream(ledger, trouble), give_up=give_up).apply(log(8))
    assert await noted(ledger) == list(range(8))
    assert await quarantined(ledger) == {}
    assert len(waits) == 4
    assert all(0.5 * 0.05 * 2**n <= seconds <= 0.05 * 2**n for n, seconds in enumerate(waits))


async def test_a_connection_that_is_cut_in_the_middle_is_tried_again(ledger: Ledger) -> None:
    stream: Stream[Any] = facts(COMMITMENT, COMMITMENT_FACTS)
    cut: list[int] = []

    @stream
    async def on_commitments(batch: Batch[Any]) -> None:
        await batch.session.execute(text("INSERT INTO noted VALUES (0, 1, null)"))
        if len(cut) < 3:
            cut.append((await driver(batch.session)).get_server_pid())
            await ledger.rows("SELECT pg_terminate_backend(:pid)", pid=cut[-1])
            await batch.session.execute(text("SELECT 1"))

    await noting_stream(ledger)
    assert await ledger.micro_batch(stream).apply(log(3))
    assert len(set(cut)) == 3
    assert await noted(ledger) == [1]
    assert await quarantined(ledger) == {}


async def test_giving_up_applies_nothing_and_says_so(ledger: Ledger) -> None:
    async def give_up(_: float) -> bool:
        return True

    trouble = failing(2, error=lambda: Unavailable("later"))
    batch = ledger.micro_batch(await noting_stream(ledger, trouble), give_up=give_up)
    assert await batch.apply(log(4)) is False
    assert await reached(ledger) == {}
    assert await noted(ledger) == []


async def test_an_outage_in_the_middle_of_a_bisection_loses_and_doubles_nothing(ledger: Ledger) -> None:
    outages = iter([4, 5, 6])

    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.offset == 11:
            raise KeyError("a bug")
        if incoming.offset == 6 and next(outages, None) is not None:
            raise Unavailable("later")

    assert await ledger.micro_batch(await noting_stream(ledger, trouble)).apply(log(16))
    assert await noted(ledger) == [offset for offset in range(16) if offset != 11]
    assert await quarantined(ledger) == {11: "unknown-error"}


@pytest.mark.parametrize("error", [MemoryError, asyncio.CancelledError])
async def test_what_is_nobodys_fault_is_never_bisected(ledger: Ledger, error: type[BaseException]) -> None:
    runs: list[int] = []

    def trouble(incoming: Incoming[Any]) -> None:
        runs.append(incoming.offset)
        raise error

    batch = ledger.micro_batch(await noting_stream(ledger, trouble))
    with pytest.raises(error):
        await batch.apply(log(8))
    assert runs == [0]
    assert await quarantined(ledger) == {}
    assert await reached(ledger) == {}


async def test_what_cannot_even_be_put_in_quarantine_parks_its_partition(ledger: Ledger) -> None:
    def unsealable(_: bytes) -> bytes:
        raise ValueError("the key is lost")

    batch = ledger.micro_batch(await noting_stream(ledger, failing(1)), seal=unsealable)
    with pytest.raises(PartitionParked):
        await batch.apply(log(3))
    assert await reached(ledger) == {0: 1}


async def test_records_that_were_applied_before_or_sent_twice_are_dropped(ledger: Ledger) -> None:
    batch = ledger.micro_batch(await noting_stream(ledger))
    again = [record(event("CommitmentWithdrawn", f"0/{n}", contract="CV219", number=n, reason="abandoned"),
                    offset=4 + n, sequence=n + 1) for n in range(3)]  # fmt: skip
    for handed in (log(2), log(4), [*log(4), *again], again):
        assert await batch.apply(handed)
    assert await noted(ledger) == [0, 1, 2, 3]
    [row] = await ledger.rows("SELECT next_offset, last_sequence FROM checkpoint")
    assert (row["next_offset"], row["last_sequence"]) == (7, 4)


async def test_a_hole_in_the_log_is_an_alarm_and_what_follows_is_applied(ledger: Ledger) -> None:
    before = violations("offset_hole"), violations("sequence_hole")
    batch = ledger.micro_batch(await noting_stream(ledger))
    await batch.apply([told(0), told(3)])
    assert await noted(ledger) == [0, 3]
    assert (violations("offset_hole"), violations("sequence_hole")) == (before[0] + 1, before[1] + 1)


async def test_the_handler_sees_where_each_event_came_from(ledger: Ledger) -> None:
    seen: list[tuple[int, int, int, UUID]] = []
    stream = await noting_stream(ledger, lambda e: seen.append((e.source.partition, e.offset, e.sequence, e.event_id)))
    records = [*log(2), *log(2, partition=3)]
    await ledger.micro_batch(stream).apply(records)
    assert [(p, o, s) for p, o, s, _ in seen] == [(0, 0, 1), (0, 1, 2), (3, 0, 1), (3, 1, 2)]
    assert [str(i) for *_, i in seen] == [dict(r.headers)["ce_id"].decode() for r in records]


async def test_whoever_waits_for_commits_is_called_after_each_and_not_when_nothing_was_new(ledger: Ledger) -> None:
    calls: list[int] = []
    batch = ledger.micro_batch(await noting_stream(ledger), committed=lambda: calls.append(1))
    await batch.apply(log(3))
    await batch.apply(log(3))
    assert len(calls) == 1
    await batch.apply(log(5))
    assert len(calls) == 2
