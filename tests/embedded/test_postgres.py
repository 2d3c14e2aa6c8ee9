"""A real PostgreSQL of our own: what it keeps when it is killed, and what it refuses."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from fabrique.embedded.errors import FolderInUse, NotDurable, NotOurs
from fabrique.embedded.postgres import Postgres, start_postgres
from fabrique.embedded.processes import command_of

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = start_postgres(tmp_path_factory.mktemp("own-postgres"))
    server.create_database("kept")
    yield server
    server.erase()


async def connect(server: Postgres) -> asyncpg.Connection:
    return await asyncpg.connect(server.url("kept").replace("+asyncpg", ""))


async def commit_a_row(server: Postgres, value: str) -> None:
    connection = await connect(server)
    await connection.execute("CREATE TABLE IF NOT EXISTS row_kept (value text)")
    await connection.execute("INSERT INTO row_kept VALUES ($1)", value)
    await connection.close()


async def committed_rows(server: Postgres) -> set[str]:
    connection = await connect(server)
    rows = await connection.fetch("SELECT value FROM row_kept")
    await connection.close()
    return {row["value"] for row in rows}


def wake_later(pid: int) -> None:
    time.sleep(0.5)
    os.kill(pid, signal.SIGCONT)


async def test_a_committed_row_survives_sigkill_of_everything(own_postgres: Postgres) -> None:
    await commit_a_row(own_postgres, "before SIGKILL")
    own_postgres.kill()
    assert own_postgres.pid is None
    own_postgres.start()
    assert "before SIGKILL" in await committed_rows(own_postgres)


async def test_a_committed_row_survives_an_immediate_stop(own_postgres: Postgres) -> None:
    await commit_a_row(own_postgres, "before SIGQUIT")
    own_postgres.stop_immediately()
    own_postgres.start()
    assert "before SIGQUIT" in await committed_rows(own_postgres)


async def test_a_postmaster_killed_alone_is_started_again_beside_its_orphans(own_postgres: Postgres) -> None:
    await commit_a_row(own_postgres, "before the orphans")
    busy = await connect(own_postgres)
    orphan = await busy.fetchval("SELECT pg_backend_pid()")
    assert own_postgres.pid is not None
    os.kill(orphan, signal.SIGSTOP)  # it cannot notice that its postmaster is gone, and holds the shared memory
    os.kill(own_postgres.pid, signal.SIGKILL)
    waker = asyncio.get_running_loop().run_in_executor(None, wake_later, orphan)
    own_postgres.start()
    await waker
    busy.terminate()
    assert "before the orphans" in await committed_rows(own_postgres)


@pytest.fixture
def left_behind(tmp_path: Path) -> int:
    """The pid of a server whose owner died without stopping it, and without a guard."""
    code = (
        "import os; from pathlib import Path; from fabrique.embedded.postgres import start_postgres;"
        f"server = start_postgres(Path({str(tmp_path)!r}), dies_with_owner=False); server.create_database('kept');"
        "print(server.pid, flush=True); os._exit(0)"
    )
    owner = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return int(owner.stdout)


async def test_a_server_left_by_a_dead_process_is_stopped_and_its_rows_are_kept(
    tmp_path: Path, left_behind: int
) -> None:
    assert "postgres" in command_of(left_behind)
    server = start_postgres(tmp_path)
    assert command_of(left_behind) == ""
    await commit_a_row(server, "in the database that the dead process made")
    server.erase()


def test_a_folder_whose_owner_is_alive_is_refused(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fabrique.embedded.claims import claim;"
        f"claim(Path({str(tmp_path)!r})); print('claimed', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"claimed\n"
        with pytest.raises(FolderInUse, match=str(owner.pid)):
            start_postgres(tmp_path)


def test_a_server_that_could_forget_a_commit_is_refused_and_stopped(tmp_path: Path) -> None:
    forgetful = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    with pytest.raises(NotDurable, match="fsync = off, full_page_writes = off, synchronous_commit = off"):
        start_postgres(tmp_path, extra_settings=forgetful)
    assert not (tmp_path / "data" / "postmaster.pid").exists()


async def test_the_server_asks_a_password_and_has_room_for_connections(own_postgres: Postgres) -> None:
    connection = await connect(own_postgres)
    assert await connection.fetchval("SHOW max_connections") == "200"
    await connection.close()
    url = own_postgres.url("kept").replace("+asyncpg", "")
    user_and_password, place = url.rsplit("@", 1)
    without = user_and_password.rsplit(":", 1)[0]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"{without}:wrong@{place}")


def test_the_postgres_of_the_environment_is_used_and_never_stopped(
    own_postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = own_postgres.url("postgres").replace("+asyncpg", "").removesuffix("/postgres")
    monkeypatch.setenv("FABRIQUE_POSTGRES_URL", url)
    lent = start_postgres(tmp_path)
    lent.create_database("lent")
    lent.create_database("lent")
    lent.drop_database("lent")
    assert lent.url("kept") == own_postgres.url("kept")
    with pytest.raises(NotOurs):
        lent.kill()
    lent.stop()
    assert own_postgres.pid is not None


async def test_fresh_databases_are_empty_and_apart(fresh_database: Callable[[], str]) -> None:
    first = await asyncpg.connect(fresh_database().replace("+asyncpg", ""))
    second = await asyncpg.connect(fresh_database().replace("+asyncpg", ""))
    await first.execute("CREATE TABLE only_here ()")
    assert await second.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await first.close()
    await second.close()
