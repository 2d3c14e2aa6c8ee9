"""A person at the desk: a record is applied once, as of now, or stays open and says why."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.app import MIGRATIONS
from shared.database import checkpoint, quarantine
from shared.database.checkpoint import Position, Source
from shared.database.migrations import upgrade
from shared.database.quarantine import KEPT_BYTES, Refusal, StoredRecord
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import create_engine, reading, transaction
from shared.kernel.errors import Rejected
from shared.messaging.fence import New
from shared.messaging.quarantine_desk import Correction, Desk, NotInQuarantine, NotRetriable
from shared.messaging.spine import SpineTerms
from shared.messaging.stream import Batch, Incoming, Stream, place_of

SOURCE = Source("partner.adie.event.v1", 0)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEXT_OFFSET = 7


class Reader:
    """A stream whose handler writes what it applies, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.applied: list[tuple[str, int]] = []
        self.mended = True
        self.stream: Stream[str] = Stream("partners", self._decode, pattern=r"partner\.[a-z]+\.event\.v1")
        self.stream(self._apply)

    def _decode(self, new: New) -> Incoming[str]:
        try:
            fact = json.loads(new.record.value)
        except ValueError as error:
            raise Rejected("json-invalid", "not valid JSON") from error
        return Incoming(fact, UUID(int=0), "Said", new.source, new.record.offset, 0, None, place_of(new.record.offset))

    async def _apply(self, batch: Batch[str]) -> None:
        for event in batch.events:
            if not self.mended:
                batch.reject(event, Rejected("commitment-unknown", "never declared", pointer="/data/reference"))
                continue
            await batch.session.execute(text("INSERT INTO applied VALUES (:fact)"), {"fact": event.fact})
            self.applied.append((event.fact, event.place))


@pytest.fixture
def reader() -> Reader:
    """The stream that the desk retries with."""
    return Reader()


@pytest.fixture
async def engine(fresh_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    """A service's database, read up to an offset."""
    url = fresh_database()
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="test", pool_size=4)
    async with transaction(engine) as session:
        await session.execute(text("CREATE TABLE applied (fact text PRIMARY KEY)"))
        await checkpoint.ensure(session, [SOURCE], topic_ids={})
        await checkpoint.advance(session, {SOURCE: Position(NEXT_OFFSET, 0, 0)}, at=NOW)
    yield engine
    await engine.dispose()


@pytest.fixture
def desk(engine: AsyncEngine, reader: Reader) -> Desk:
    """The desk of that service; its records are sealed by turning them round."""
    terms = SpineTerms(
        service="funding", instance="desk", database_url="", servers=[], migrations=Path(), streams=[reader.stream],
        inputs=[], outputs=[], clock=lambda: NOW, seal=turned,
    )  # fmt: skip
    return Desk(terms, engine, route=lambda _topic, _key: 0, open=turned)


def turned(packed: bytes) -> bytes:
    """Seal, and open."""
    return packed[::-1]


async def put(engine: AsyncEngine, value: bytes, *, offset: int = 3, length: int | None = None) -> UUID:
    """Put a record in quarantine."""
    record = StoredRecord(key=None, headers=[("ce_type", b"Said")], value=value, timestamp_ms=0)
    refusal = Refusal(SOURCE, offset, record, length or len(value), Rejected("field-invalid", "no"))
    async with transaction(engine) as session:
        return (await quarantine.put(session, [refusal], at=NOW, seal=turned))[0]


async def row_of(desk: Desk, identifier: UUID) -> Quarantined:
    """Look a record up."""
    row = await desk.find(identifier)
    assert row is not None
    return row


async def test_a_retried_record_is_applied_as_of_now_and_closed(
    desk: Desk, engine: AsyncEngine, reader: Reader
) -> None:
    identifier = await put(engine, b'"late"')
    assert await desk.retry(identifier) is None
    assert reader.applied == [("late", place_of(NEXT_OFFSET - 1, 1))]
    row = await row_of(desk, identifier)
    assert (row.state, row.attempts, row.closed_at) == (QuarantineState.RETRIED, 1, NOW)


async def test_two_retries_come_one_after_the_other_in_the_line(
    desk: Desk, engine: AsyncEngine, reader: Reader
) -> None:
    first, second = await put(engine, b'"one"', offset=3), await put(engine, b'"two"', offset=4)
    await desk.retry(second)
    await desk.retry(first)
    assert [place for _, place in reader.applied] == [place_of(NEXT_OFFSET - 1, 1), place_of(NEXT_OFFSET - 1, 2)]


