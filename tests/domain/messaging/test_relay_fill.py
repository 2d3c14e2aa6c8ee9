"""The relay fills a Kafka batch in order, to its brim and no further, and never passes over a hole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.database.outbox import Destination
from shared.messaging.relay import Backlog, OutboxHole, fill

PLACE = Destination("funding.allocation.v1", 3)
AT = datetime(2016, 10, 3, 9, 0, 0, 417_000, tzinfo=UTC)
CAUSE, TRACE = str(UUID(int=7)), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
Row = tuple[Any, ...]


def row(sequence: int, length: int = 10, *, cause: str | None = CAUSE, trace: str | None = TRACE) -> Row:
    """An outbox row in the order of the relay's columns."""
    return (sequence, b"CV219", str(UUID(int=sequence)), "AllocationReserved", "subject", cause, trace, AT,
            AT + timedelta(seconds=sequence), b"x" * length)  # fmt: skip


def backlog(relayed: int, last: int, epoch: int = 2) -> Backlog:
    return Backlog(PLACE, epoch, last, relayed)


def records_of(batch: Any) -> list[Any]:
    """The records in a batch, decoded again."""
    batch.close()
    records = MemoryRecords(bytes(batch._builder.build()))
    found = []
    while (part := records.next_batch()) is not None:
        found += list(part)
    return found


@pytest.fixture(scope="module")
async def producer() -> AsyncIterator[AIOKafkaProducer]:
    """A producer that is never started: it only makes batches, of 4 KiB."""
    idle = AIOKafkaProducer(bootstrap_servers=["127.0.0.1:1"], max_batch_size=4096, enable_idempotence=True, acks="all")
    yield idle
    await idle.stop()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30), st.integers(0, 10**6))
def test_batch_after_batch_every_event_is_put_in_once_and_in_order(
    producer: AIOKafkaProducer, lengths: list[int], relayed: int
) -> None:
    rows = [row(relayed + 1 + place, length) for place, length in enumerate(lengths)]
    sent, mark = [], relayed
    while mark < rows[-1][0]:
        batch, count = fill(producer.create_batch(), backlog(mark, rows[-1][0]), rows[mark - relayed :])
        assert 1 <= count == batch.record_count()
        records = records_of(batch)
        assert len(records) == count
        sent += records
        mark += count
    assert [int(dict(r.headers)["ce_sequence"]) for r in sent] == [r[0] for r in rows]
    assert [r.value for r in sent] == [r[-1] for r in rows]


def test_an_event_that_is_larger_than_a_batch_travels_alone(producer: AIOKafkaProducer) -> None:
    rows = [row(1, 100_000), row(2)]
    _, count = fill(producer.create_batch(), backlog(0, 2), rows)
    assert count == 1


def test_a_record_says_all_that_a_reader_needs(producer: AIOKafkaProducer) -> None:
    batch, _ = fill(producer.create_batch(), backlog(41, 43), [row(42), row(43, cause=None, trace=None)])
    first, second = records_of(batch)
    assert (first.key, first.timestamp) == (b"CV219", int((AT + timedelta(seconds=42)).timestamp() * 1000))
    assert dict(first.headers) == {
        "ce_specversion": b"1.0", "content-type": b"application/json", "ce_id": str(UUID(int=42)).encode(),
        "ce_source": b"/fabrique/funding/funding.allocation.v1/3/epoch/2", "ce_type": b"AllocationReserved",
        "ce_time": b"2016-10-03T09:00:00.417000+00:00", "ce_subject": b"subject",
        "ce_dataschema": b"urn:fabrique:schema:funding.allocation.v1:AllocationReserved",
        "ce_sequence": b"00000000000000000042", "ce_causationid": str(CAUSE).encode(), "traceparent": TRACE.encode(),
    }  # fmt: skip
    assert {"ce_causationid", "traceparent"}.isdisjoint(dict(second.headers))


@pytest.mark.parametrize("sequences", [(3, 4), (1, 3), (2, 2)], ids=str)
def test_a_hole_is_never_passed_over(producer: AIOKafkaProducer, sequences: tuple[int, ...]) -> None:
    with pytest.raises(OutboxHole):
        fill(producer.create_batch(), backlog(sequences[0] - (sequences == (1, 3)), 9), [row(n) for n in sequences])


def test_an_outbox_that_lost_what_it_gave_out_is_a_hole(producer: AIOKafkaProducer) -> None:
    with pytest.raises(OutboxHole, match="nothing after 5"):
        fill(producer.create_batch(), backlog(5, 9), [])
