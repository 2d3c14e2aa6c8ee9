"""Gets Apache Kafka's jars from Maven Central once, and lets in only those of the committed lock."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fabrique.embedded.cache import cache_folder
from fabrique.embedded.claims import one_at_a_time
from fabrique.embedded.errors import FROM_THE_LOCK, JarDamaged, Missing
from fabrique.embedded.progress import Advance, Report, downloading

KAFKA_VERSION = "4.3.1"
LOCK = Path(__file__).with_name("kafka_jars.lock")
VERIFIED = "verified"
DOWNLOADS_AT_ONCE = 4
TIMEOUT_SECONDS = 30
TRIES = 3


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of the lock: the SHA-256, the size in bytes, and the Maven coordinates."""

    sha256: str
    size: int
    group: str
    artifact: str
    version: str

    @property
    def file_name(self) -> str:
        """The jar's name, as in Maven Central and in the cache."""
        return f"{self.artifact}-{self.version}.jar"


@cache
def locked_jars() -> tuple[LockedJar, ...]:
    """The jars of the pinned Kafka, in the order of its class path."""
    rows = (line.split() for line in LOCK.read_text().splitlines())
    return tuple(LockedJar(sha256, int(size), *coordinates.split(":")) for sha256, size, coordinates in rows)


def kafka_folder() -> Path:
    """Where the pinned Kafka's jars, formatted folder and class archives are kept between runs."""
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


def class_path(folder: Path) -> list[Path]:
    """The jars of a filled folder, in the one order that class archives depend on."""
    return [folder / jar.file_name for jar in locked_jars()]


def are_cached(folder: Path) -> bool:
    """Whether the folder was verified against this lock, and no jar has since gone or changed its size."""
    marker = folder / VERIFIED
    if not marker.exists() or marker.read_text() != lock_digest():
        return False
    return all(_size(folder / jar.file_name) == jar.size for jar in locked_jars())


def get_jars(report: Report) -> Path:
    """The folder of the verified jars, downloaded first when the cache lacks some.

    Raises `JarDamaged` when what arrives is not what was locked, `Missing` when it cannot be had at all.
    """
    folder = kafka_folder() / "jars"
    if are_cached(folder):
        return folder
    with one_at_a_time(kafka_folder()):
        if not are_cached(folder):
            _fill(folder, report)
    return folder


def verify(jar: LockedJar, path: Path) -> None:
    """Raise `JarDamaged`, naming the jar, unless its bytes are those of the lock."""
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != jar.sha256:
        raise JarDamaged(f"{jar.file_name} is refused: its SHA-256 is {found}, the lock says {jar.sha256}.")


def _fill(folder: Path, report: Report) -> None:
    """Keep the good jars, download the others beside and move each in when it is verified; then set the marker."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [jar for jar in locked_jars() if not _is_good(jar, folder / jar.file_name, report)]
    if wanted:
        total = sum(jar.size for jar in wanted)
        size = f"{len(wanted)} jars, {total / 1e6:.0f} MB"
        report(f"downloading Apache Kafka {KAFKA_VERSION} from Maven Central, once: {size}")
        with downloading(f"Kafka {KAFKA_VERSION}", total, report) as advance:
            _download(wanted, folder, advance)
    (folder / VERIFIED).write_text(lock_digest())


def _is_good(jar: LockedJar, path: Path, report: Report) -> bool:
    if not path.exists():
        return False
    try:
        verify(jar, path)
    except JarDamaged:
        report(f"{jar.file_name} in the cache is damaged: downloading it again")
        return False
    return True


def _download(wanted: list[LockedJar], folder: Path, advance: Advance) -> None:
    arriving = folder.with_name("arriving")
    fetch = _maven(arriving, advance)

    def bring(jar: LockedJar) -> None:
        try:
            path = fetch(jar)
        except Exception as failure:
            raise Missing(
                f"{jar.file_name} could not be had from Maven Central ({failure}).",
                remedy="try again with a network, or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that runs",
            ) from failure
        verify(jar, path)
        path.replace(folder / jar.file_name)

    shutil.rmtree(arriving, ignore_errors=True)
    pool = ThreadPoolExecutor(DOWNLOADS_AT_ONCE)
    try:
        list(pool.map(bring, wanted))
    finally:
        pool.shutdown(cancel_futures=True)  # the first failure ends it all, not the forty that would follow
        shutil.rmtree(arriving, ignore_errors=True)


def _maven(arriving: Path, advance: Advance) -> Callable[[LockedJar], Path]:
    """A function that downloads one jar with jgo, which needs no Maven."""
    try:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  an optional extra, needed once
    except ImportError as absent:
        raise Missing("Kafka's jars are downloaded by jgo.", remedy=FROM_THE_LOCK) from absent

    @contextmanager
    def shown(_name: str, _size: int) -> Iterator[Advance]:
        yield advance

    resolver = PythonResolver(progress_callback=shown)
    context = MavenContext(resolver=resolver, repo_cache=arriving, timeout=TIMEOUT_SECONDS)

    def fetch(jar: LockedJar, tries: int = TRIES) -> Path:
        artifact: Any = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
        try:
            return Path(artifact.resolve())
        except Exception:
            artifact.cached_path.unlink(missing_ok=True)  # half a jar would be taken for a whole one
            if tries == 1:
                raise
            return fetch(jar, tries - 1)

    return fetch


def lock_digest() -> str:
    """What names this very set of jars."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
