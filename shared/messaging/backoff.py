"""Waiting before trying again: longer each time, with jitter, and never past a request to stop."""

import asyncio
import random
from collections.abc import Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.database.transaction import DETERMINISTIC_CLASSES, sqlstate
from shared.kernel.errors import Unavailable

TRANSIENT = (
    Unavailable, OSError, TimeoutError, PoolTimeout, InterfaceError, InternalError, OperationalError,
    asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
"""Internal errors are what asyncpg says of a connection that the server ends while a statement is on its way."""


def delays(first: float = 0.05, longest: float = 30.0) -> Iterator[float]:
    """Yield seconds to wait: doubled each time up to `longest`, each drawn between half and the whole."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311  jitter is not a secret
        delay = min(delay * 2, longest)


def is_transient(error: BaseException) -> bool:
    """Tell whether the same work may succeed later: every PostgreSQL error but those that the data itself causes."""
    state = sqlstate(error)
    if state is not None:
        return state[:2] not in DETERMINISTIC_CLASSES
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, TRANSIENT)


async def pause(seconds: float, *stops: asyncio.Event) -> bool:
    """Wait, or less if one of `stops` is set; return whether one was."""
    waits = [asyncio.ensure_future(stop.wait()) for stop in stops]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
