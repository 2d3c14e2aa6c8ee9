"""What may pass is told from what the data itself causes: a mistake here skips a record, or stops all for ever."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.transaction import copy_rows, create_engine, driver, sqlstate, transaction
from shared.kernel.errors import Rejected, Unavailable
from shared.messaging.backoff import delays, is_transient, pause
from tests.support.ledger import Ledger

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'told to' USING ERRCODE = '{}'; END $$"
Work = Callable[[AsyncSession], Awaitable[None]]
TRANSIENT = {
    "08006": "connection failure", "40001": "serialization failure", "40P01": "deadlock", "53100": "disk full",
    "53300": "too many connections", "55P03": "lock not available", "57014": "query cancelled",
    "57P01": "admin shutdown",
    "57P03": "cannot connect now", "25006": "read only after a fail-over", "25P03": "idle in transaction",
    "42P01": "a table is missing: migrate", "42501": "insufficient privilege", "XX000": "internal error",
}  # fmt: skip
CAUSED_BY_THE_DATA = {
    "22003": "out of range", "22012": "division by zero", "22021": "not in the repertoire", "22P02": "invalid text",
    "23502": "not null", "23503": "foreign key", "23505": "unique", "23514": "check", "23P01": "exclusion",
}  # fmt: skip


def exceptions_of_asyncpg() -> Iterator[type[asyncpg.PostgresError]]:
    for found in vars(asyncpg.exceptions).values():
        if isinstance(found, type) and issubclass(found, asyncpg.PostgresError) and getattr(found, "sqlstate", None):
            yield found


@pytest.mark.parametrize("state", [*TRANSIENT, *CAUSED_BY_THE_DATA])
async def test_an_error_of_postgresql_is_judged_by_its_state_by_whichever_road_it_comes(
    ledger: Ledger, state: str
) -> None:
    for by_driver in (False, True):
        with pytest.raises((DBAPIError, asyncpg.PostgresError)) as raised:
            async with transaction(ledger.engine) as session:
                await _fail(session, state, by_driver=by_driver)
        assert sqlstate(raised.value) == state
        assert is_transient(raised.value) == (state in TRANSIENT)


async def _fail(session: AsyncSession, state: str, *, by_driver: bool) -> None:
    if by_driver:
        await (await driver(session)).execute(RAISE.format(state))
    else:
        await session.execute(text(RAISE.format(state)))


def test_every_error_that_asyncpg_knows_is_transient_but_for_classes_22_and_23() -> None:
    known = list(exceptions_of_asyncpg())
    assert len(known) > 200
    for error in known:
        assert is_transient(error("told to")) == (error.sqlstate[:2] not in ("22", "23")), error


@pytest.mark.parametrize(
    "error",
    [Unavailable("later"), OSError(), ConnectionRefusedError(), BrokenPipeError(), TimeoutError(), PoolTimeout(),
     asyncpg.InterfaceError("closed"), asyncpg.exceptions.ConnectionDoesNotExistError("gone"),
     asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
     InternalError("SELECT 1", {}, asyncpg.InternalClientError("cannot switch to state 12"))],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_is_not_there_now_is_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [Rejected("not-wanted", "never"), ValueError(), KeyError("x"), TypeError(), AssertionError(), MemoryError(),
     LookupError("output partitions that were never prepared"), RecursionError(), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_mistake_in_the_program_or_in_the_record_is_not(error: BaseException) -> None:
    assert not is_transient(error)


async def test_a_server_that_is_not_there_is_transient() -> None:
    engine = create_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", application_name="test")
    with pytest.raises(OSError, match="onnect") as raised:
        async with transaction(engine) as session:
            await session.execute(text("SELECT 1"))
    assert is_transient(raised.value)
    await engine.dispose()


async def _nothing(_: AsyncSession) -> None:
    """Commit at once."""


async def _run(session: AsyncSession) -> None:
    await session.execute(text("UPDATE checkpoint SET next_offset = cast(:huge AS bigint)"), {"huge": 2**70})


async def _copy(session: AsyncSession) -> None:
    await copy_rows(session, "checkpoint", ("topic", "partition"), [("funding.allocation.v1", 2**40)])


async def _drive(session: AsyncSession) -> None:
    await (await driver(session)).execute("UPDATE checkpoint SET next_offset = $1", 2**70)


@pytest.mark.parametrize("work", [_run, _copy, _drive])
async def test_a_value_that_does_not_fit_its_column_is_caused_by_the_data(ledger: Ledger, work: Work) -> None:
    error = await _error_of(ledger, work)
    assert not is_transient(error)


@pytest.mark.parametrize("work", [_run, _copy, _drive, _nothing])
async def test_a_connection_that_is_cut_is_transient_whatever_it_does_then(ledger: Ledger, work: Work) -> None:
    async def cut(session: AsyncSession) -> None:
        pid = (await driver(session)).get_server_pid()
        await ledger.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
        await work(session)

    error = await _error_of(ledger, cut)
    assert is_transient(error)


async def _error_of(ledger: Ledger, work: Work) -> BaseException:
    try:
        async with transaction(ledger.engine) as session:
            await work(session)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_waits_double_up_to_the_longest_with_jitter() -> None:
    drawn = [list(islice(delays(), 14)) for _ in range(200)]
    for place in range(14):
        longest = min(30.0, 0.05 * 2**place)
        column = [waits[place] for waits in drawn]
        assert longest / 2 <= min(column)
        assert max(column) <= longest
        assert max(column) - min(column) > longest / 4


async def test_a_pause_ends_when_it_is_told_to_stop() -> None:
    stop, other = asyncio.Event(), asyncio.Event()
    assert await pause(0.001, stop, other) is False
    asyncio.get_running_loop().call_later(0.01, other.set)
    before = time.monotonic()
    assert await pause(30, stop, other) is True
    assert time.monotonic() - before < 5
    assert await pause(30, stop, other) is True
