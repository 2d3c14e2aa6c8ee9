"""One micro-batch, one transaction: open, decide, record, announce, commit; and what to do when that fails."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import structlog
from aiokafka import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.dead_letter import DeadLetter
from shared.database import checkpoint, quarantine
from shared.database.checkpoint import Position, Source
from shared.database.outbox import Destination, Outbox, Route
from shared.database.quarantine import KEPT_BYTES, Refusal, Seal, StoredRecord
from shared.database.transaction import Session, transaction
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError, Rejected
from shared.kernel.ids import new_id
from shared.messaging import metrics
from shared.messaging.backoff import delays, is_transient
from shared.messaging.fence import Fence, New
from shared.messaging.retries import Retries, retries_among
from shared.messaging.stream import Batch, Stream

log = structlog.get_logger()
UNKNOWN_ERRORS_A_MINUTE = 3
Wait = Callable[[float], Any]
_origin = attrgetter("topic", "partition")


class PartitionParked(ProgrammeError):
    """Too many unexplained errors on one partition: it stops and waits for a person."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"{source.topic}/{source.partition}")
        self.source = source


class MicroBatch:
    """Applies records of one stream to one service's database, each exactly once in effect.

    `reader` is the service's name (it names the dead-letter topics); `give_up` waits some seconds and says whether to
    stop trying; `committed` is called after each commit.
    """

    def __init__(
        self, stream: Stream[Any], *, reader: str, engine: AsyncEngine, route: Route, clock: Clock, seal: Seal,
        give_up: Wait, committed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._reader = reader
        self._engine = engine
        self._route = route
        self._clock = clock
        self._seal = seal
        self._give_up = give_up
        self._committed = committed
        self._errors: dict[Source, deque[float]] = {}

    async def apply(self, records: Sequence[ConsumerRecord]) -> bool:
        """Apply records, in order, trying again while that may help; False when told to give up.

        Raises PartitionParked when a partition meets unexplained errors too often.
        """
        for delay in delays(longest=5.0):
            try:
                await self._isolate(records)
            except Exception as error:
                if not is_transient(error):
                    raise
                metrics.BATCH_RETRIES.labels(self._stream.name).inc()
                log.warning("batch tried again later", topic=records[0].topic, error=type(error).__name__, delay=delay)
                if await self._give_up(delay):
                    return False
            else:
                return True
        raise AssertionError("delays never end")

    async def _isolate(self, records: Sequence[ConsumerRecord]) -> None:
        """Apply records; when an unknown error comes out of several, find the one that causes it by bisection."""
        try:
            await self._transact(records, doomed=None)
        except Exception as error:
            if is_transient(error) or isinstance(error, (MemoryError, PartitionParked)):
                raise
            if len(records) > 1:
                middle = len(records) // 2
                await self._isolate(records[:middle])
                await self._isolate(records[middle:])
                return
            source = Source(records[0].topic, records[0].partition)
            self._count_unknown(source, error)
            await self._condemn(records, source, _as_rejected(error))

    async def _condemn(self, records: Sequence[ConsumerRecord], source: Source, why: Rejected) -> None:
        """Put a record in quarantine unread; what not even that helps parks its partition."""
        try:
            await self._transact(records, doomed=why)
        except Exception as error:
            if is_transient(error):
                raise
            raise PartitionParked(source) from error

    def _count_unknown(self, source: Source, error: Exception) -> None:
        if isinstance(error, Rejected):
            return
        log.error("record causes an unknown error", topic=source.topic, partition=source.partition,
                  error=type(error).__name__)  # fmt: skip
        metrics.INVARIANT_VIOLATIONS.labels("unknown_error").inc()
        recent = self._errors.setdefault(source, deque())
        now = time.monotonic()
        recent.append(now)
        while recent[0] < now - 60:
            recent.popleft()
        if len(recent) > UNKNOWN_ERRORS_A_MINUTE:
            raise PartitionParked(source) from error

    async def _transact(self, records: Sequence[ConsumerRecord], *, doomed: Rejected | None) -> None:
        started = time.perf_counter()
        async with transaction(self._engine) as session:
            locked = await self._lock(session, {Source(*origin) for origin in set(map(_origin, records))})
            fence = Fence(locked, relayed=self._stream.pattern is None)
            batch: Batch[Any] = Batch(session, Outbox(session, self._route), [], [])
            retries = await retries_among(session, records, locked) if self._stream.refolded else Retries()
            refusals = self._decode(retries.not_at_the_desk(fence.new(records)), batch, doomed)
            if fence.positions == locked:
                self._observe(fence)
                return
            refusals += self._put_back(retries, batch)
            if batch.events and self._stream.handler is not None:
                await self._stream.handler(batch)
            if batch.rejections:
                read = [*records, *(new.record for new, _ in retries.applied)]
                by_origin = {(record.topic, record.partition, record.offset): record for record in read}
                refusals += [
                    _refusal(by_origin[(*event.source, event.offset)], rejected) for event, rejected in batch.rejections
                ]
            await self._quarantine(session, batch.outbox, refusals)
            moved = {source: to for source, to in fence.positions.items() if to != locked[source]}
            await checkpoint.advance(session, moved, at=self._clock())
            await batch.outbox.flush()
        self._committed()
        self._observe(fence)
        topic = self._stream.name
        metrics.BATCH_SECONDS.labels(topic, "transaction").observe(time.perf_counter() - started)
        metrics.EVENTS_APPLIED.labels(topic).inc(len(batch.events))
        for refusal in refusals:
            metrics.EVENTS_QUARANTINED.labels(topic, refusal.rejected.reason).inc()
        metrics.END_TO_END_SECONDS.labels(topic).observe(max(0.0, time.time() - records[-1].timestamp / 1000))

    async def _lock(self, session: Session, sources: set[Source]) -> Mapping[Source, Position]:
        locked = await checkpoint.lock(session, sources)
        if missing := sources - locked.keys():
            await checkpoint.ensure(session, missing, topic_ids={})
            locked = await checkpoint.lock(session, sources)
        return locked

    def _decode(self, records: Iterable[New], batch: Batch[Any], doomed: Rejected | None) -> list[Refusal]:
        refusals = []
        decode = self._stream.decode
        for new in records:
            try:
                if doomed is not None:
                    raise doomed
                event = decode(new)
                if event is not None:
                    batch.events.append(event)
            except Rejected as rejected:
                refusals.append(_refusal(new.record, rejected))
        return refusals

    def _put_back(self, retries: Retries, batch: Batch[Any]) -> list[Refusal]:
        """Put what was retried into its place among the events; what cannot be decoded any more is refused again."""
        refusals = []
        for new, place in retries.applied:
            try:
                event = self._stream.decode(new)
            except Rejected as rejected:
                refusals.append(_refusal(new.record, rejected))
                continue
            if event is not None:
                event.place = place
                batch.events.append(event)
        if retries.applied:
            batch.events.sort(key=attrgetter("source", "place"))
        return refusals

    async def _quarantine(self, session: Session, outbox: Outbox, refusals: Sequence[Refusal]) -> None:
        if not refusals:
            return
        now = self._clock()
        await quarantine.put(session, refusals, at=now, seal=self._seal)
        letters = {r.source.topic: Destination(f"{r.source.topic}.{self._reader}.dlq", 0) for r in refusals}
        await outbox.hold(letters.values(), make_missing=True)
        for refusal in refusals:
            self._announce_dead(outbox, letters[refusal.source.topic], refusal, now)
            log.warning("record quarantined", **refusal.source._asdict(), offset=refusal.offset,
                        reason=refusal.rejected.reason, pointer=refusal.rejected.pointer)  # fmt: skip

    def _announce_dead(self, outbox: Outbox, destination: Destination, refusal: Refusal, now: Any) -> None:
        letter = DeadLetter(
            reader=self._reader, topic=refusal.source.topic, partition=refusal.source.partition,
            offset=refusal.offset, reason=refusal.rejected.reason, pointer=refusal.rejected.pointer,
            length=refusal.length, quarantined_at=now,
        )  # fmt: skip
        where = f"{refusal.source.topic}/{refusal.source.partition}/{refusal.offset}"
        outbox.add(
            destination, key=where.encode(), event_id=new_id(), type="DeadLetter", subject=where, time=now,
            value=letter.model_dump_json().encode(),
        )  # fmt: skip

    def _observe(self, fence: Fence) -> None:
        topic = self._stream.name
        if fence.fenced:
            metrics.EVENTS_FILTERED.labels(topic, "fenced").inc(fence.fenced)
        if fence.repeated:
            metrics.EVENTS_FILTERED.labels(topic, "repeated").inc(fence.repeated)
        for what, holes in (("sequence_hole", fence.sequence_holes), ("offset_hole", fence.offset_holes)):
            if self._stream.compacted or self._stream.pattern:
                continue
            for source, before, after in holes:
                metrics.INVARIANT_VIOLATIONS.labels(what).inc()
                log.error("hole in the log", what=what, topic=source.topic, partition=source.partition,
                          expected=before, found=after)  # fmt: skip


def _as_rejected(error: Exception) -> Rejected:
    if isinstance(error, Rejected):
        return error
    return Rejected("unknown-error", f"applying it raises {type(error).__name__}")


def _refusal(record: ConsumerRecord, rejected: Rejected) -> Refusal:
    value = record.value
    stored = StoredRecord(
        key=record.key,
        headers=[(name, content) for name, content in record.headers],
        value=value[:KEPT_BYTES] if value is not None else None,
        timestamp_ms=record.timestamp,
    )
    length = len(value) if value is not None else 0
    return Refusal(Source(record.topic, record.partition), record.offset, stored, length, rejected)
