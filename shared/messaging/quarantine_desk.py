"""The desk where a person looks at the records in quarantine, and retries or drops them."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import checkpoint, quarantine
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox, Route
from shared.database.quarantine import StoredRecord, plain
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import Session, reading, transaction
from shared.kernel.errors import ProgrammeError, Rejected
from shared.messaging.backoff import is_transient
from shared.messaging.cloudevents import sequence_of
from shared.messaging.cluster import Router, describe
from shared.messaging.fence import New
from shared.messaging.spine import Spine, SpineTerms
from shared.messaging.stream import Batch, Stream, place_of

Open = Callable[[bytes], bytes]


class NotInQuarantine(ProgrammeError):
    """No record lies in this service's quarantine under this identifier, or it was closed before."""


class NotRetriable(ProgrammeError):
    """The record cannot be tried again: it was too long to be kept whole, or nobody here reads its topic."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One service's quarantine; `open` undoes the service's seal."""

    terms: SpineTerms
    engine: AsyncEngine
    route: Route
    open: Open = plain

    async def listed(self, *, state: QuarantineState | None, limit: int) -> Sequence[Quarantined]:
        """List records, oldest first."""
        async with reading(self.engine) as session:
            return await quarantine.listed(session, state=state, limit=limit)

    async def find(self, row_id: UUID) -> Quarantined | None:
        """Look one record up, whatever its state."""
        async with reading(self.engine) as session:
            return await quarantine.get(session, row_id)

    def content(self, row: Quarantined) -> StoredRecord:
        """Open what was kept of a record: its key, headers and first 64 KiB. It may name a person."""
        return StoredRecord.unpack(self.open(row.record))

    async def drop(self, row_id: UUID) -> None:
        """Close a record without applying it. Raises NotInQuarantine."""
        async with transaction(self.engine) as session:
            row = await self._take(session, row_id)
            quarantine.close(row, state=QuarantineState.DROPPED, at=self.terms.clock())

    async def retry(self, row_id: UUID) -> Rejected | None:
        """Apply a record as of now; None when it was applied and closed, else why it still cannot be.

        It is decided after all that its partition has applied so far, not in its old place. A failure leaves it open,
        with one attempt more. Raises NotInQuarantine, NotRetriable, and what is transient.
        """
        try:
            async with transaction(self.engine) as session:
                await self._apply(session, row_id)
        except (NotInQuarantine, NotRetriable):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            why = error if isinstance(error, Rejected) else _unknown(error)
            await self._note_failure(row_id, why)
            return why
        return None

    async def _apply(self, session: Session, row_id: UUID) -> None:
        """Apply and close in one transaction, under the lock of the partition's checkpoint."""
        found = await quarantine.get(session, row_id)
        if found is None:
            raise NotInQuarantine(f"{self.terms.service} has no record {row_id} in quarantine.")
        stream = self._stream_of(found)
        source = Source(found.topic, found.partition)
        try:
            next_offset, step = await checkpoint.take_step(session, source)
        except NoResultFound as error:
            raise NotRetriable(f"{self.terms.service} has not read {source.topic} since it was rebuilt.") from error
        row = await self._take(session, row_id)
        event = stream.decode(self._as_new(row, relayed=stream.pattern is None), source)
        batch: Batch[Any] = Batch(session, Outbox(session, self.route), [], [])
        if event is not None and stream.handler is not None:
            event.place = place_of(next_offset - 1, step)
            batch.events.append(event)
            await stream.handler(batch)
        if batch.rejections:
            raise batch.rejections[0][1]
        quarantine.close(row, state=QuarantineState.RETRIED, at=self.terms.clock())
        row.attempts += 1
        await batch.outbox.flush()

    async def _take(self, session: Session, row_id: UUID) -> Quarantined:
        """Lock an open record."""
        row = await quarantine.get(session, row_id, for_update=True)
        if row is not None:
            await session.refresh(row)  # it may have been read, and closed by somebody else, before it was locked
        if row is None or row.state != QuarantineState.OPEN:
            state = "not there" if row is None else row.state
            raise NotInQuarantine(f"The record {row_id} of {self.terms.service} is not open: it is {state}.")
        return row

    def _stream_of(self, row: Quarantined) -> Stream[Any]:
        if row.truncated:
            raise NotRetriable(
                f"The record of {row.length} bytes was too long to be kept whole: its partner must send it again."
            )
        for stream in self.terms.streams:
            if row.topic == stream.name or (stream.pattern and re.fullmatch(stream.pattern, row.topic)):
                return stream
        raise NotRetriable(f"{self.terms.service} does not read {row.topic} any more.")

    def _as_new(self, row: Quarantined, *, relayed: bool) -> New:
        stored = self.content(row)
        record = ConsumerRecord(
            topic=row.topic, partition=row.partition, offset=row.offset, timestamp=stored.timestamp_ms,
            timestamp_type=0, key=stored.key, value=stored.value, checksum=None,
            serialized_key_size=len(stored.key or b""), serialized_value_size=len(stored.value or b""),
            headers=tuple(stored.headers),
        )  # fmt: skip
        headers = dict(stored.headers)
        stamp = sequence_of(headers) if relayed else None
        return New(record, headers, stamp[1] if stamp else 0)

    async def _note_failure(self, row_id: UUID, why: Rejected) -> None:
        async with transaction(self.engine) as session:
            row = await self._take(session, row_id)
            row.attempts += 1
            row.reason, row.detail, row.pointer = why.reason, why.detail, why.pointer


@asynccontextmanager
async def quarantine_desk(spine: Spine, open_sealed: Open = plain) -> AsyncIterator[Desk]:
    """Open the desk of a service that was composed and is not run here. Raises Unavailable without its Kafka."""
    try:
        topics = await describe(spine.admin, [topic.name for topic in spine.terms.outputs])
        router = Router({name: topic.partitions for name, topic in topics.items()})
        yield Desk(spine.terms, spine.engine, router, open_sealed)
    finally:
        await spine.engine.dispose()


def _unknown(error: Exception) -> Rejected:
    return Rejected("unknown-error", f"applying it raises {type(error).__name__}")
