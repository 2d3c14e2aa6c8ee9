"""Types command lines as a person does, in this process: a service takes seconds to import, once is enough."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import uvicorn
from fastapi import FastAPI

from fabrique.__main__ import main
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres import Postgres
from services.funding.domain.manager import Manager
from services.funding.routes.commands import command_routes
from services.funding.routes.reading import routes
from services.funding.routes.scores import score_routes
from services.funding.routes.territory import territory_routes
from services.funding.use_cases import managers
from shared.web.application import application
from tests.support.commands import CDC, CDC_NEXT_DOOR, desk, opened_with
from tests.support.commitment_events import event, records
from tests.support.ledger import Ledger, fixed_clock, open_ledger

OPERATOR_KEY = "the operator's key"


class Typed(NamedTuple):
    """How a command ended, and what it showed and complained of."""

    code: int
    shown: str
    complained: str


Type = Callable[..., Typed]
Run = Callable[..., Typed]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """A function that runs a command line as the entry point does, in an environment that says only what is given."""

    def run(*words: str, **environment: str) -> Typed:
        for name in [*os.environ]:
            if name.startswith(("KAFKA_", "INTAKE_", "FUNDING_", "REPORTING_", "FABRIQUE_STATE", "FABRIQUE_KEY")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["fabrique", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Typed(int(ended.value.code or 0), *capsys.readouterr())

    return run


def funding(ledger: Ledger) -> FastAPI:
    """Funding's routes on a test's ledger, without Kafka."""
    spine: Any = SimpleNamespace(
        engine=ledger.engine, router=ledger.route, announce=lambda: None, terms=SimpleNamespace(clock=fixed_clock)
    )

    async def whose(key: str) -> Manager | None:
        return await managers.recognised(ledger.engine, key, operator_key=OPERATOR_KEY)

    app = application("Fabrique funding", summary="A test's.")
    app.include_router(routes(spine, operator_key=OPERATOR_KEY))
    app.include_router(score_routes(lambda: desk(ledger), whose=whose, announce=lambda: None))
    app.include_router(territory_routes(lambda: desk(ledger), whose=whose, announce=lambda: None))
    app.include_router(command_routes(lambda: desk(ledger, four_eyes_from=100_000), whose=whose, announce=lambda: None))
    return app


async def fill(ledger: Ledger) -> None:
    """Two envelopes of 100 euros, 80 of the first reserved by two commitments."""
    await opened_with(ledger, {CDC: 10_000, CDC_NEXT_DOOR: 10_000})
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": 4_000, "state_cents": 0, "cost_cents": 4_000}
    log = [event("CommitmentDeclared", f"c{n}", contract="CV219", number=n, **terms) for n in range(2)]
    await ledger.decide(records(log), [2])


@pytest.fixture
def office(postgres: Postgres) -> Iterator[tuple[str, str]]:
    """Funding's address and its database, served in a thread."""
    name, port, ready = f"managers_{uuid4().hex}", free_port(), threading.Event()
    postgres.create_database(name)
    servers: list[uvicorn.Server] = []

    async def served() -> None:
        async with open_ledger(postgres.url(name), pool_size=4) as ledger:
            await fill(ledger)
            servers.append(uvicorn.Server(uvicorn.Config(funding(ledger), port=port, log_config=None, lifespan="off")))
            servers[0].startup = _telling(servers[0].startup, ready)  # type: ignore[method-assign]
            await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(served()))
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{port}", postgres.url(name)
    servers[0].should_exit = True
    thread.join()
    postgres.drop_database(name)


def _telling(startup: Callable[..., Any], ready: threading.Event) -> Callable[..., Any]:
    async def started(*words: Any, **more: Any) -> None:
        await startup(*words, **more)
        ready.set()

    return started


@pytest.fixture
def fabrique(office: tuple[str, str], typed: Type, tmp_path: Path) -> Run:
    """The command, told where that funding is."""
    url, database = office

    def run(*words: str, key: str = OPERATOR_KEY, **environment: str) -> Typed:
        return typed(*words, FABRIQUE_STATE_DIR=str(tmp_path), FUNDING_URL=url, FUNDING_DATABASE_URL=database,
                     FABRIQUE_KEY=key, **environment)  # fmt: skip

    return run
