"""Ways to die at named points of a micro-batch: before, during and after COMMIT, and with the answer lost."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.database import checkpoint
from shared.database.transaction import transaction
from shared.messaging import micro_batch

CRASHES = ("after lock", "after write", "before commit", "after commit")
CUTS = ("cut before commit", "cut during commit", "answer lost")


class Killed(BaseException):
    """The process is dead: nothing of its own code may notice."""


class Perils:
    """Draws a fate for each transaction of the micro-batches, and counts what happened."""

    def __init__(self, url: str, chance: random.Random, *, crash: float, cut: float) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._chance = chance
        self._crash = crash
        self._cut = cut
        self._cutting: set[asyncio.Task[None]] = set()
        self.met: Counter[str] = Counter()

    def install(self, patch: pytest.MonkeyPatch, engines: list[AsyncEngine]) -> None:
        """Put the perils around the real steps of the micro-batch."""
        patch.setattr(micro_batch, "transaction", self._around(transaction))
        patch.setattr(checkpoint, "lock", self._after(checkpoint.lock, "after lock"))
        patch.setattr(checkpoint, "advance", self._after(checkpoint.advance, "after write"))
        for engine in engines:
            sqlalchemy_event.listen(engine.sync_engine, "commit", self._on_commit)

    def _fate(self) -> str | None:
        drawn = self._chance.random()
        if drawn < self._crash:
            return self._chance.choice(CRASHES)
        return self._chance.choice(CUTS) if drawn < self._crash + self._cut else None

    def _around(self, real: Callable[[AsyncEngine], Any]) -> Callable[[AsyncEngine], Any]:
        @asynccontextmanager
        async def perilous(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
            fate = self._fate()
            async with real(engine) as session:
                session.info["fate"] = fate
                yield session
                if fate == "before commit":
                    self._die(fate)
                connection = await session.connection()
                connection.sync_connection.info["fate"] = fate
                if fate == "cut before commit":
                    self.met[fate] += 1
                    await self._terminate(await _pid(session))
            if fate == "after commit":
                self._die(fate)
            if fate == "answer lost":
                self.met[fate] += 1
                raise ConnectionResetError("the answer to COMMIT is lost")

        return perilous

    def _after(self, real: Callable[..., Coroutine[Any, Any, Any]], point: str) -> Callable[..., Any]:
        async def perilous(session: AsyncSession, *arguments: Any, **more: Any) -> Any:
            result = await real(session, *arguments, **more)
            if session.info.get("fate") == point:
                self._die(point)
            return result

        return perilous

    def _die(self, point: str) -> None:
        self.met[point] += 1
        raise Killed(point)

    def _on_commit(self, connection: Connection) -> None:
        """COMMIT is about to be sent: the server may be told at the same time to end the session."""
        if connection.info.pop("fate", None) == "cut during commit":
            self.met["cut during commit"] += 1
            driver = connection.connection.driver_connection
            task = asyncio.get_running_loop().create_task(self._terminate(driver.get_server_pid()))  # type: ignore[union-attr]
            self._cutting.add(task)
            task.add_done_callback(self._cutting.discard)

    async def _terminate(self, pid: int) -> None:
        connection = await asyncpg.connect(self._url)
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.close()

    async def over(self) -> None:
        """Wait for the last session that is being ended."""
        await asyncio.gather(*self._cutting)


async def _pid(session: AsyncSession) -> int:
    raw = await (await session.connection()).get_raw_connection()
    return int(raw.driver_connection.get_server_pid())  # type: ignore[union-attr]
