"""A reader that is told to stop, or that failed, applies nothing more: it would jump over the batch before."""

import asyncio
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from shared.kernel.errors import Unavailable
from shared.messaging.cluster import Router, admin_client
from shared.messaging.reader import Reader
from shared.messaging.stream import Incoming
from tests.support.commitment_events import TOPIC, event, record
from tests.support.ledger import DEAD_LETTERS, Ledger, fixed_clock
from tests.support.simple_stream import Trouble, noted, noting_stream

NOWHERE = ["127.0.0.1:1"]


async def reader(ledger: Ledger, trouble: Trouble) -> Reader:
    """A reader that nobody connects: what Kafka would hand over is handed over by the test."""
    return Reader(
        "funding", [await noting_stream(ledger, trouble)], servers=NOWHERE, engine=ledger.engine,
        admin=admin_client(NOWHERE), router=Router({DEAD_LETTERS: 1}), clock=fixed_clock, instance="test",
    )  # fmt: skip


def told(*offsets: int) -> tuple[ConsumerRecord, ...]:
    return tuple(
        record(event("CommitmentWithdrawn", f"{n}", contract="CV219", number=n, reason="abandoned"), offset=n)
        for n in offsets
    )


async def test_a_batch_that_is_given_up_at_the_stop_is_not_jumped_over(ledger: Ledger) -> None:
    outage = asyncio.Event()

    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.offset == 1:
            outage.set()
            raise Unavailable("the database went away")

    reading = await reader(ledger, trouble)
    first = asyncio.create_task(reading.receive(told(0, 1)))
    await outage.wait()
    reading.stopping.set()
    await first
    await reading.receive(told(2, 3))  # the broker was not stopped yet, and the database is back
    assert await noted(ledger) == []
    assert await ledger.rows("SELECT * FROM checkpoint WHERE next_offset > 0") == []


async def test_after_an_error_that_ends_the_process_nothing_more_is_applied(ledger: Ledger) -> None:
    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.offset == 1:
            raise MemoryError

    reading = await reader(ledger, trouble)
    await reading.receive(told(0, 1))
    with pytest.raises(MemoryError):
        reading.failed.result()
    await reading.receive(told(2, 3))
    assert await noted(ledger) == []


async def test_a_partition_that_is_parked_is_passed_over_and_the_others_flow(ledger: Ledger) -> None:
    def trouble(incoming: Incoming[Any]) -> None:
        if incoming.source.partition == 0 and incoming.offset >= 1:
            raise KeyError("a bug")

    class Paused:
        """What the reader asks of its consumer."""

        def __init__(self) -> None:
            self.paused: set[Any] = set()

        def pause(self, *partitions: Any) -> None:
            self.paused |= {*partitions}

        def assignment(self) -> set[Any]:
            return set()

        async def commit(self, _: Any) -> None: ...

    reading = await reader(ledger, trouble)
    reading._subscriber.consumer = Paused()
    other = tuple(
        record(
            event("CommitmentWithdrawn", f"o{n}", contract="CV217", number=n, reason="abandoned"), offset=n, partition=1
        )
        for n in range(6)
    )
    await reading.receive((*told(*range(6)), *other[:3]))
    await reading.receive((*told(6, 7), *other[3:]))
    assert [(p.topic, p.partition) for p in reading.assignment.parked] == [(TOPIC, 0)]
    assert await noted(ledger, 0) == [0]
    assert await noted(ledger, 1) == [0, 1, 2, 3, 4, 5]
    [row] = await ledger.rows("SELECT next_offset FROM checkpoint WHERE partition = 0")
    assert row["next_offset"] == 4
