"""Runs the pinned Apache Kafka image on the machine's Docker engine."""

import hashlib
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from fabrique.embedded.claims import claim, give_back
from fabrique.embedded.docker_engine import docker
from fabrique.embedded.jars import KAFKA_VERSION
from fabrique.embedded.kafka_clients import wait_for_broker
from fabrique.embedded.kafka_installation import written_id
from fabrique.embedded.kafka_settings import Profile, broker_properties, heap_flags
from fabrique.embedded.ports import free_port
from fabrique.embedded.server_process import ServerProcess

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
CONTROLLER_PORT = 9093
START_SECONDS_MAX = 120  # one that has ended is noticed at once
STOP_SECONDS_MAX = 20
DATA = "/var/lib/kafka/data"


class KafkaInDocker:
    """A broker in a container of its own, named after its folder; its log is kept in a volume of the same name.

    The container is attached to a `docker run` of ours, which passes SIGTERM on, so it ends when that process does.
    """

    pid = None  # the broker's process is the engine's, perhaps on another kernel

    def __init__(
        self,
        folder: Path,
        *,
        profile: Profile,
        port: int | None = None,
        extra_properties: Mapping[str, str] | None = None,
        dies_with_owner: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.bootstrap_servers = [f"127.0.0.1:{self.port}"]
        self.description = f"Kafka {KAFKA_VERSION} in Docker, at {self.bootstrap_servers[0]}"
        self._folder = folder.resolve()
        digest = hashlib.sha256(str(self._folder).encode()).digest()
        self._name = f"fabrique-kafka-{digest.hex()[:12]}"
        self._environment = _environment(
            _place(self.port) | broker_properties(profile, extra_properties or {}),
            heap=" ".join(heap_flags(profile)),
            cluster=written_id(digest[:16]),  # the same at every start on this volume
        )
        self._marker = self._folder / "log-is-in-docker"
        self._process = ServerProcess(
            "docker-run",
            folder=self._folder,
            mark=f"--name {self._name} ",
            polite=signal.SIGTERM,
            patience_seconds=STOP_SECONDS_MAX,
            dies_with_owner=dies_with_owner,
        )

    @property
    def log(self) -> Path:
        """What the container says."""
        return self._process.log

    @property
    def has_run(self) -> bool:
        """Whether the log of this folder lies in a volume of the Docker engine."""
        return self._marker.exists()

    def start(self) -> None:
        """Start, or start again on the same volume and port; returns when the broker answers."""
        claim(self._folder)
        self._process.stop_predecessor()
        self._remove_container()
        settings = [word for name, value in self._environment.items() for word in ("--env", f"{name}={value}")]
        place = ["--publish", f"127.0.0.1:{self.port}:{self.port}", "--volume", f"{self._name}:{DATA}"]
        self._process.launch(["docker", "run", "--rm", "--name", self._name, *place, *settings, IMAGE])
        if not wait_for_broker(self.bootstrap_servers, seconds=START_SECONDS_MAX, alive=self._runs):
            failure = self._process.not_started(f"no answer at {self.bootstrap_servers[0]}")
            self._remove_container()
            raise failure
        self._marker.touch()

    def stop(self) -> None:
        """Stop gracefully and give the folder back."""
        self._process.stop()
        self._remove_container()
        give_back(self._folder)

    def kill(self) -> None:
        """SIGKILL the broker in its container."""
        docker("kill", self._name)
        self._process.stop()
        self._remove_container()

    def suspend(self) -> None:
        """Freeze the container: connections stay open, nothing answers."""
        docker("pause", self._name)

    def resume(self) -> None:
        """Thaw it."""
        docker("unpause", self._name)

    def erase(self) -> None:
        """Stop at once and remove the container, its volume and the folder."""
        self.kill()
        self.remove_volume()
        give_back(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def remove_volume(self) -> None:
        """Forget the log."""
        docker("volume", "rm", "--force", self._name)

    def _runs(self) -> bool:
        return self._process.pid is not None

    def _remove_container(self) -> None:
        docker("rm", "--force", self._name)


def _place(port: int) -> dict[str, str]:
    """Inside and outside the container the port is the same: the broker also calls itself by its advertised name."""
    return {
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{CONTROLLER_PORT}",
        "log.dirs": DATA,
    }


def _environment(properties: Mapping[str, str], *, heap: str, cluster: str) -> dict[str, str]:
    """The image reads its properties from variables, in which `.`, `_` and `-` have their own spelling."""
    spelling = str.maketrans({".": "_", "_": "__", "-": "___"})
    variables = {f"KAFKA_{name.translate(spelling).upper()}": value for name, value in properties.items()}
    return variables | {"KAFKA_HEAP_OPTS": heap, "CLUSTER_ID": cluster}
