"""A stream whose handler notes what it is given, in a table, and can be told to fail: for tests of the engine alone."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import text

from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.topics import COMMITMENT
from shared.messaging.stream import Batch, Incoming, Stream, facts
from tests.support.ledger import Ledger

NOTE = text(
    "INSERT INTO noted (partition, place, event_id) SELECT * FROM unnest(cast(:partitions AS int[]),"
    " cast(:places AS bigint[]), cast(:ids AS uuid[]))"
)
Trouble = Callable[[Incoming[Any]], Awaitable[None] | None]


async def noting_stream(ledger: Ledger, trouble: Trouble = lambda _: None) -> Stream[Any]:
    """Note each event once `trouble` has looked at it: nothing in the table keeps an event from being noted twice."""
    await ledger.execute("CREATE TABLE IF NOT EXISTS noted (partition int, place bigint, event_id uuid)")
    stream: Stream[Any] = facts(COMMITMENT, COMMITMENT_FACTS)

    @stream
    async def on_commitments(batch: Batch[Any]) -> None:
        for event in batch.events:
            if (waiting := trouble(event)) is not None:
                await waiting
        rows = {
            "partitions": [event.source.partition for event in batch.events],
            "places": [event.offset for event in batch.events],
            "ids": [str(event.event_id) for event in batch.events],
        }
        await batch.session.execute(NOTE, rows)

    return stream


async def noted(ledger: Ledger, partition: int = 0) -> list[int]:
    """The offsets noted so far, in order, with every repetition."""
    rows = await ledger.rows("SELECT place FROM noted WHERE partition = :partition ORDER BY place", partition=partition)
    return [row["place"] for row in rows]
