"""Where everything is: Kafka, the three databases and the three services, of the local stack or of the environment."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fabrique.embedded.kafka import SERVERS_VARIABLE
from fabrique.stack.folder import StateFolder
from shared.kernel.errors import ProgrammeError

SERVICES = ("intake", "funding", "reporting")
PORTS = {"intake": 8001, "funding": 8002, "reporting": 8003}
FILE = "addresses"


class StackUnknown(ProgrammeError):
    """Neither a local stack that runs nor the environment says where things are."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Kafka's servers; by service, the database's SQLAlchemy URL and the HTTP address."""

    servers: list[str]
    databases: dict[str, str]
    http: dict[str, str]

    def settings(self, service: str) -> dict[str, str]:
        """The settings by which a service is told of its surroundings."""
        return {"kafka_bootstrap_servers": ",".join(self.servers), "database_url": self.databases[service]}


def note(folder: StateFolder, addresses: Addresses) -> None:
    """Let the other commands find the stack that this process runs."""
    folder.write(FILE, {**asdict(addresses), "pid": os.getpid()})


def forget(folder: StateFolder) -> None:
    """The stack of this folder runs no more."""
    folder.forget(FILE)


def of_running_stack(folder: StateFolder) -> Addresses | None:
    """The addresses of the stack that runs on the folder, None when none does."""
    noted = folder.read(FILE)
    if not noted or not _lives(int(noted.pop("pid"))):
        return None
    return Addresses(**noted)


def find(folder: StateFolder, environment: Mapping[str, str] = os.environ) -> Addresses:
    """The running local stack's addresses, else those of the environment (as in a container or a cluster).

    Raises StackUnknown with what to do when there is neither.
    """
    local = of_running_stack(folder)
    if local is not None:
        return local
    servers = environment.get(SERVERS_VARIABLE)
    databases = {
        name: url for name in SERVICES if (url := environment.get(f"{name.upper()}_DATABASE_URL"))
    }  # fmt: skip
    if not servers and not databases:
        raise StackUnknown(
            f"No stack runs on {folder.path}. Start one with `fabrique up` or `make demo`, or say where it is:"
            f" {SERVERS_VARIABLE}, INTAKE_DATABASE_URL, INTAKE_URL and their like."
        )
    http = {name: environment.get(f"{name.upper()}_URL", f"http://127.0.0.1:{PORTS[name]}") for name in SERVICES}
    return Addresses((servers or "localhost:9092").split(","), databases, http)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
