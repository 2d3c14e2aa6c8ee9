"""Finds a real Kafka for this run: the one named by the environment, a Docker engine's, or the jars on a JVM."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from fabrique.embedded.docker_engine import engine_version, get_image
from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.jars import get_jars
from fabrique.embedded.java import find_java
from fabrique.embedded.kafka_archive import archive, archive_if_made
from fabrique.embedded.kafka_in_docker import IMAGE, KafkaInDocker
from fabrique.embedded.kafka_installation import Installation
from fabrique.embedded.kafka_lent import LentKafka
from fabrique.embedded.kafka_on_java import KafkaOnJava
from fabrique.embedded.kafka_settings import Profile, share_flags
from fabrique.embedded.progress import Report, silent

SERVERS_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
Source = Literal["environment", "docker", "java"]
EVERYWHERE: tuple[Source, ...] = ("environment", "docker", "java")


class Broker(Protocol):
    """A Kafka that can be stopped, killed, suspended, and started again on the same folder and port."""

    bootstrap_servers: list[str]
    description: str

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def suspend(self) -> None: ...
    def resume(self) -> None: ...
    def erase(self) -> None: ...


def start_kafka(
    folder: Path,
    *,
    port: int | None = None,
    profile: Profile = "default",
    extra_properties: Mapping[str, str] | None = None,
    report: Report = silent,
    dies_with_owner: bool = True,
    among: Sequence[Source] = EVERYWHERE,
) -> Broker:
    """A broker that answers, its log kept in `folder`; what was chosen is reported in one line.

    A broker that an earlier run left on the same folder is stopped first: only its owner knows its settings. If that
    owner is alive, `FolderInUse` is raised instead. Raises `Missing` with the command that helps when no source of
    `among` can give a Kafka, `DidNotStart` with the end of the log when one fails.
    """
    lent = os.environ.get(SERVERS_VARIABLE) if "environment" in among else None
    broker: Broker | None = LentKafka(lent) if lent else None
    if broker is None and "docker" in among:
        in_docker = KafkaInDocker(
            folder, profile=profile, port=port, extra_properties=extra_properties, dies_with_owner=dies_with_owner
        )
        broker = _started_in_docker(in_docker, report)
    if broker is None:
        broker = KafkaOnJava(
            folder,
            installation := Installation(java=find_java(), jars=get_jars(report)),
            profile=profile,
            port=port,
            extra_properties=extra_properties,
            flags=share_flags(archive(installation, report) if profile == "quick" else archive_if_made(installation)),
            dies_with_owner=dies_with_owner,
        )
    broker.start()
    report(broker.description)
    return broker


def _started_in_docker(broker: KafkaInDocker, report: Report) -> KafkaInDocker | None:
    """The broker, started; None, with the reason said, when this Docker engine cannot run it."""
    if engine_version() is None:
        return None
    if not get_image(IMAGE, report):
        report(f"Docker answers, but has no image {IMAGE} and cannot pull it: Kafka's jars are used instead")
        return None
    try:
        broker.start()
    except DidNotStart as failure:
        report(f"Docker could not run {IMAGE}, Kafka's jars are used instead. {failure}")
        return None
    return broker
