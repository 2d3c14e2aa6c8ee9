"""Runs a Kafka broker from its jars on a JVM of this machine."""

import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from fabrique.embedded.claims import claim, give_back
from fabrique.embedded.jars import KAFKA_VERSION
from fabrique.embedded.kafka_clients import wait_for_broker
from fabrique.embedded.kafka_installation import Installation, format_folder
from fabrique.embedded.kafka_settings import Profile, broker_properties, jvm_flags, local_properties, write_properties
from fabrique.embedded.ports import free_port
from fabrique.embedded.server_process import ServerProcess

START_SECONDS_MAX = 120  # one that has ended is noticed at once
STOP_SECONDS_MAX = 20
DATA = "data"


class KafkaOnJava:
    """A broker and controller in one JVM, whose folder and port survive stops and kills."""

    def __init__(
        self,
        folder: Path,
        installation: Installation,
        *,
        profile: Profile,
        port: int | None = None,
        extra_properties: Mapping[str, str] | None = None,
        flags: Sequence[str] = (),
        dies_with_owner: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.bootstrap_servers = [f"127.0.0.1:{self.port}"]
        self.description = f"Kafka {KAFKA_VERSION} on {installation.java}, at {self.bootstrap_servers[0]}"
        self._folder = folder.resolve()
        self._installation = installation
        self._properties = broker_properties(profile, extra_properties or {})
        self._flags = [*jvm_flags(profile), *flags]
        self._settings = self._folder / "server.properties"
        self._process = ServerProcess(
            "kafka",
            folder=self._folder,
            mark=f"kafka.Kafka {self._settings}",
            polite=signal.SIGTERM,
            patience_seconds=STOP_SECONDS_MAX,
            dies_with_owner=dies_with_owner,
        )

    @staticmethod
    def has_run_in(folder: Path) -> bool:
        """Whether the folder holds a log that only the jars can read."""
        return (folder / DATA).exists()

    @property
    def pid(self) -> int | None:
        """The JVM's process, None when it is not running."""
        return self._process.pid

    def start(self) -> None:
        """Start, or start again on the same folder and port; returns when the broker answers."""
        claim(self._folder)
        self._process.stop_predecessor()
        data = self._folder / DATA
        if not data.exists():
            format_folder(self._installation, data)
        place = local_properties(data, port=self.port, controller_port=free_port())
        write_properties(self._settings, place | self._properties)
        self._process.launch(self._installation.command(self._flags, "kafka.Kafka", str(self._settings)))
        if not wait_for_broker(self.bootstrap_servers, seconds=START_SECONDS_MAX, alive=lambda: self.pid is not None):
            raise self._process.not_started(f"no answer at {self.bootstrap_servers[0]}")

    def stop(self) -> None:
        """Stop gracefully and give the folder back."""
        self._process.stop()
        give_back(self._folder)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def suspend(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._process.suspend()

    def resume(self) -> None:
        """SIGCONT."""
        self._process.resume()

    def erase(self) -> None:
        """Stop at once and remove the folder."""
        self._process.kill()
        give_back(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)
