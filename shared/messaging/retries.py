"""What a person did at the quarantine, done again in its place when a log is folded again after a rebuild."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from shared.database import quarantine
from shared.database.checkpoint import Position, Source
from shared.database.quarantine import Run, StoredRecord
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import Session
from shared.messaging.cloudevents import sequence_of
from shared.messaging.fence import New
from shared.messaging.stream import place_of


@dataclass(slots=True)
class Retries:
    """For the records that are read now: which belong to the desk, and what it applied after which of them."""

    origins: set[tuple[str, int, int]] = field(default_factory=set)
    applied: list[tuple[New, int]] = field(default_factory=list)
    """Records as they were applied, each with its place; in order."""

    def not_at_the_desk(self, records: Iterable[New]) -> Iterable[New]:
        """Leave out the records that were put in quarantine when they were first read: a person decides on them."""
        if not self.origins:
            return records
        return (n for n in records if (*n.source, n.record.offset) not in self.origins)


async def retries_among(
    session: Session, records: Iterable[ConsumerRecord], locked: Mapping[Source, Position]
) -> Retries:
    """Find, under the checkpoints' locks, what the desk did with the records that are read now and right after them.

    To be asked by services that can be rebuilt; they do not seal their quarantine.
    """
    ends = {Source(record.topic, record.partition): record.offset + 1 for record in records}
    runs = [Run(source, locked[source].next_offset, end) for source, end in ends.items()]
    found = Retries()
    for row in await quarantine.met_again(session, runs):
        run = next(run for run in runs if run.source == (row.topic, row.partition))
        if run.start <= row.offset < run.end:
            found.origins.add((row.topic, row.partition, row.offset))
        if row.state != QuarantineState.RETRIED or row.applied_offset is None or row.applied_step is None:
            continue
        if run.start < row.applied_offset <= run.end:
            applied = as_new(row, StoredRecord.unpack(row.corrected or row.record), relayed=True)
            found.applied.append((applied, place_of(row.applied_offset - 1, row.applied_step)))
    return found


def as_new(row: Quarantined, stored: StoredRecord, *, relayed: bool) -> New:
    """Make of what was kept a record as the reader hands it over; only our relays' sequences count."""
    record = ConsumerRecord(
        topic=row.topic, partition=row.partition, offset=row.offset, timestamp=stored.timestamp_ms,
        timestamp_type=0, key=stored.key, value=stored.value, checksum=None,
        serialized_key_size=len(stored.key or b""), serialized_value_size=len(stored.value or b""),
        headers=tuple(stored.headers),
    )  # fmt: skip
    headers = dict(stored.headers)
    stamp = sequence_of(headers) if relayed else None
    return New(Source(row.topic, row.partition), record, headers, stamp[1] if stamp else 0)
