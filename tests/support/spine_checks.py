"""What must hold of every service's outbox and checkpoints, read from its database and from Kafka; breaches by name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord
from sqlalchemy.engine import make_url

from tests.support.topics import Log, read_topic

Row = Mapping[str, Any]
Place = tuple[str, int]
TABLES = {
    "outbox": "SELECT * FROM outbox ORDER BY topic, partition, sequence",
    "outbox_partition": "SELECT * FROM outbox_partition ORDER BY topic, partition",
    "checkpoint": "SELECT * FROM checkpoint ORDER BY topic, partition",
    "quarantine": 'SELECT topic, partition, "offset", reason, state FROM quarantine',
}


class BooksDoNotBalance(AssertionError):
    """Something that must always hold does not; every breach is named."""

    def __init__(self, breaches: Sequence[str]) -> None:
        more = f"\n… and {len(breaches) - 20} more" if len(breaches) > 20 else ""
        super().__init__("\n".join(breaches[:20]) + more)
        self.breaches = list(breaches)


@dataclass(frozen=True)
class Snapshot:
    """Tables of one database at one moment."""

    tables: Mapping[str, Sequence[Row]]

    def __getitem__(self, table: str) -> Sequence[Row]:
        return self.tables[table]

    def outbox(self) -> dict[Place, list[Row]]:
        """What was announced, by output partition, in order of sequence."""
        found: dict[Place, list[Row]] = defaultdict(list)
        for row in self["outbox"]:
            found[(row["topic"], row["partition"])].append(row)
        return found


async def snapshot(url: str, queries: Mapping[str, str] = TABLES) -> Snapshot:
    """Read whole tables in one transaction, by plain SQL."""
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return Snapshot({name: await connection.fetch(query) for name, query in queries.items()})
    finally:
        await connection.close()


def outbox_breaches(found: Snapshot) -> Iterator[str]:
    """Sequences are dense from 1 to the last given out, nothing is announced twice, `known_at` never goes back."""
    told = found.outbox()
    for row in found["outbox_partition"]:
        place = (row["topic"], row["partition"])
        sequences = [each["sequence"] for each in told.get(place, [])]
        if sequences != list(range(1, row["last_sequence"] + 1)):
            yield f"{place}: sequences are not dense up to {row['last_sequence']}: {_first_hole(sequences)}"
        if row["relayed_sequence"] > row["last_sequence"]:
            yield f"{place}: more is relayed than was given out"
    for place, rows in told.items():
        if len({each["event_id"] for each in rows}) < len(rows):
            yield f"{place}: an event is announced twice"
        if place[0].endswith(".dlq"):
            continue
        times = [each["time"] for each in rows]
        if times != sorted(times):
            yield f"{place}: what is known goes back in time"


def _first_hole(sequences: Sequence[int]) -> str:
    hole = next((e for e, s in enumerate(sequences, 1) if e != s), len(sequences) + 1)
    return f"{len(sequences)} rows, the first at fault is {hole}"


def topic_breaches(topic: str, announced: Mapping[int, Sequence[Row]], log: Log, *, compacted: bool) -> Iterator[str]:
    """The topic is the outbox: first occurrences in order, without a hole, the same bytes; compacted: the same ends."""
    for partition in sorted({*announced, *log}):
        rows, records = announced.get(partition, []), log.get(partition, [])
        place = f"{topic}/{partition}"
        if compacted:
            last = {row["key"]: row["value"] for row in rows}
            if {r.key: r.value for r in records} != last:
                yield f"{place}: the compacted topic does not end on what was announced last"
            continue
        firsts, breach = first_occurrences(records)
        if breach:
            yield f"{place}: {breach}"
        if [sequence for sequence, _ in firsts] != [row["sequence"] for row in rows]:
            yield f"{place}: {len(firsts)} events on Kafka, {len(rows)} in the outbox"
            continue
        for (sequence, record), row in zip(firsts, rows, strict=True):
            told = (record.key, record.value, UUID(dict(record.headers)["ce_id"].decode()))
            if told != (row["key"], row["value"], row["event_id"]):
                yield f"{place}: sequence {sequence} is not on Kafka as it was announced"


def first_occurrences(
    records: Sequence[ConsumerRecord[Any, Any]],
) -> tuple[list[tuple[int, ConsumerRecord[Any, Any]]], str | None]:
    """The records that a reader with a fence takes, and what is wrong with their order."""
    firsts: list[tuple[int, ConsumerRecord[Any, Any]]] = []
    seen: set[int] = set()
    for record in records:
        sequence = int(dict(record.headers)["ce_sequence"])
        if sequence in seen:
            continue
        if sequence != len(seen) + 1:
            return firsts, f"sequence {sequence} comes where {len(seen) + 1} was expected"
        seen.add(sequence)
        firsts.append((sequence, record))
    return firsts, None


async def relay_breaches(found: Snapshot, servers: Sequence[str], *, compacted: Sequence[str] = ()) -> list[str]:
    """Compare everything that a database announced with what Kafka has."""
    breaches = [
        f"{row['topic']}/{row['partition']}: not relayed to its end ({row['parked']})"
        for row in found["outbox_partition"]
        if row["relayed_sequence"] != row["last_sequence"] or row["parked"]
    ]
    told = found.outbox()
    for topic in sorted({row["topic"] for row in found["outbox_partition"]}):
        announced = {partition: rows for (name, partition), rows in told.items() if name == topic}
        log = await read_topic(servers, topic)
        breaches += topic_breaches(topic, announced, log, compacted=topic in compacted)
    return breaches


def checkpoint_breaches(found: Snapshot, topic: str, log: Log) -> Iterator[str]:
    """Every record of the log is applied."""
    reached = {row["partition"]: row["next_offset"] for row in found["checkpoint"] if row["topic"] == topic}
    for partition, records in log.items():
        end = records[-1].offset + 1 if records else 0
        if reached.get(partition, 0) != end:
            yield f"{topic}/{partition}: applied up to {reached.get(partition, 0)}, the log ends at {end}"