async def test_of_two_people_who_retry_at_once_one_applies(desk: Desk, engine: AsyncEngine) -> None:
    identifier = await put(engine, b'"once"')
    outcomes = await asyncio.gather(*(desk.retry(identifier) for _ in range(3)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "NotInQuarantine", "NotInQuarantine"]
    async with reading(engine) as session:
        assert (await session.execute(text("SELECT count(*) FROM applied"))).scalar_one() == 1


async def test_a_record_that_still_cannot_be_applied_stays_open_and_says_the_new_reason(
    desk: Desk, engine: AsyncEngine, reader: Reader
) -> None:
    identifier = await put(engine, b'"early"')
    reader.mended = False
    why = await desk.retry(identifier)
    assert why is not None
    assert (why.reason, why.pointer) == ("commitment-unknown", "/data/reference")
    row = await row_of(desk, identifier)
    assert (row.state, row.attempts, row.reason) == (QuarantineState.OPEN, 1, "commitment-unknown")
    reader.mended = True
    assert await desk.retry(identifier) is None
    assert reader.applied == [("early", place_of(NEXT_OFFSET - 1, 1))], "a retry that failed takes no step of the line"


async def test_a_correction_is_applied_instead_and_kept_beside_what_came(
    desk: Desk, engine: AsyncEngine, reader: Reader
) -> None:
    identifier = await put(engine, b'"mended')
    correction = Correction(value=b'"mended"', headers={"ce_type": b"Told"})
    assert await desk.retry(identifier, correction) is None
    assert [fact for fact, _ in reader.applied] == ["mended"]
    row = await row_of(desk, identifier)
    assert (row.applied_offset, row.applied_step) == (NEXT_OFFSET, 1)
    assert desk.content(row).value == b'"mended'
    assert row.corrected is not None
    kept = StoredRecord.unpack(turned(row.corrected))
    assert (kept.value, kept.headers) == (b'"mended"', [("ce_type", b"Told")])


async def test_a_correction_that_does_not_help_is_not_kept(desk: Desk, engine: AsyncEngine) -> None:
    identifier = await put(engine, b"not json")
    why = await desk.retry(identifier, Correction(value=b"nor this"))
    assert why is not None
    row = await row_of(desk, identifier)
    assert (row.state, row.reason, row.corrected) == (QuarantineState.OPEN, "json-invalid", None)


async def test_a_record_that_was_cut_can_be_retried_with_a_whole_value(
    desk: Desk, engine: AsyncEngine, reader: Reader
) -> None:
    identifier = await put(engine, b'"cut', length=KEPT_BYTES + 1)
    with pytest.raises(NotRetriable):
        await desk.retry(identifier, Correction(headers={"ce_type": b"Told"}))
    assert await desk.retry(identifier, Correction(value=b'"whole"')) is None
    assert [fact for fact, _ in reader.applied] == ["whole"]


async def test_bytes_that_cannot_be_read_stay_open(desk: Desk, engine: AsyncEngine) -> None:
    identifier = await put(engine, b"not json")
    why = await desk.retry(identifier)
    assert why is not None
    assert why.reason == "json-invalid"


async def test_an_unknown_error_is_named_and_leaves_nothing_half_done(desk: Desk, engine: AsyncEngine) -> None:
    first, twin = await put(engine, b'"same"', offset=3), await put(engine, b'"same"', offset=4)
    await desk.retry(first)
    why = await desk.retry(twin)
    assert why is not None
    assert why.reason == "unknown-error"
    assert (await row_of(desk, twin)).state == QuarantineState.OPEN


async def test_a_record_that_was_cut_cannot_be_retried_and_says_so(desk: Desk, engine: AsyncEngine) -> None:
    identifier = await put(engine, b'"cut"', length=KEPT_BYTES + 1)
    with pytest.raises(NotRetriable, match="must send it again"):
        await desk.retry(identifier)
    assert (await row_of(desk, identifier)).state == QuarantineState.OPEN


async def test_a_dropped_record_is_never_applied(desk: Desk, engine: AsyncEngine, reader: Reader) -> None:
    identifier = await put(engine, b'"gone"')
    await desk.drop(identifier)
    with pytest.raises(NotInQuarantine):
        await desk.retry(identifier)
    with pytest.raises(NotInQuarantine):
        await desk.drop(identifier)
    assert reader.applied == []
    assert await desk.listed(state=QuarantineState.OPEN, limit=10) == []


async def test_what_was_kept_is_opened_for_a_person(desk: Desk, engine: AsyncEngine) -> None:
    row = await row_of(desk, await put(engine, b'"sealed"'))
    assert b"sealed" not in row.record
    assert desk.content(row).value == b'"sealed"'
