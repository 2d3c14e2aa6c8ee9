"""Finds a real Kafka for this run: the one named by the environment, a Docker engine's, or the jars on a JVM."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from fabrique.embedded.docker_engine import engine_version, get_image
from fabrique.embedded.errors import DidNotStart, Missing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is asked of a broker of our own, wherever it runs."""

    folder: Path
    port: int | None
    profile: Profile
    extra_properties: Mapping[str, str]
    dies_with_owner: bool


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

    A broker that an earlier run left on the same folder is stopped first: only its owner knew its settings. If that
    owner is alive, `FolderInUse` is raised instead. A folder stays with the source that filled it. Raises `Missing`,
    with the command that helps, when no source of `among` can give a Kafka, `DidNotStart` when one fails.
    """
    wish = _Wish(
        folder=folder,
        port=port,
        profile=profile,
        extra_properties=extra_properties or {},
        dies_with_owner=dies_with_owner,
    )
    broker: Broker | None = _lent() if "environment" in among else None
    if broker is None and "docker" in among:
        broker = _in_docker(wish, report)
    if broker is None and "java" in among:
        broker = _on_java(wish, report)
    if broker is None:
        raise Missing(f"No Kafka was found among: {', '.join(among)}.", remedy=f"docker pull {IMAGE}")
    report(broker.description)
    return broker


def _lent() -> LentKafka | None:
    servers = os.environ.get(SERVERS_VARIABLE)
    if not servers:
        return None
    broker = LentKafka(servers)
    broker.start()
    return broker


def _in_docker(wish: _Wish, report: Report) -> KafkaInDocker | None:
    """A broker in a container; None, with the reason said, when there is no engine or it cannot run the image.

    A folder whose log is in a Docker volume already needs that engine: another Kafka would show it empty.
    """
    if KafkaOnJava.has_run_in(wish.folder):
        return None
    broker = KafkaInDocker(
        wish.folder,
        profile=wish.profile,
        port=wish.port,
        extra_properties=wish.extra_properties,
        dies_with_owner=wish.dies_with_owner,
    )
    if not broker.has_run and not _image_is_here(report):
        return None
    try:
        broker.start()
    except DidNotStart:
        if broker.has_run:
            raise
        broker.remove_volume()
        report(f"Docker could not run {IMAGE}, see {broker.log}: Kafka's jars are used instead")
        return None
    return broker


def _image_is_here(report: Report) -> bool:
    if engine_version() is None:
        return False
    here = get_image(IMAGE, report)
    if not here:
        report(f"Docker answers, but has no image {IMAGE} and cannot pull it: Kafka's jars are used instead")
    return here


def _on_java(wish: _Wish, report: Report) -> KafkaOnJava:
    installation = Installation(java=find_java(), jars=get_jars(report))
    quick = wish.profile == "quick"
    broker = KafkaOnJava(
        wish.folder,
        installation,
        profile=wish.profile,
        port=wish.port,
        extra_properties=wish.extra_properties,
        flags=share_flags(archive(installation, report) if quick else archive_if_made(installation)),
        dies_with_owner=wish.dies_with_owner,
    )
    broker.start()
    return broker
