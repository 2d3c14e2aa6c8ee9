"""Reads whole topics as a plain consumer does, and what each record says of itself in its headers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

SOURCE = re.compile(rb"/(\d+)/epoch/(\d+)$")
POLL_MS = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic of ours; `stamp` is (epoch, sequence), which orders a partition's records."""

    partition: int
    offset: int
    key: str
    id: str
    type: str
    cause: str
    stamp: tuple[int, int]
    value: bytes | None


@dataclass(slots=True)
class Log:
    """The records of one topic, each once, in order; and what is wrong with its sequences."""

    topic: str
    records: list[Record] = field(default_factory=list)
    repeated: int = 0
    faults: list[str] = field(default_factory=list)
    strangers: set[tuple[int, int]] = field(default_factory=set)
    """(partition, offset) of records that no relay of ours wrote."""
    last: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, record: Record, *, dense: bool) -> None:
        """Take the next record: one that a relay sent again is passed over, a hole is a fault."""
        epoch, sequence = self.last.get(record.partition, (0, 0))
        if record.stamp <= (epoch, sequence):
            self.repeated += 1
            return
        if dense and record.stamp[0] == epoch and record.stamp[1] != sequence + 1:
            self.faults.append(f"{self.topic}/{record.partition}: after {(epoch, sequence)} comes {record.stamp}")
        self.last[record.partition] = record.stamp
        self.records.append(record)

    def latest(self) -> dict[str, Record]:
        """The last record of each key, as a reader of a compacted topic keeps it."""
        return {record.key: record for record in self.records}


async def read_logs(servers: Sequence[str], topics: Iterable[str], *, compacted: Iterable[str]) -> dict[str, Log]:
    """Read topics from their beginning to where they end now."""
    logs = {topic: Log(topic) for topic in topics}
    holed = frozenset(compacted)
    consumer = AIOKafkaConsumer(
        *logs, bootstrap_servers=[*servers], group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )  # fmt: skip
    await consumer.start()
    try:
        ends = await consumer.end_offsets([*consumer.assignment()])
        left = await _unread(consumer, ends)
        while left:
            for partition, found in (await consumer.getmany(*left, timeout_ms=POLL_MS)).items():
                for record in found:
                    if record.offset < ends[partition]:
                        take(logs[partition.topic], record, dense=partition.topic not in holed)
            left = await _unread(consumer, ends)
    finally:
        await consumer.stop()
    return logs


async def _unread(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> set[TopicPartition]:
    return {partition for partition, end in ends.items() if await consumer.position(partition) < end}


def take(log: Log, record: ConsumerRecord, *, dense: bool) -> None:
    """Add a record of ours to its log; note where a stranger's lies, which whoever may write to Kafka can put there."""
    try:
        ours = read(record)
    except (KeyError, ValueError, AttributeError):
        log.strangers.add((record.partition, record.offset))
    else:
        log.add(ours, dense=dense)


def read(record: ConsumerRecord) -> Record:
    """Read what our relays write. KeyError, ValueError or AttributeError when it was not one of them."""
    headers = dict(record.headers)
    source = SOURCE.search(headers.get("ce_source", b""))
    epoch = int(source[2]) if source else 0
    return Record(
        partition=record.partition,
        offset=record.offset,
        key=record.key.decode(),
        id=headers["ce_id"].decode(),
        type=headers["ce_type"].decode(),
        cause=headers.get("ce_causationid", b"").decode(),
        stamp=(epoch, int(headers["ce_sequence"])),
        value=record.value,
    )
