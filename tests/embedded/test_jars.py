"""Only the locked jars get in: what arrives damaged is refused by name, what was damaged since is had again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fabrique.embedded import jars
from fabrique.embedded.errors import JarDamaged, Missing
from fabrique.embedded.jars import LockedJar, are_cached, get_jars, locked_jars
from fabrique.embedded.progress import silent

VICTIM = "kafka-clients-4.3.1.jar"
Fetch = Callable[[LockedJar], Path]


@pytest.fixture(scope="session")
def real_jars() -> Path:
    return get_jars(silent)


@pytest.fixture
def mirror(real_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven Central on this disk, that a test can damage, and an empty cache to fill from it."""
    central = tmp_path / "central"
    central.mkdir()
    for jar in locked_jars():
        os.link(real_jars / jar.file_name, central / jar.file_name)

    def maven(arriving: Path, advance: Callable[[int], None]) -> Fetch:
        def fetch(jar: LockedJar) -> Path:
            arriving.mkdir(exist_ok=True)
            os.link(central / jar.file_name, arriving / jar.file_name)
            advance(jar.size)
            return arriving / jar.file_name

        return fetch

    monkeypatch.setattr(jars, "_maven", maven)
    monkeypatch.setenv("FABRIQUE_CACHE_DIR", str(tmp_path / "cache"))
    return central


def damage(path: Path) -> None:
    """Change one byte, not the size, in a copy of its own."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


def test_the_cache_is_filled_once_and_progress_is_said(mirror: Path) -> None:
    said: list[str] = []
    folder = get_jars(said.append)
    assert are_cached(folder)
    assert said[0].startswith("downloading Apache Kafka 4.3.1 from Maven Central, once: 46 jars")
    assert said[-1].startswith("Kafka 4.3.1: 100 %")
    for jar in mirror.iterdir():
        jar.unlink()
    assert get_jars(silent) == folder


def test_a_jar_that_arrives_damaged_is_refused_by_name_and_not_kept(mirror: Path) -> None:
    damage(mirror / VICTIM)
    with pytest.raises(JarDamaged, match=VICTIM):
        get_jars(silent)
    folder = jars.kafka_folder() / "jars"
    assert not (folder / VICTIM).exists()
    assert not are_cached(folder)


@pytest.mark.usefixtures("mirror")
def test_a_jar_cut_short_in_the_cache_is_noticed_and_had_again() -> None:
    folder = get_jars(silent)
    whole = (folder / VICTIM).read_bytes()
    (folder / VICTIM).unlink()
    (folder / VICTIM).write_bytes(whole[:1000])
    assert not are_cached(folder)
    said: list[str] = []
    get_jars(said.append)
    assert said[0] == f"{VICTIM} in the cache is damaged: downloading it again"
    assert (folder / VICTIM).read_bytes() == whole


def test_a_jar_that_cannot_be_had_names_itself_and_what_to_do(mirror: Path) -> None:
    (mirror / VICTIM).unlink()
    with pytest.raises(Missing, match=f"{VICTIM}.*KAFKA_BOOTSTRAP_SERVERS"):
        get_jars(silent)


def test_the_lock_names_the_pinned_kafka_and_a_place_for_its_errors() -> None:
    names = {jar.file_name for jar in locked_jars()}
    assert {f"kafka_2.13-{jars.KAFKA_VERSION}.jar", "slf4j-simple-1.7.36.jar"} <= names
    assert len(names) == len(locked_jars()) == 46
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in locked_jars())
