"""Talks to a PostgreSQL server from code that is not async, or that runs inside somebody's event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncpg

from fabrique.embedded.errors import NotDurable

Answer = TypeVar("Answer")
CONNECT_SECONDS_MAX = 10
DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply", "local"}}


def ask(url: str, question: Callable[[Any], Coroutine[Any, Any, Answer]]) -> Answer:
    """Connect to a plain postgresql:// URL, ask, disconnect; in a thread, which may wait where a loop may not."""

    async def on_a_connection() -> Answer:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
        try:
            return await question(connection)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, on_a_connection()).result()


def create_database(url: str, name: str) -> None:
    """Create a database unless it exists."""

    async def create(connection: Any) -> None:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {_quoted(name)}")

    ask(url, create)


def drop_database(url: str, name: str) -> None:
    """Drop a database if it exists, with the sessions that use it."""
    ask(url, lambda connection: connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)"))


def check_durable(url: str) -> str:
    """The server's version; raises `NotDurable` when a setting lets a crash lose an acknowledged commit."""

    async def settings(connection: Any) -> dict[str, str]:
        return {name: await connection.fetchval(f"SHOW {name}") for name in ("server_version", *DURABLE)}

    found = ask(url, settings)
    wrong = [f"{name} = {found[name]}" for name, right in DURABLE.items() if found[name] not in right]
    if wrong:
        raise NotDurable(f"PostgreSQL would lose acknowledged commits in a crash: {', '.join(wrong)}. Turn them on.")
    return found["server_version"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
