"""A server outlives neither its owner nor a start on its folder, and nobody else's process is ever touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.ports import free_port, is_free
from fabrique.embedded.processes import command_of, wait_until
from fabrique.embedded.server_process import ServerProcess

PROJECT = Path(__file__).parents[2]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
OWNER = """
import signal, sys, time
from pathlib import Path
from fabrique.embedded.server_process import ServerProcess
server = ServerProcess("sleeper", folder=Path(sys.argv[1]), mark="sleep 9876", polite=signal.SIGTERM,
                       patience_seconds=1, dies_with_owner=sys.argv[2] == "dies")
server.launch(["sleep", "9876"])
print(server.pid, flush=True)
time.sleep(60)
"""


def make(folder: Path, *, mark: str = "sleep 9876") -> ServerProcess:
    return ServerProcess(
        "sleeper", folder=folder, mark=mark, polite=signal.SIGTERM, patience_seconds=0.5, dies_with_owner=True
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    made = make(tmp_path)
    yield made
    made.kill()


def owner_and_server(folder: Path, fate: str) -> tuple[int, int]:
    """The pids of a process killed with SIGKILL just now, and of the server that it had started."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", OWNER, str(folder), fate], cwd=PROJECT, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert wait_until(lambda: "sleep 9876" in command_of(pid), seconds=5)
        owner.kill()
    return owner.pid, pid


def test_a_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    _, pid = owner_and_server(tmp_path, "dies")
    assert wait_until(lambda: command_of(pid) == "", seconds=10)


def test_a_server_left_behind_is_stopped_by_the_next_start_on_its_folder(tmp_path: Path, server: ServerProcess) -> None:
    _, pid = owner_and_server(tmp_path, "stays")
    assert command_of(pid)
    server.launch(["sleep", "9876"])
    assert command_of(pid) == ""
    assert server.pid not in {None, pid}


def test_a_process_that_took_over_an_old_pid_is_left_alone(tmp_path: Path, server: ServerProcess) -> None:
    with subprocess.Popen(["sleep", "99"]) as stranger:  # noqa: S607
        (tmp_path / "sleeper.pid").write_text(str(stranger.pid))
        server.launch(["sleep", "9876"])
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_ignores_the_polite_signal_is_killed(server: ServerProcess) -> None:
    server.launch([sys.executable, "-c", STUBBORN])
    pid = server.pid
    assert pid is not None
    assert wait_until(lambda: "up" in server.log.read_text(), seconds=10)
    server.stop()
    assert command_of(pid) == ""


def test_a_server_killed_from_outside_is_seen_as_gone_and_starts_again(server: ServerProcess) -> None:
    server.launch(["sleep", "9876"])
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: server.pid is None, seconds=5)
    server.launch(["sleep", "9876"])
    assert server.pid not in {None, pid}


def test_a_server_that_ends_at_once_is_reported_with_its_log(server: ServerProcess) -> None:
    server.launch(["sh", "-c", "echo the disk is full; exit 3"])
    assert wait_until(lambda: server.pid is None, seconds=5)
    failure = server.not_started("no answer")
    assert isinstance(failure, DidNotStart)
    assert (
        str(failure) == "sleeper did not start: no answer (it ended with code 3). Its log ends with:\nthe disk is full"
    )


def test_ports_are_free_and_below_the_range_of_clients() -> None:
    port = free_port()
    assert 20_000 <= port < 32_768
    assert is_free(port)


def test_a_port_is_given_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabrique.embedded.ports.LOWEST", 32_700)
    monkeypatch.setattr("fabrique.embedded.ports._given", set[int]())
    ports: list[int] = []
    with pytest.raises(OSError, match="no free port"):
        ports.extend(free_port() for _ in range(100))
    assert len(ports) > 50
    assert len(ports) == len(set(ports))


def test_a_port_that_is_listened_on_is_not_free() -> None:
    code = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print(1, flush=True); input()"
    )
    port = free_port()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline()
        assert not is_free(port)
        listener.kill()
