"""Starts, watches and stops the whole local stack, in order: Kafka and PostgreSQL, what they hold, the services."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from fabrique.embedded.claims import claim, give_back
from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.kafka import SERVERS_VARIABLE, Broker, start_kafka
from fabrique.embedded.ports import free_port, is_free
from fabrique.embedded.postgres import Postgres, start_postgres
from fabrique.embedded.progress import Report, silent
from fabrique.stack import addresses as places
from fabrique.stack.addresses import PORTS, SERVICES, Addresses
from fabrique.stack.folder import StateFolder
from fabrique.stack.service_process import ServiceProcess

PORT_TAKEN = "address already in use"
SECRET, OPERATOR_KEY = "intake-secret", "operator-key"
"""Names of the secrets that are made once for each state folder."""


class Stack:
    """The local stack on one state folder; a context manager that leaves nothing running."""

    def __init__(
        self,
        folder: StateFolder,
        *,
        services: Sequence[str] = SERVICES,
        ports: Mapping[str, int | None] | None = None,
        platforms: Sequence[str] = (),
        is_demonstration: bool = False,
        report: Report = silent,
    ) -> None:
        self.folder = folder
        self.kafka: Broker | None = None
        self.postgres: Postgres | None = None
        self.services: list[ServiceProcess] = []
        self._watched: list[Broker | Postgres] = []  # lent servers and containers are watched by somebody else
        self._names = services
        self._ports = dict(ports or {})
        self._platforms = platforms
        self._is_demonstration = is_demonstration
        self._report = report

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def is_up(self) -> bool:
        """Whether anything runs that would have to be stopped."""
        return self.kafka is not None or self.postgres is not None

    @property
    def operator_key(self) -> str:
        """The key that funding asks for a manager's commands."""
        return self.folder.secret(OPERATOR_KEY)

    def start(self) -> Addresses:
        """Start everything; returns when all services can work.

        The slow ones overlap: while the broker starts, the databases are made and migrated and the services load.
        Raises FolderInUse, Missing, DidNotStart or Unavailable, each with what to do about it.
        """
        claim(self.folder.path)
        self.folder.logs.mkdir(parents=True, exist_ok=True)
        if self._is_demonstration:
            self.folder.become_demonstration()
        kafka_port = free_port()
        with ThreadPoolExecutor(1) as thread:
            starting = thread.submit(self._start_kafka, kafka_port)
            self.postgres = start_postgres(self.folder.postgres, report=self._report)
            found = self._addresses(kafka_port, self.postgres)
            for name in self._names:
                self.postgres.create_database(name)
                self._launch(name, found)
            from fabrique.stack import provisioning  # noqa: PLC0415  takes seconds to import: meanwhile Kafka starts

            for name in self._names:
                asyncio.run(provisioning.migrate(name, found.databases[name]))
            starting.result()
        asyncio.run(provisioning.make_topics(found.servers, platforms=self._platforms))
        for service in [*self.services]:
            self._wait(service, found)
        self._watched = [server for server in (self.kafka, self.postgres) if server is not None and server.pid]
        places.note(self.folder, found)
        return found

    def look_after(self) -> None:
        """Start again what has died; to be called several times a second."""
        for server in self._watched:
            if server.pid is None:
                self._report(f"{server.description}: its process ended; it starts again")
                server.start()
        for service in self.services:
            service.look_after(self._report)

    def stop(self) -> None:
        """Stop in order: the services, then Kafka, then PostgreSQL; what was not started is passed over."""
        if self.is_up:
            self._put_away()
        give_back(self.folder.path)

    def _put_away(self) -> None:
        places.forget(self.folder)
        for service in self.services:
            service.terminate()
        for service in self.services:
            service.stop()
        self.services = []
        if self.kafka is not None:
            self.kafka.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self.kafka = self.postgres = None
        self._watched = []

    def _start_kafka(self, port: int) -> None:
        self.kafka = start_kafka(self.folder.kafka, port=port, report=self._report)

    def _addresses(self, kafka_port: int, postgres: Postgres) -> Addresses:
        lent = os.environ.get(SERVERS_VARIABLE)
        return Addresses(
            servers=lent.split(",") if lent else [f"127.0.0.1:{kafka_port}"],
            databases={name: postgres.url(name) for name in self._names},
            http={name: f"http://127.0.0.1:{port}" for name, port in self._free_ports()},
        )

    def _free_ports(self) -> Iterator[tuple[str, int]]:
        """Each service with the port that was given, else its usual one when it is free, else any."""
        for name in self._names:
            usual = PORTS[name]
            yield name, self._ports.get(name) or (usual if is_free(usual) else free_port())

    def _launch(self, name: str, found: Addresses) -> None:
        settings = service_settings(self.folder, found, name)
        environment = {f"{name}_{setting}".upper(): value for setting, value in settings.items()}
        service = ServiceProcess(name, found.http[name], self.folder.logs, environment)
        self.services.append(service)
        service.launch()

    def _wait(self, service: ServiceProcess, found: Addresses) -> None:
        """Wait for a service; when somebody took its port while it loaded, it is started again on another."""
        try:
            service.wait()
        except DidNotStart as failure:
            if PORT_TAKEN not in str(failure) or self._ports.get(service.name):
                raise
            found.http[service.name] = f"http://127.0.0.1:{free_port()}"
            self.services.remove(service)
            self._launch(service.name, found)
            self.services[-1].wait()


def service_settings(folder: StateFolder, found: Addresses, name: str) -> dict[str, str]:
    """All the settings of a service of the local stack."""
    own = {
        "intake": {"secret": folder.secret(SECRET)},
        "funding": {"operator_key": folder.secret(OPERATOR_KEY)},
        "reporting": {"demonstration": "true"} if folder.is_demonstration else {},
    }
    return {**found.settings(name), "port": found.http[name].rpartition(":")[2], **own[name]}
