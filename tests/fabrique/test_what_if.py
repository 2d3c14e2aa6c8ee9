"""The what-if at the command line: who gains and loses, most changed first; applied after it was shown, or not."""

import asyncio
import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import typer
import uvicorn

from fabrique.commands.screen import Exit
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres import Postgres
from services.funding.domain.manager import Manager
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.what_if import what_if_routes
from services.funding.use_cases import managers
from tests.fabrique.conftest import OPERATOR_KEY, Type, Typed, funding
from tests.support.commands import CDC, CDC_NEXT_DOOR, desk, opened_with
from tests.support.commitment_events import named, records
from tests.support.ledger import Ledger, open_ledger
from tests.support.what_if import FILE, as_told, declared

Run = Callable[..., Typed]


async def serve(ledger: Ledger, port: int, ready: threading.Event, servers: list[uvicorn.Server]) -> None:
    """Two envelopes of 100 euros; 90 of the first reserved, 30 and 10 waiting there, one of them by priority."""
    await opened_with(ledger, {CDC: 100_00, CDC_NEXT_DOOR: 100_00})
    log = [declared("a", 1, 90_00), declared("b", 2, 30_00), declared("c", 3, 10_00, priority=1)]
    log.append(declared("d", 4, 80_00, contract="CV221"))
    found = records(log)
    await ledger.decide(found, [4])

    async def whose(key: str) -> Manager | None:
        return await managers.recognised(ledger.engine, key, operator_key=OPERATOR_KEY)

    app, at = funding(ledger), desk(ledger, four_eyes_from=100_000)
    app.include_router(what_if_routes(Rehearsals(lambda: at, as_told(found)), whose=whose, announce=lambda: None))
    servers.append(uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off")))
    serving = asyncio.create_task(servers[0].serve())
    while not servers[0].started:  # noqa: ASYNC110  it tells nobody
        await asyncio.sleep(0.01)
    ready.set()
    await serving


@pytest.fixture
def fabrique(postgres: Postgres, typed: Type, tmp_path: Path) -> Iterator[Run]:
    """The command, told where a funding is that is served in a thread."""
    name, port, ready = f"what_if_{uuid4().hex}", free_port(), threading.Event()
    postgres.create_database(name)
    servers: list[uvicorn.Server] = []

    async def served() -> None:
        async with open_ledger(postgres.url(name), pool_size=4) as ledger:
            await serve(ledger, port, ready, servers)

    thread = threading.Thread(target=lambda: asyncio.run(served()))
    thread.start()
    assert ready.wait(60)

    def run(*words: str) -> Typed:
        return typed(*words, FABRIQUE_STATE_DIR=str(tmp_path), FUNDING_URL=f"http://127.0.0.1:{port}",
                     FUNDING_DATABASE_URL=postgres.url(name), FABRIQUE_KEY=OPERATOR_KEY)  # fmt: skip

    yield run
    servers[0].should_exit = True
    thread.join()
    postgres.drop_database(name)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "other-key.toml"
    path.write_text(FILE)
    return str(path)


def test_the_side_by_side_is_shown_most_changed_first_and_nothing_is_kept(fabrique: Run, file: str) -> None:
    said = fabrique("what-if", file)
    assert said.code == Exit.DONE
    assert "without change they end where the ledger stands, to the cent" in said.shown
    assert "2 better off, 1 worse off, 0 otherwise" in said.shown
    lines = [line for line in said.shown.splitlines() if re.match(r"^ [0-9a-f]{8}-", line)]
    assert [line.split()[0] for line in lines] == [named("d"), named("b"), named("c")]
    assert re.search(r"CV219\.CDC\.2016 +100\.00 → 130\.00 \(\+30\.00\) +90\.00 → 130\.00 \(\+40\.00\)", said.shown)
    assert "-80.00" in lines[0]
    assert re.search(rf"{CDC} +100\.00 +0\.00 +90\.00", fabrique("envelope", "list").shown)


def test_json_and_csv_say_it_in_cents(fabrique: Run, file: str) -> None:
    found: Any = json.loads(fabrique("what-if", file, "--format", "json").shown)
    assert found["replayed"]["worse"] == 1
    rows = {
        row["envelope"]: row for row in csv.DictReader(io.StringIO(fabrique("what-if", file, "--format", "csv").shown))
    }
    assert rows[CDC]["authorised_difference_cents"] == "3000"
    assert sum(int(row["authorised_difference_cents"]) for row in rows.values()) == 0


def test_it_is_applied_after_it_was_shown_and_asked(fabrique: Run, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str, *, abort: bool) -> None:
        assert abort
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", refuse)
    words = ("what-if", file, "--apply", "--reason", "another-key")
    asked = fabrique(*words)
    assert asked.code == Exit.FOUND
    assert "transfer CV221.CDC.2016 to CV219.CDC.2016  30.00  would be refused: no-room" in asked.shown
    refused = fabrique(*words, "--yes")
    assert (refused.code, "refused: no-room" in refused.shown) == (Exit.FOUND, True)
    done = fabrique(*words, "--displace", "--yes")
    assert (done.code, "applied" in done.shown, "sends back 1" in done.shown) == (Exit.DONE, True, True)
    assert re.search(rf"{CDC} +130\.00 +0\.00 +130\.00", fabrique("envelope", "list").shown)
    assert "nothing to apply" in fabrique(*words, "--displace", "--yes").shown


def test_an_order_is_only_tried(fabrique: Run, file: str) -> None:
    assert fabrique("what-if", file, "--first-come").code == Exit.DONE
    said = fabrique("what-if", file, "--first-come", "--apply")
    assert (said.code, "--first-come" in said.complained) == (Exit.MISUSED, True)


def test_a_file_that_is_not_valid_is_complained_of_by_its_lines(fabrique: Run, file: str) -> None:
    Path(file).write_text(FILE.replace("130.00", "131.00"))
    said = fabrique("what-if", file)
    assert (said.code, "they add up to 201.00" in said.complained) == (Exit.FOUND, True)
