"""The fence: which of the records handed over are new, decided purely from the locked checkpoint."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from aiokafka import ConsumerRecord
from msgspec import Struct

from shared.database.checkpoint import Position, Source
from shared.messaging.cloudevents import Headers, sequence_of

_origin = attrgetter("topic", "partition")


class New(Struct, eq=False):
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
        result.positions[source] = _take(result, run, source, result.positions[source], relayed=relayed)
    return result


def _take(
    result: Fresh, run: Iterable[ConsumerRecord], source: Source, position: Position, *, relayed: bool
) -> Position:
    next_offset = position.next_offset
    stamp = (position.epoch, position.last_sequence)
    for record in run:
        offset = record.offset
        if offset != next_offset:
            if offset < next_offset:
                result.fenced += 1
                continue
            result.offset_holes.append((source, next_offset, offset))
        next_offset = offset + 1
        headers = dict(record.headers)
        found = sequence_of(headers) if relayed else None
        if found is None:
            result.records.append(New(record, headers, 0))
        elif found <= stamp:
            result.repeated += 1
        else:
            if found[0] == stamp[0] and found[1] > stamp[1] + 1:
                result.sequence_holes.append((source, stamp[1], found[1]))
            stamp = found
            result.records.append(New(record, headers, found[1]))
    return Position(next_offset, *stamp)
