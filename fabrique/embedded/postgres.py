"""Finds a real PostgreSQL for this run: the one named by the environment, or the wheel's server on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from fabrique.embedded.postgres_lent import LentPostgres
from fabrique.embedded.postgres_wheel import PostgresFromWheel
from fabrique.embedded.progress import Report, silent

URL_VARIABLE = "FABRIQUE_POSTGRES_URL"


class Postgres(Protocol):
    """A PostgreSQL server that keeps what it has acknowledged, whatever is done to it."""

    description: str

    @property
    def pid(self) -> int | None: ...
    def url(self, database: str) -> str: ...
    def create_database(self, name: str) -> None: ...
    def drop_database(self, name: str) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def stop_immediately(self) -> None: ...
    def kill(self) -> None: ...
    def suspend(self) -> None: ...
    def resume(self) -> None: ...
    def erase(self) -> None: ...


def start_postgres(
    folder: Path,
    *,
    port: int | None = None,
    extra_settings: Mapping[str, str] | None = None,
    report: Report = silent,
    dies_with_owner: bool = True,
) -> Postgres:
    """A server that answers and is durable; what was chosen is reported in one line.

    Raises `NotDurable` when it could forget what it acknowledged, `Missing` when there is no server to start,
    `FolderInUse` when the folder's server belongs to another living process, `DidNotStart` when it fails.
    """
    lent = os.environ.get(URL_VARIABLE)
    server: Postgres
    if lent:
        server = LentPostgres(lent)
    else:
        server = PostgresFromWheel(folder, port=port, extra_settings=extra_settings, dies_with_owner=dies_with_owner)
    server.start()
    report(server.description)
    return server
