"""A PostgreSQL server that the environment lends: used as it is, never started, stopped or killed."""

from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

from fabrique.embedded.errors import DidNotStart, NotOurs
from fabrique.embedded.postgres_clients import check_durable, create_database, drop_database


class LentPostgres:
    """The server of FABRIQUE_POSTGRES_URL (postgresql://user:password@host:port)."""

    pid = None

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._parts = parts._replace(scheme="postgresql", path="", fragment="")
        self.description = f"PostgreSQL at {parts.hostname}:{parts.port or 5432} (from the environment)"

    def url(self, database: str) -> str:
        """The database's URL for SQLAlchemy with asyncpg."""
        return urlunsplit(self._parts._replace(scheme="postgresql+asyncpg", path=f"/{database}"))

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        create_database(self._maintenance, name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists."""
        drop_database(self._maintenance, name)

    def start(self) -> None:
        """See that the server answers and is durable."""
        try:
            version = check_durable(self._maintenance)
        except (OSError, TimeoutError) as silence:
            raise DidNotStart(f"{self.description} does not answer: {silence}") from silence
        self.description = self.description.replace("PostgreSQL", f"PostgreSQL {version}", 1)

    def stop(self) -> None:
        """Leave it running: it is somebody else's."""

    def erase(self) -> None:
        """Leave its data: they are somebody else's."""

    def stop_immediately(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the PostgreSQL of the environment cannot be stopped from here.")

    def kill(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the PostgreSQL of the environment cannot be killed from here.")

    def suspend(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the PostgreSQL of the environment cannot be suspended from here.")

    def resume(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the PostgreSQL of the environment cannot be resumed from here.")

    @property
    def _maintenance(self) -> str:
        return urlunsplit(self._parts._replace(path="/postgres"))
