"""The two profiles of a broker: `quick` starts in a second for tests, `default` is what benchmarks measure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Profile = Literal["quick", "default"]

_SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "10",
    "transaction.state.log.num.partitions": "10",
    "share.coordinator.state.topic.num.partitions": "10",
    "broker.session.timeout.ms": "3000",  # a restart after a kill waits this long for the killed broker's session
    "broker.heartbeat.interval.ms": "500",
}
_QUICK = {
    "num.network.threads": "1",
    "num.io.threads": "2",
    "background.threads": "1",
    "num.recovery.threads.per.data.dir": "1",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.coordinator.threads": "1",
    "share.coordinator.threads": "1",
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "250",
    "group.min.session.timeout.ms": "1000",
}
_JVM: Mapping[Profile, tuple[str, ...]] = {
    "quick": ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "default": ("-Xms256m", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
}
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",  # beside slf4j-simple; without it the errors are invisible
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


def broker_properties(profile: Profile, extra: Mapping[str, str]) -> dict[str, str]:
    """All that does not depend on where the broker runs; `extra` has the last word."""
    return _SINGLE_NODE | (_QUICK if profile == "quick" else {}) | dict(extra)


def local_properties(data: Path, *, port: int, controller_port: int) -> dict[str, str]:
    """Where a broker on this machine listens and keeps its log."""
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "log.dirs": str(data),
    }


def jvm_flags(profile: Profile) -> list[str]:
    """The Java options of a profile."""
    return [*_JVM[profile], *_LOGGING]


def heap_flags(profile: Profile) -> list[str]:
    """Those of them that bound the memory."""
    return [flag for flag in _JVM[profile] if flag.startswith(("-Xms", "-Xmx"))]


def share_flags(class_archive: Path | None) -> list[str]:
    """Options that read an archive of loaded classes; a Java that cannot use it reads the jars as ever."""
    return [] if class_archive is None else [f"-XX:SharedArchiveFile={class_archive}", "-Xshare:auto"]


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a Java properties file; Kafka's values need no escape but the backslash's."""
    lines = (f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in sorted(properties.items()))
    path.write_text("".join(lines))
