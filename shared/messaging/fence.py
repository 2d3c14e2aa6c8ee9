"""The fence: which of the records handed over are new, decided purely from the locked checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from shared.database.checkpoint import Position, Source
from shared.messaging.cloudevents import sequence_of


@dataclass(slots=True)
class Fresh:
    """The records to apply, in order, where that leaves each source, and what was noticed."""

    records: list[ConsumerRecord]
    positions: dict[Source, Position]
    fenced: int = 0
    repeated: int = 0
    offset_holes: list[tuple[Source, int, int]] = field(default_factory=list)
    sequence_holes: list[tuple[Source, int, int]] = field(default_factory=list)


def fresh(records: Sequence[ConsumerRecord], locked: Mapping[Source, Position]) -> Fresh:
    """Drop what was applied before (offset) and what a relay sent twice (sequence); notice holes."""
    result = Fresh([], dict(locked))
    for record in records:
        source = Source(record.topic, record.partition)
        position = result.positions[source]
        if record.offset < position.next_offset:
            result.fenced += 1
            continue
        if record.offset > position.next_offset:
            result.offset_holes.append((source, position.next_offset, record.offset))
        result.positions[source] = _take(result, record, source, position)
    return result


def _take(result: Fresh, record: ConsumerRecord, source: Source, position: Position) -> Position:
    stamp = sequence_of(record.headers)
    if stamp is None:
        result.records.append(record)
        return position._replace(next_offset=record.offset + 1)
    epoch, sequence = stamp
    if stamp <= (position.epoch, position.last_sequence):
        result.repeated += 1
        return position._replace(next_offset=record.offset + 1)
    if epoch == position.epoch and sequence > position.last_sequence + 1:
        result.sequence_holes.append((source, position.last_sequence, sequence))
    result.records.append(record)
    return Position(record.offset + 1, epoch, sequence)
