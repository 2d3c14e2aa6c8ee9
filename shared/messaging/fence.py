"""The fence: which of the records handed over are new, decided purely from the locked checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from aiokafka import ConsumerRecord

from shared.database.checkpoint import Position, Source
from shared.messaging.cloudevents import Headers, sequence_of

_origin = attrgetter("topic", "partition")


@dataclass(slots=True, eq=False)
class New:
    """A record that was not applied before, with its headers by name, and its writer's sequence (0 without one)."""

    record: ConsumerRecord
    headers: Headers
    sequence: int


@dataclass(slots=True)
class Fresh:
    """The records to apply, in order, where that leaves each source, and what was noticed."""

    records: list[New]
    positions: dict[Source, Position]
    fenced: int = 0
    repeated: int = 0
    offset_holes: list[tuple[Source, int, int]] = field(default_factory=list)
    sequence_holes: list[tuple[Source, int, int]] = field(default_factory=list)


def fresh(records: Sequence[ConsumerRecord], locked: Mapping[Source, Position], *, relayed: bool = True) -> Fresh:
    """Drop what was applied before (offset) and what a relay sent twice (sequence); notice holes.

    Only our relays' sequences count: in a topic that is not `relayed`, a partner may write any header it likes.
    """
    result = Fresh([], dict(locked))
    for origin, run in groupby(records, key=_origin):
        source = Source(*origin)
        position = result.positions[source]
        for record in run:
            if record.offset < position.next_offset:
                result.fenced += 1
                continue
            if record.offset > position.next_offset:
                result.offset_holes.append((source, position.next_offset, record.offset))
            position = _take(result, record, source, position, relayed=relayed)
        result.positions[source] = position
    return result


def _take(result: Fresh, record: ConsumerRecord, source: Source, position: Position, *, relayed: bool) -> Position:
    headers = dict(record.headers)
    stamp = sequence_of(headers) if relayed else None
    if stamp is None:
        result.records.append(New(record, headers, 0))
        return Position(record.offset + 1, position.epoch, position.last_sequence)
    epoch, sequence = stamp
    if stamp <= (position.epoch, position.last_sequence):
        result.repeated += 1
        return Position(record.offset + 1, position.epoch, position.last_sequence)
    if epoch == position.epoch and sequence > position.last_sequence + 1:
        result.sequence_holes.append((source, position.last_sequence, sequence))
    result.records.append(New(record, headers, sequence))
    return Position(record.offset + 1, epoch, sequence)
