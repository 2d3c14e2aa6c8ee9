"""The fence: which of the records handed over are new, decided purely from the locked checkpoint."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from aiokafka import ConsumerRecord
from msgspec import Struct

from shared.database.checkpoint import Position, Source
from shared.messaging.cloudevents import Headers, sequence_of

_origin = attrgetter("topic", "partition")


class New(Struct, eq=False):
    """A record that was not applied before, its headers by name, and its writer's sequence (0 without one)."""

    source: Source
    record: ConsumerRecord
    headers: Headers
    sequence: int


class Fence:
    """Drops what was applied before (offset) and what a relay sent twice (sequence); notices holes.

    It begins at the `locked` positions; `positions` tells where what it let through leaves each source. Only our
    relays' sequences count: in a topic that is not `relayed`, a partner may write any header it likes.
    """

    def __init__(self, locked: Mapping[Source, Position], *, relayed: bool = True) -> None:
        self._relayed = relayed
        self.positions = dict(locked)
        self.fenced = 0
        self.repeated = 0
        self.offset_holes: list[tuple[Source, int, int]] = []
        self.sequence_holes: list[tuple[Source, int, int]] = []

    def new(self, records: Iterable[ConsumerRecord]) -> Iterator[New]:
        """Let the new ones through, in order, one at a time: what was made of one is gone before the next."""
        for origin, run in groupby(records, key=_origin):
            yield from self._new_of(Source(*origin), run)

    def _new_of(self, source: Source, run: Iterable[ConsumerRecord]) -> Iterator[New]:
        position = self.positions[source]
        next_offset = position.next_offset
        stamp = (position.epoch, position.last_sequence)
        for record in run:
            offset = record.offset
            if offset != next_offset:
                if offset < next_offset:
                    self.fenced += 1
                    continue
                self.offset_holes.append((source, next_offset, offset))
            next_offset = offset + 1
            headers = dict(record.headers)
            found = sequence_of(headers) if self._relayed else None
            if found is None:
                yield New(source, record, headers, 0)
            elif found <= stamp:
                self.repeated += 1
            else:
                if found[0] == stamp[0] and found[1] > stamp[1] + 1:
                    self.sequence_holes.append((source, stamp[1], found[1]))
                stamp = found
                yield New(source, record, headers, found[1])
        self.positions[source] = Position(next_offset, *stamp)
