"""Managers at the command line: each sees what would happen, is asked, and is told who stands in the way."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import typer
import uvicorn
from fastapi import FastAPI

from fabrique.commands.screen import Exit
from fabrique.desk.screen import command_line
from fabrique.embedded.ports import free_port
from fabrique.embedded.postgres import Postgres
from services.funding.domain.manager import Manager
from services.funding.routes.commands import command_routes
from services.funding.routes.reading import routes
from services.funding.routes.scores import score_routes
from services.funding.use_cases import managers
from shared.web.application import application
from tests.fabrique.conftest import Type, Typed
from tests.support.commands import CDC, CDC_NEXT_DOOR, desk, opened_with
from tests.support.commitment_events import event, named, records
from tests.support.ledger import Ledger, fixed_clock, open_ledger

OPERATOR_KEY = "the operator's key"
Run = Callable[..., Typed]


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

    def run(*words: str, key: str = OPERATOR_KEY) -> Typed:
        return typed(*words, FABRIQUE_STATE_DIR=str(tmp_path), FUNDING_URL=url, FUNDING_DATABASE_URL=database,
                     FABRIQUE_KEY=key)  # fmt: skip

    return run


def test_what_would_happen_is_shown_and_asked_before_it_is_done(fabrique: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(question: str, *, abort: bool) -> None:
        asked.append(question)
        assert abort
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", answer)
    said = fabrique("envelope", "increase", CDC, "25", "--reason", "reprogramming")
    assert (said.code, asked) == (Exit.FOUND, ["Do it?"])
    assert f"EnvelopeIncreased {CDC}  25.00" in said.shown
    assert "authorised: 100.00 → 125.00" in said.shown
    assert re.search(rf"{CDC} +100\.00", fabrique("envelope", "list").shown)
    assert fabrique("envelope", "increase", CDC, "25.00", "--reason", "reprogramming", "--yes").code == Exit.DONE
    shown = fabrique("envelope", "show", CDC).shown
    assert re.search(rf"{CDC} +125\.00 +0\.00 +80\.00", shown)
    assert re.search(r"increase CV219\.CDC\.2016  25\.00  reprogramming  from 20\d\d-\d\d-\d\d  by operator", shown)


def test_who_stands_in_the_way_is_told_and_sent_back_when_asked(fabrique: Run) -> None:
    words = ("envelope", "transfer", CDC, CDC_NEXT_DOOR, "50", "--reason", "more-requests-there")
    refused = fabrique(*words, "--yes")
    assert refused.code == Exit.FOUND
    assert "no-room" in refused.complained
    assert re.search(rf"{named('c1')}.*would be sent back", refused.complained)
    assert re.search(rf"{named('c0')}.*could stay", refused.complained)
    tried = fabrique(*words, "--displace", "--dry-run")
    assert (tried.code, "AllocationDisplaced" in tried.shown) == (Exit.DONE, True)
    assert fabrique(*words, "--displace", "--yes").code == Exit.DONE
    assert re.search(rf"{CDC_NEXT_DOOR} +150\.00", fabrique("envelope", "list", "--contract", "CV221").shown)


def test_a_large_amount_is_proposed_and_another_manager_approves_it(fabrique: Run) -> None:
    made = fabrique("manager", "create", "anne", "--role", "cdc", "--funder", "CDC")
    key = made.shown.strip().splitlines()[-1]
    proposed = fabrique("envelope", "increase", CDC, "1000", "--reason", "reprogramming", "--yes", key=key)
    assert "another manager must approve" in proposed.shown
    identifier = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", proposed.shown)[-1]
    assert identifier in fabrique("command", "list", "--state", "proposed").shown
    own = fabrique("command", "approve", identifier, "--yes", key=key)
    assert (own.code, "own-proposal" in own.complained) == (Exit.FOUND, True)
    approved = fabrique("command", "approve", identifier, "--yes")
    assert "authorised: 100.00 → 1 100.00" in approved.shown
    assert "approved by operator" in fabrique("command", "list").shown
    prefix = key.split("_")[1]
    assert prefix in fabrique("manager", "list").shown
    assert fabrique("manager", "revoke", prefix).code == Exit.DONE
    gone = fabrique("command", "list", key=key)
    assert (gone.code, "manager-unknown" in gone.complained) == (Exit.IMPOSSIBLE, True)


def test_a_proposal_is_rejected_with_a_word(fabrique: Run) -> None:
    proposed = fabrique("envelope", "freeze", CDC, "1000", "--reason", "reserve", "--yes")
    assert proposed.code == Exit.FOUND, "what is impossible now is refused before it is proposed"
    fabrique("envelope", "increase", CDC, "1000", "--reason", "reserve", "--yes")
    [line] = fabrique("command", "list", "--state", "proposed").shown.strip().splitlines()
    assert fabrique("command", "reject", line.split()[0], "--reason", "not-now").code == Exit.DONE
    assert "rejected by operator" in fabrique("command", "list").shown


@pytest.mark.parametrize("euros", ["5,00", "-5", "5.0", "five"])
def test_an_amount_that_is_none_is_misuse(euros: str, fabrique: Run) -> None:
    said = fabrique("envelope", "increase", CDC, "--reason", "reprogramming", "--", euros)
    assert (said.code, "5000.00" in said.complained) == (Exit.MISUSED, True)


def test_a_version_of_rules_is_told_by_where_it_is_in_force() -> None:
    given = {
        "command_id": "0", "kind": "rules", "state": "applied", "envelope": None, "to": None, "reason": "programme",
        "proposed_at": "2016-01-04T09:00:00Z", "proposed_by": "operator", "approved_by": None, "rejected_by": None,
        "effective_on": "2016-01-01",
        "content": {"rules": {}, "version": 2, "contract": "CV219", "exercise": 2016},
    }  # fmt: skip
    assert "rules CV219 2016, version 2  programme  from 2016-01-01  by operator" in command_line(given)


def test_a_commitment_is_scored_and_the_trail_says_by_whom(fabrique: Run) -> None:
    words = ("commitment", "score", named("c1"), "80", "--reason", "committee")
    assert fabrique(*words, "--dry-run").code == Exit.DONE
    assert "No credit moves." in fabrique(*words, "--dry-run").shown
    assert "score" not in fabrique("command", "list").shown
    done = fabrique(*words, "--yes")
    assert (done.code, "is applied" in done.complained + done.shown) == (Exit.DONE, True)
    assert f"score {named('c1')}: 80  committee  from " in fabrique("command", "list", "--contract", "CV219").shown
    assert fabrique("commitment", "score", named("c1"), "none", "--reason", "mistake", "--yes").code == Exit.DONE
    unknown = fabrique("commitment", "score", named("nobody"), "1", "--reason", "committee", "--yes")
    assert (unknown.code, "commitment-unknown" in unknown.complained) == (Exit.FOUND, True)
    assert fabrique("commitment", "score", named("c1"), "8.5", "--reason", "committee").code == Exit.MISUSED
