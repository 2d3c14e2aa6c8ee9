"""The outbox: events get dense sequences under the last lock of a transaction, in commit order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from shared.database.tables import OutboxPartition
from shared.database.transaction import Session, copy_rows

Route = Callable[[str, bytes], int]
COLUMNS = (
    "topic",
    "partition",
    "sequence",
    "key",
    "event_id",
    "type",
    "subject",
    "cause",
    "traceparent",
    "time",
    "value",
)
_destination = itemgetter(COLUMNS.index("topic"), COLUMNS.index("partition"))
HOLD = text(
    "SELECT topic, partition, last_sequence, last_known_at, epoch FROM outbox_partition"
    " WHERE (topic, partition) IN (SELECT * FROM unnest(cast(:topics AS text[]), cast(:partitions AS int[])))"
    " ORDER BY topic, partition FOR UPDATE"
)
GIVE_OUT = text(
    "UPDATE outbox_partition SET last_sequence = :sequence, last_known_at = :known_at"
    " WHERE topic = :topic AND partition = :partition"
)


class Destination(NamedTuple):
    """An output partition."""

    topic: str
    partition: int


@dataclass(slots=True)
class Held:
    """One output partition while this transaction holds it."""

    sequence: int
    known_at: datetime | None
    epoch: int


class Outbox:
    """What one transaction announces.

    `route` tells which partition of a topic a key belongs to. Hold the destinations once the rest is written, add
    events in the order in which readers must see them, then flush.
    """

    def __init__(self, session: Session, route: Route) -> None:
        self._session = session
        self._route = route
        self._held: dict[Destination, Held] = {}
        self._rows: list[tuple[Any, ...]] = []

    def destination(self, topic: str, key: bytes) -> Destination:
        """Find the output partition of `key`."""
        return Destination(topic, self._route(topic, key))

    async def hold(self, destinations: Iterable[Destination], *, make_missing: bool = False) -> None:
        """Lock the destinations, in sorted order, until COMMIT.

        `make_missing` makes rows that are missing: the dead letters of a partner's topic that came after the start.
        """
        wanted = sorted(set(destinations) - self._held.keys())
        if not wanted:
            return
        await self._lock(wanted)
        missing = [d for d in wanted if d not in self._held]
        if missing and make_missing:
            await insert_at_zero(self._session, missing)
            await self._lock(missing)
        elif missing:
            raise LookupError(f"output partitions that were never prepared: {missing}")

    async def _lock(self, destinations: Sequence[Destination]) -> None:
        found = await self._session.execute(
            HOLD, {"topics": [d.topic for d in destinations], "partitions": [d.partition for d in destinations]}
        )
        for row in found:
            self._held[Destination(row[0], row[1])] = Held(*row[2:])

    def known_at(self, destination: Destination, *, at_least: datetime) -> datetime:
        """Return when an event of `destination` is known: `at_least`, and never before the one before it."""
        held = self._held[destination]
        if held.known_at is None or held.known_at < at_least:
            held.known_at = at_least
        return held.known_at

    def add(
        self,
        destination: Destination,
        *,
        key: bytes,
        event_id: UUID,
        type: str,  # noqa: A002  CloudEvents names this attribute
        subject: str,
        time: datetime,
        value: bytes,
        cause: UUID | None = None,
        traceparent: str | None = None,
    ) -> int:
        """Append an event to a held destination and return its sequence."""
        held = self._held[destination]
        sequence = held.sequence = held.sequence + 1
        topic, partition = destination
        self._rows.append((topic, partition, sequence, key, event_id, type, subject, cause, traceparent, time, value))
        return sequence

    async def flush(self) -> None:
        """Write the rows and the sequences given out."""
        if not self._rows:
            return
        await copy_rows(self._session, "outbox", COLUMNS, self._rows)
        given = {Destination(*place) for place in set(map(_destination, self._rows))}
        await self._session.execute(
            GIVE_OUT,
            [
                {**d._asdict(), "sequence": self._held[d].sequence, "known_at": self._held[d].known_at}
                for d in sorted(given)
            ],
        )
        self._rows.clear()


async def prepare(session: Session, partitions: Mapping[str, int]) -> None:
    """Make the rows of every output partition, so that there is something to hold."""
    await insert_at_zero(
        session, [Destination(topic, partition) for topic, count in partitions.items() for partition in range(count)]
    )


async def insert_at_zero(session: Session, destinations: Iterable[Destination]) -> None:
    """Make the rows that are missing."""
    rows = [{**d._asdict(), "epoch": 0, "last_sequence": 0, "relayed_sequence": 0} for d in sorted(destinations)]
    if rows:
        await session.execute(insert(OutboxPartition).values(rows).on_conflict_do_nothing())
