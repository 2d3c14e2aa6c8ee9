"""Reads a stream again up to where a service has applied it, with what a person did at the quarantine in its place."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.database import quarantine
from shared.database.checkpoint import Position, Source
from shared.database.quarantine import Run, StoredRecord
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import Session
from shared.kernel.errors import ProgrammeError, Rejected, Unavailable
from shared.messaging.fence import Fence, New
from shared.messaging.retries import as_new
from shared.messaging.stream import Incoming, Stream, place_of

F = TypeVar("F")
START = Position(0, 0, 0)
SILENCE_SECONDS_MAX = 20.0


class HistoryLost(ProgrammeError):
    """The log cannot be read again as it was applied."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the partitions of a topic are applied (next offsets), and what lies in quarantine of it."""

    topic: str
    ends: Mapping[int, int]
    quarantined: Sequence[Quarantined] = field(default_factory=tuple)


async def extent(session: Session, topic: str, ends: Mapping[int, int]) -> Extent:
    """Note, in the caller's snapshot, what `read_again` needs besides the log."""
    runs = [Run(Source(topic, partition), 0, end) for partition, end in sorted(ends.items())]
    rows = await quarantine.met_again(session, runs) if runs else ()
    for row in rows:
        session.expunge(row)  # it is read after the snapshot is closed
    return Extent(topic, dict(ends), rows)


async def read_again(
    stream: Stream[F], known: Extent, *, servers: Sequence[str], progress: Callable[[int], None] = lambda _: None
) -> dict[int, list[Incoming[F]]]:
    """Return the events of each partition as they were applied, in the order of their places.

    A record that was repeated counts once; one in quarantine is not taken from the log, and one that was retried is in
    its place. Raises HistoryLost; Unavailable when Kafka says nothing.
    """
    records = await _read(known, servers, progress)
    return await asyncio.to_thread(_events, stream, known, records)  # seconds of work: the loop goes on meanwhile


def _events(
    stream: Stream[F], known: Extent, records: Mapping[int, Sequence[ConsumerRecord]]
) -> dict[int, list[Incoming[F]]]:
    found = {}
    for partition, end in known.ends.items():
        source = Source(known.topic, partition)
        rows = [row for row in known.quarantined if row.partition == partition]
        aside = {row.offset for row in rows if row.offset < end}
        events = [
            _decoded(stream, new)
            for new in Fence({source: START}).new(records.get(partition, ()))
            if new.record.offset not in aside
        ]
        events += [_put_back(stream, row) for row in rows if row.state == QuarantineState.RETRIED]
        found[partition] = sorted((event for event in events if event is not None), key=attrgetter("place"))
    return found


def _decoded(stream: Stream[F], new: New) -> Incoming[F] | None:
    try:
        return stream.decode(new)
    except Rejected as rejected:
        where = f"{new.source.topic}/{new.source.partition}@{new.record.offset}"
        raise HistoryLost(f"{where} was applied, and cannot be read any more: {rejected.reason}") from rejected


def _put_back(stream: Stream[F], row: Quarantined) -> Incoming[F] | None:
    if row.applied_offset is None or row.applied_step is None:
        return None
    event = _decoded(stream, as_new(row, StoredRecord.unpack(row.corrected or row.record), relayed=True))
    if event is not None:
        event.place = place_of(row.applied_offset - 1, row.applied_step)
    return event


async def _read(
    known: Extent, servers: Sequence[str], progress: Callable[[int], None]
) -> dict[int, list[ConsumerRecord]]:
    ends = {TopicPartition(known.topic, partition): end for partition, end in known.ends.items() if end}
    found: dict[int, list[ConsumerRecord]] = {}
    if not ends:
        return found
    consumer = AIOKafkaConsumer(bootstrap_servers=[*servers], enable_auto_commit=False, auto_offset_reset="none",
                                max_partition_fetch_bytes=4 * 1024 * 1024)  # fmt: skip
    try:
        async with asyncio.timeout(SILENCE_SECONDS_MAX):
            await consumer.start()
            consumer.assign([*ends])
            await _check(consumer, ends)
        left, count = dict(ends), 0
        while left:
            async with asyncio.timeout(SILENCE_SECONDS_MAX):
                count += await _some(consumer, left, found)
            progress(count)
    except TimeoutError as error:
        raise Unavailable("Kafka does not hand over the log") from error
    finally:
        await consumer.stop()
    return found


async def _check(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
    first, last = await consumer.beginning_offsets([*ends]), await consumer.end_offsets([*ends])
    for partition, end in ends.items():
        where = f"{partition.topic}/{partition.partition}"
        if first[partition] > 0:
            raise HistoryLost(f"{where} begins at {first[partition]}: what came before is no longer on Kafka")
        if last[partition] < end:
            raise HistoryLost(f"{where} ends at {last[partition]}, and was applied up to {end}")
        consumer.seek(partition, 0)


async def _some(
    consumer: AIOKafkaConsumer, left: dict[TopicPartition, int], found: dict[int, list[ConsumerRecord]]
) -> int:
    """Take what Kafka hands over next, up to each partition's end; return how many records that was."""
    count = 0
    for partition, records in (await consumer.getmany(*left, timeout_ms=500)).items():
        wanted = [record for record in records if record.offset < left[partition]]
        found.setdefault(partition.partition, []).extend(wanted)
        count += len(wanted)
    for partition in [*left]:
        if await consumer.position(partition) >= left[partition]:
            del left[partition]
            consumer.pause(partition)
    return count
