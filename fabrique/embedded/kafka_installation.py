"""Brings together a Java and Kafka's jars, and makes formatted folders with them."""

import base64
import hashlib
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fabrique.embedded.claims import one_at_a_time
from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.jars import class_path, kafka_folder, lock_digest
from fabrique.embedded.java import Java
from fabrique.embedded.kafka_settings import broker_properties, local_properties, write_properties
from fabrique.embedded.processes import run

FORMAT_SECONDS_MAX = 60
QUICKLY = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True, slots=True)
class Installation:
    """A Java and the folder of the verified jars."""

    java: Java
    jars: Path

    def command(self, flags: Sequence[str], *words: str) -> list[str]:
        """The command that runs one of Kafka's main classes."""
        jars = ":".join(map(str, class_path(self.jars)))
        return [str(self.java.path), *flags, "-cp", jars, *words]

    @property
    def key(self) -> str:
        """What a class archive depends on: this Java, these jars, at these places."""
        seen = (self.java.path.resolve(), self.java.version, self.jars, lock_digest())
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def format_folder(installation: Installation, data: Path) -> None:
    """Make `data` a formatted, empty log folder: a copy of the one formatted once, under ids of its own."""
    model = kafka_folder() / "formatted"
    with one_at_a_time(kafka_folder()):
        if not model.exists():
            _format_model(installation, model)
    arriving = data.with_name(f"{data.name}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    shutil.copytree(model, arriving)
    meta = (model / "meta.properties").read_text().splitlines()
    own = {"cluster.id": random_id(), "directory.id": random_id()}
    lines = (f"{name}={own.get(name, value)}\n" for name, _, value in (line.partition("=") for line in meta))
    (arriving / "meta.properties").write_text("".join(lines))
    arriving.replace(data)


def random_id() -> str:
    """A new id for a cluster or a folder."""
    return written_id(uuid.uuid4().bytes)


def written_id(bits: bytes) -> str:
    """128 bits as Kafka writes them: URL-safe base 64, here never with a leading dash, which looks like an option."""
    return base64.urlsafe_b64encode(bytes([bits[0] & 0x7F]) + bits[1:]).decode().rstrip("=")


def _format_model(installation: Installation, model: Path) -> None:
    settings, arriving = model.with_suffix(".properties"), model.with_suffix(".arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    place = local_properties(arriving, port=1, controller_port=2)  # ports are not kept in a formatted folder
    write_properties(settings, place | broker_properties("default", {}))
    words = ("kafka.tools.StorageTool", "format", "-t", random_id(), "-c", str(settings))
    command = installation.command(QUICKLY, *words)
    done = run(command, seconds=FORMAT_SECONDS_MAX)
    if not done.ok:
        raise DidNotStart(f"Kafka's folder could not be formatted: {done.said}")
    arriving.replace(model)
