"""Makes, once for a Java and a Kafka, the archive of loaded classes that halves the time a broker takes to start."""

import tempfile
from pathlib import Path

from confluent_kafka import KafkaException

from fabrique.embedded.claims import one_at_a_time
from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.jars import kafka_folder
from fabrique.embedded.kafka_clients import rehearse
from fabrique.embedded.kafka_installation import QUICKLY, Installation
from fabrique.embedded.kafka_on_java import KafkaOnJava
from fabrique.embedded.processes import run
from fabrique.embedded.progress import Report

DUMP_SECONDS_MAX = 60


def archive_if_made(installation: Installation) -> Path | None:
    """The archive of this Java and this Kafka, None when none was made or none could be."""
    path = _path(installation)
    return path if path.exists() and path.stat().st_size else None


def archive(installation: Installation, report: Report) -> Path | None:
    """The archive, made now when there is none; an empty file records that it could not be made, for next time."""
    path = _path(installation)
    with one_at_a_time(path.parent):
        if not path.exists():
            report("preparing Kafka for quick starts, once: 5 to 10 s")
            _make(installation, path)
    return archive_if_made(installation)


def _path(installation: Installation) -> Path:
    return kafka_folder() / "archives" / f"{installation.key}.jsa"


def _make(installation: Installation, path: Path) -> None:
    """Run a broker through what every broker does, and let its JVM write down the classes as it ends."""
    arriving = path.with_suffix(".arriving")
    arriving.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="fabrique-") as folder:
        flags = [f"-XX:ArchiveClassesAtExit={arriving}", *_base_flags(installation, path)]
        broker = KafkaOnJava(Path(folder, "kafka"), installation, profile="quick", flags=flags)
        try:
            broker.start()
            rehearse(broker.bootstrap_servers)
        except (DidNotStart, KafkaException):
            broker.kill()
        else:
            broker.stop()
    if arriving.exists():
        arriving.replace(path)
    else:
        path.touch()


def _base_flags(installation: Installation, path: Path) -> list[str]:
    """A Java without an archive of its own classes (the wheel's) is given one: ours is written on top of it."""
    if any(installation.java.home.glob("lib/server/classes*.jsa")):
        return []
    base = path.with_suffix(".base")
    dump = [str(installation.java.path), *QUICKLY, "-Xshare:dump", f"-XX:SharedArchiveFile={base}"]
    made = run(dump, seconds=DUMP_SECONDS_MAX).ok and base.exists()
    return [f"-XX:SharedArchiveFile={base}"] if made else []
