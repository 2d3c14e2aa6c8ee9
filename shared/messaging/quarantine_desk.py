"""The desk where a person looks at the records in quarantine, and retries or drops them."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

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
from shared.messaging.cluster import Router, describe
from shared.messaging.retries import as_new
from shared.messaging.spine import Spine, SpineTerms
from shared.messaging.stream import Batch, Stream, place_of

Open = Callable[[bytes], bytes]


class NotInQuarantine(ProgrammeError):
    """No record lies in this service's quarantine under this identifier, or it was closed before."""


class NotRetriable(ProgrammeError):
    """The record cannot be tried again: it was too long to be kept whole, or nobody here reads its topic."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person puts instead: another value, other headers. None, and headers not named, stay as they came."""

    value: bytes | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)

    def of(self, stored: StoredRecord) -> StoredRecord:
        """Correct a record."""
        kept = [(name, content) for name, content in stored.headers if name not in self.headers]
        return StoredRecord(
            key=stored.key, headers=[*kept, *self.headers.items()],
            value=stored.value if self.value is None else self.value, timestamp_ms=stored.timestamp_ms,
        )  # fmt: skip


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
            quarantine.drop(row, at=self.terms.clock())

    async def retry(self, row_id: UUID, correction: Correction | None = None) -> Rejected | None:
        """Apply a record as of now, corrected or as it came; None when that closed it, else why it still cannot be.

        It is decided after all that its partition has applied so far, not in its old place. A failure leaves it open,
        with one attempt more, and keeps nothing of the correction. Raises NotInQuarantine, NotRetriable, and what is
        transient.
        """
        try:
            async with transaction(self.engine) as session:
                await self._apply(session, row_id, correction)
        except (NotInQuarantine, NotRetriable):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            why = error if isinstance(error, Rejected) else _unknown(error)
            await self._note_failure(row_id, why)
            return why
        return None

    async def _apply(self, session: Session, row_id: UUID, correction: Correction | None) -> None:
        """Apply and close in one transaction, under the lock of the partition's checkpoint."""
        found = await quarantine.get(session, row_id)
        if found is None:
            raise NotInQuarantine(f"{self.terms.service} has no record {row_id} in quarantine.")
        stream = self._stream_of(found, correction)
        source = Source(found.topic, found.partition)
        try:
            next_offset, step = await checkpoint.take_step(session, source)
        except NoResultFound as error:
            raise NotRetriable(f"{self.terms.service} has not read {source.topic} since it was rebuilt.") from error
        if next_offset <= found.offset:
            raise NotRetriable(f"{self.terms.service} has not come to it since it was rebuilt: wait, and retry.")
        row = await self._take(session, row_id)
        stored = self.content(row) if correction is None else correction.of(self.content(row))
        event = stream.decode(as_new(row, stored, relayed=stream.pattern is None))
        batch: Batch[Any] = Batch(session, Outbox(session, self.route), [], [])
        if event is not None and stream.handler is not None:
            event.place = place_of(next_offset - 1, step)
            batch.events.append(event)
            await stream.handler(batch)
        if batch.rejections:
            raise batch.rejections[0][1]
        corrected = None if correction is None else self.terms.seal(stored.pack())
        quarantine.retried(row, at=self.terms.clock(), place=(next_offset, step), corrected=corrected)
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

    def _stream_of(self, row: Quarantined, correction: Correction | None) -> Stream[Any]:
        if row.truncated and (correction is None or correction.value is None):
            raise NotRetriable(
                f"The record of {row.length} bytes was too long to be kept whole: its partner must send it again."
            )
        for stream in self.terms.streams:
            if row.topic == stream.name or (stream.pattern and re.fullmatch(stream.pattern, row.topic)):
                return stream
        raise NotRetriable(f"{self.terms.service} does not read {row.topic} any more.")

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
