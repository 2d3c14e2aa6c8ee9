"""The local stack as a person runs it: it starts, survives deaths, keeps its data, and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from fabrique.demo.programme import programme_text
from fabrique.embedded.processes import command_of
from fabrique.stack.stack import OPERATOR_KEY

PATIENCE_SECONDS = 90
EVENT = {
    "specversion": "1.0", "id": "1", "source": "/adie/test", "type": "CommitmentDeclared",
    "data": {
        "occurred_on": "2016-05-02", "declared_at": "2016-05-02T09:00:00Z", "reference": "R-1", "contract": "CV219",
        "exercise": 2016, "cost_cents": 900_000, "cdc_cents": 300_000, "state_cents": 400_000,
    },
}  # fmt: skip


class Machine:
    """A person's terminal: a state folder, and the commands typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"FABRIQUE_STATE_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        self.up: subprocess.Popen[bytes] | None = None

    def fabrique(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "fabrique", *words]
        return subprocess.run(  # noqa: S603  our own command
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )

    def start(self) -> None:
        """Run `fabrique up`, and wait until it says where everything is."""
        screen = self.folder.with_suffix(".out")
        with screen.open("wb") as output:
            command = [sys.executable, "-m", "fabrique", "up"]
            self.up = subprocess.Popen(  # noqa: S603  our own command
                command, env=self.environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        wait_for(lambda: "Ctrl-C stops" in screen.read_text() or self.up.poll() is not None)  # type: ignore[union-attr]
        assert "Ctrl-C stops" in screen.read_text(), screen.read_text()

    def end(self, how: signal.Signals) -> int:
        """Signal `fabrique up`, and return how it ended."""
        assert self.up is not None
        self.up.send_signal(how)
        return self.up.wait(PATIENCE_SECONDS)

    @property
    def http(self) -> dict[str, str]:
        """Where each service answers."""
        return dict(json.loads((self.folder / "addresses.json").read_text())["http"])

    @property
    def left(self) -> list[str]:
        """The living processes that have to do with this folder, without the one that was started here."""
        mine = self.up.pid if self.up is not None else 0
        commands = ((int(p.name), command_of(int(p.name))) for p in Path("/proc").glob("[0-9]*"))
        return [command for pid, command in commands if str(self.folder) in command and pid != mine]

    def pid_of(self, service: str) -> int:
        """A service's process."""
        return int((self.folder / "logs" / f"{service}.pid").read_text())

    def is_ready(self, service: str) -> bool:
        """Whether a service can work now."""
        try:
            return httpx.get(f"{self.http[service]}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def envelopes(self) -> dict[str, dict[str, Any]]:
        """What funding answers."""
        rows = httpx.get(f"{self.http['funding']}/v1/envelopes", trust_env=False).json()
        return {row["envelope_id"]: row for row in rows}


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A stack that is up, with the programme opened; the tests leave it up."""
    machine = Machine(tmp_path_factory.mktemp("machine") / "state")
    machine.start()
    key = json.loads((machine.folder / "secrets.json").read_text())[OPERATOR_KEY]
    headers = {"authorization": f"Bearer {key}"}
    url = f"{machine.http['funding']}/v1/programme"
    httpx.put(url, content=programme_text(), headers=headers, trust_env=False).raise_for_status()
    wait_for(lambda: machine.fabrique("lag").returncode == 0)
    yield machine
    assert machine.end(signal.SIGTERM) == 0
    assert machine.left == []


def test_a_file_is_imported_twice_and_reserved_once(machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    bad = {**EVENT, "id": "2", "data": {**EVENT["data"], "cost_cents": 1.5}}  # type: ignore[dict-item]
    file.write_text(json.dumps(EVENT) + "\n" + json.dumps(bad) + "\n")
    first, second = machine.fabrique("import", str(file)), machine.fabrique("import", str(file))
    assert (first.returncode, second.returncode) == (1, 1)
    assert "1 accepted, 0 accepted before, 1 refused" in first.stdout
    assert "0 accepted, 1 accepted before, 1 refused" in second.stdout
    refused = json.loads((tmp_path / "events.ndjson.refused.ndjson").read_text())
    assert (refused["line"], refused["field"]) == (2, "/data/cost_cents")
    wait_for(lambda: machine.envelopes()["CV219.CDC.2016"]["reserved_cents"] == 300_000)
    assert machine.envelopes()["CV219.STATE.2016"]["reserved_cents"] == 400_000


async def test_the_books_balance_until_somebody_touches_them(machine: Machine) -> None:
    wait_for(lambda: machine.fabrique("reconcile").returncode == 0)
    databases = json.loads((machine.folder / "addresses.json").read_text())["databases"]
    connection = await asyncpg.connect(databases["funding"].replace("+asyncpg", ""))
    try:
        plant = "UPDATE envelope SET authorised_cents = authorised_cents + $1 WHERE envelope_id = 'CV217.CDC.2016'"
        await connection.execute(plant, 1)
        touched = machine.fabrique("reconcile")
        await connection.execute(plant, -1)
    finally:
        await connection.close()
    assert touched.returncode == 1
    assert "CV217.CDC.2016: authorised_cents is 10000001, the log adds up to 10000000" in touched.stdout


def test_keys_are_made_listed_and_revoked(machine: Machine) -> None:
    made = machine.fabrique("key", "create", "bge", "--type", "CommitmentDeclared", "--funder", "CDC")
    key = made.stdout.split()[-1]
    prefix = key.split("_")[1]
    listed = machine.fabrique("key", "list").stdout
    assert prefix in listed
    assert key not in listed
    assert machine.fabrique("key", "revoke", prefix).returncode == 0
    assert machine.fabrique("key", "revoke", prefix).returncode == 1


def test_a_service_that_dies_is_started_again(machine: Machine) -> None:
    before = machine.pid_of("reporting")
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: machine.pid_of("reporting") != before and machine.is_ready("reporting"))
    assert "reporting died" in machine.folder.with_suffix(".out").read_text()


def test_two_stacks_never_share_a_folder(machine: Machine) -> None:
    second = machine.fabrique("up")
    assert second.returncode == 3
    assert "belongs to the living process" in second.stderr
    assert machine.fabrique("clean").returncode == 3
    assert machine.is_ready("funding")


def test_nothing_is_left_after_a_kill_and_the_data_are_there_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "state")
    machine.start()
    machine.fabrique("key", "create", "bge")
    assert machine.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: machine.left == [])
    machine.start()
    try:
        assert "bge" in machine.fabrique("key", "list").stdout
    finally:
        assert machine.end(signal.SIGINT) == 0
    assert machine.left == []
    assert machine.fabrique("clean").returncode == 0
    assert not machine.folder.exists()
