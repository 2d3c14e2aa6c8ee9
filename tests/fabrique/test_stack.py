"""The local stack as a person runs it: it starts, survives deaths, keeps its data, and leaves nothing running."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from fabrique.demo.programme import programme_text
from fabrique.embedded.processes import command_of
from fabrique.stack.stack import OPERATOR_KEY
from tests.fabrique.conftest import Type, Typed

PATIENCE_SECONDS = 120
UP = ("-m", "fabrique", "up")
FUNDING_ALONE = """
import sys, time
from pathlib import Path
from fabrique.commands.screen import interruptible
from fabrique.stack.folder import StateFolder
from fabrique.stack.stack import Stack
try:
    with interruptible(), Stack(StateFolder(Path(sys.argv[1])), services=["funding"]):
        print("Ctrl-C stops everything.", flush=True)
        time.sleep(3600)
except KeyboardInterrupt:
    pass
"""
EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/adie/test", "type": "CommitmentDeclared",
    "data": {
        "occurred_on": "2016-05-02", "declared_at": "2016-05-02T09:00:00Z", "reference": "R-1", "contract": "CV219",
        "exercise": 2016, "cost_cents": 900_000, "cdc_cents": 300_000, "state_cents": 400_000,
    },
}  # fmt: skip


def _hear_interrupts() -> None:
    """As in a terminal: whatever a shell runs in the background is deaf to Ctrl-C, and so is all that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Machine:
    """A person's terminal: a state folder, and the stack that runs on it in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.screen = folder.with_suffix(".out")
        self._up: subprocess.Popen[bytes] | None = None

    def start(self, words: Sequence[str] = UP) -> None:
        """Run a command that brings a stack up, and wait until it says so."""
        environment = os.environ | {"FABRIQUE_STATE_DIR": str(self.folder)}
        with self.screen.open("wb") as output:
            command = [sys.executable, *words]
            up = subprocess.Popen(  # noqa: S603  our own command
                command,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_hear_interrupts,  # noqa: PLW1509  it only sets a signal's disposition
            )
        self._up = up
        wait_for(lambda: "Ctrl-C stops" in self.screen.read_text() or up.poll() is not None)
        assert "Ctrl-C stops" in self.screen.read_text(), self.screen.read_text()

    def end(self, how: signal.Signals) -> int:
        """Signal the stack's process, and return how it ended."""
        assert self._up is not None
        self._up.send_signal(how)
        return self._up.wait(PATIENCE_SECONDS)

    @property
    def addresses(self) -> dict[str, Any]:
        """Where everything is."""
        return dict(json.loads((self.folder / "addresses.json").read_text()))

    @property
    def left(self) -> list[str]:
        """The living processes that have to do with this folder."""
        commands = (command_of(int(process.name)) for process in Path("/proc").glob("[0-9]*"))
        return [command for command in commands if str(self.folder) in command]

    def pid_of(self, service: str) -> int:
        """A service's process; 0 while it is being started again."""
        try:
            return int((self.folder / "logs" / f"{service}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def is_ready(self, service: str) -> bool:
        """Whether a service can work now."""
        try:
            return httpx.get(f"{self.addresses['http'][service]}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def open_programme(self) -> list[str]:
        """Put the programme as an operator does; return the envelopes that were opened."""
        key = json.loads((self.folder / "secrets.json").read_text())[OPERATOR_KEY]
        url = f"{self.addresses['http']['funding']}/v1/programme"
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.put(url, content=programme_text(), headers=headers, trust_env=False, timeout=30)
        return list(answer.raise_for_status().json()["opened"])

    def reserved(self, envelope: str) -> int:
        """What funding answers of an envelope."""
        rows = httpx.get(f"{self.addresses['http']['funding']}/v1/envelopes", trust_env=False).json()
        return next(int(row["reserved_cents"]) for row in rows if row["envelope_id"] == envelope)

    def plant(self, statement: str) -> None:
        """Write into funding's database behind its back."""
        url = self.addresses["databases"]["funding"].replace("+asyncpg", "")

        async def write() -> None:
            connection = await asyncpg.connect(url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(write())


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A stack that is up, with the programme opened; SIGTERM ends it well, and nothing is left."""
    machine = Machine(tmp_path_factory.mktemp("machine") / "state")
    machine.start()
    machine.open_programme()
    yield machine
    assert machine.end(signal.SIGTERM) == 0
    assert machine.left == []


@pytest.fixture
def fabrique(machine: Machine, typed: Type) -> Callable[..., Typed]:
    """A function that runs a command on the stack that is up."""
    return lambda *words: typed(*words, FABRIQUE_STATE_DIR=str(machine.folder))


@pytest.fixture
def told(machine: Machine, fabrique: Callable[..., Typed], tmp_path: Path) -> Path:
    """A file with a good line and a bad one, when intake knows the contract: then it was imported once."""
    file = tmp_path / "events.ndjson"
    bad = {**EVENT, "id": "2", "data": {**EVENT["data"], "cost_cents": 1.5}}
    file.write_text(json.dumps(EVENT) + "\n" + json.dumps(bad) + "\n")
    wait_for(lambda: " 1 refused" in fabrique("import", str(file)).shown)
    wait_for(lambda: machine.reserved("CV219.CDC.2016") == 300_000)
    return file


def test_a_file_imported_again_changes_nothing_and_its_bad_line_is_listed(
    machine: Machine, fabrique: Callable[..., Typed], told: Path
) -> None:
    again = fabrique("import", str(told))
    assert again.code == 1
    assert "2 rows: 0 accepted, 1 accepted before, 1 refused" in again.shown
    refused = json.loads(told.with_name("events.ndjson.refused.ndjson").read_text())
    assert (refused["line"], refused["field"]) == (2, "/data/cost_cents")
    assert machine.reserved("CV219.STATE.2016") == 400_000


@pytest.mark.usefixtures("told")
def test_the_books_balance_until_somebody_touches_them(machine: Machine, fabrique: Callable[..., Typed]) -> None:
    wait_for(lambda: fabrique("reconcile").code == 0)
    machine.plant("UPDATE envelope SET authorised_cents = authorised_cents + 1 WHERE envelope_id = 'CV217.CDC.2016'")
    touched = fabrique("reconcile")
    machine.plant("UPDATE envelope SET authorised_cents = authorised_cents - 1 WHERE envelope_id = 'CV217.CDC.2016'")
    assert touched.code == 1
    assert "CV217.CDC.2016: authorised_cents is 10000001, the log adds up to 10000000" in touched.shown


def test_keys_are_made_listed_and_revoked(fabrique: Callable[..., Typed]) -> None:
    key = fabrique("key", "create", "bge", "--type", "CommitmentDeclared", "--funder", "CDC").shown.split()[-1]
    prefix = key.split("_")[1]
    listed = fabrique("key", "list").shown
    assert prefix in listed
    assert key not in listed
    assert fabrique("key", "revoke", prefix).code == 0
    assert fabrique("key", "revoke", prefix).code == 1


def test_a_service_that_dies_is_started_again(machine: Machine, fabrique: Callable[..., Typed]) -> None:
    before = machine.pid_of("reporting")
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: machine.pid_of("reporting") not in (0, before) and machine.is_ready("reporting"))
    assert "reporting died" in machine.screen.read_text()
    wait_for(lambda: fabrique("lag").code == 0)


def test_two_stacks_never_share_a_folder(machine: Machine, fabrique: Callable[..., Typed]) -> None:
    second = fabrique("up")
    assert second.code == 3
    assert "belongs to the living process" in second.complained
    assert fabrique("clean").code == 3
    assert machine.is_ready("funding")


def test_nothing_is_left_after_a_kill_and_the_data_are_there_again(tmp_path: Path, typed: Type) -> None:
    machine = Machine(tmp_path / "state")
    words = ("-c", FUNDING_ALONE, str(machine.folder))
    machine.start(words)
    assert len(machine.open_programme()) == 22
    assert machine.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: machine.left == [])
    machine.start(words)
    assert machine.open_programme() == []
    assert machine.end(signal.SIGINT) == 0
    assert machine.left == []
    assert typed("clean", FABRIQUE_STATE_DIR=str(machine.folder)).code == 0
    assert not machine.folder.exists()
