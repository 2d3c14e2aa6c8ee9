"""The checkpoint: which records of an input partition are applied, and the lock that fences everybody else."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from shared.database.tables import Checkpoint
from shared.database.transaction import Session


class Source(NamedTuple):
    """An input partition."""

    topic: str
    partition: int


class Position(NamedTuple):
    """How far a source is applied; `last_sequence` is the writer's, within `epoch`."""

    next_offset: int
    epoch: int
    last_sequence: int


LOCK = text(
    "SELECT topic, partition, next_offset, epoch, last_sequence FROM checkpoint"
    " WHERE (topic, partition) IN (SELECT * FROM unnest(cast(:topics AS text[]), cast(:partitions AS int[])))"
    " ORDER BY topic, partition FOR UPDATE"
)
ADVANCE = text(
    "UPDATE checkpoint SET next_offset = :next_offset, step = 0, epoch = :epoch, last_sequence = :last_sequence,"
    " applied_at = :applied_at WHERE topic = :topic AND partition = :partition"
)


async def ensure(session: Session, sources: Iterable[Source], *, topic_ids: dict[str, str]) -> None:
    """Make the rows that are missing, at the log's beginning, so that there is something to lock."""
    rows = [
        {"topic": s.topic, "partition": s.partition, "next_offset": 0, "step": 0, "epoch": 0, "last_sequence": 0,
         "topic_id": topic_ids.get(s.topic)}
        for s in sorted(sources)
    ]  # fmt: skip
    if rows:
        await session.execute(insert(Checkpoint).values(rows).on_conflict_do_nothing())


async def lock(session: Session, sources: Iterable[Source]) -> dict[Source, Position]:
    """Lock the sources' rows in sorted order and return their positions; a source without a row is absent."""
    wanted = sorted(set(sources))
    found = await session.execute(
        LOCK, {"topics": [s.topic for s in wanted], "partitions": [s.partition for s in wanted]}
    )
    return {Source(row[0], row[1]): Position(*row[2:]) for row in found}


async def advance(session: Session, positions: dict[Source, Position], *, at: datetime) -> None:
    """Move the locked sources to `positions`."""
    rows = [{**s._asdict(), **p._asdict(), "applied_at": at} for s, p in sorted(positions.items())]
    await session.execute(ADVANCE, rows)


async def load(session: Session, sources: Iterable[Source]) -> dict[Source, Checkpoint]:
    """Read the sources' rows without a lock."""
    wanted = set(sources)
    rows = await session.scalars(select(Checkpoint).where(col(Checkpoint.topic).in_({s.topic for s in wanted})))
    return {s: row for row in rows if (s := Source(row.topic, row.partition)) in wanted}


async def take_step(session: Session, source: Source) -> tuple[int, int]:
    """Lock one source and count a step (a command, a retry) before its next offset: (next offset, step)."""
    row = (
        await session.execute(
            text(
                "UPDATE checkpoint SET step = step + 1 WHERE topic = :topic AND partition = :partition"
                " RETURNING next_offset, step"
            ),
            source._asdict(),
        )
    ).one()
    return row[0], row[1]
