"""Managers at the command line: each sees what would happen, is asked, and is told who stands in the way."""

import re

import pytest
import typer

from fabrique.commands.screen import Exit
from fabrique.desk.client import Desk, Json, NotDone
from fabrique.desk.screen import command_line
from tests.fabrique.conftest import Run
from tests.support.commands import CDC, CDC_NEXT_DOOR
from tests.support.commitment_events import named


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


def test_a_key_for_a_contract_without_envelope_is_not_made(fabrique: Run) -> None:
    made = fabrique("manager", "create", "anne", "--role", "cdc", "--funder", "CDC", "--contract", "CV219",
                    "--contract", "CV999")  # fmt: skip
    assert (made.code, "no envelope of CV999 was opened" in made.complained) == (Exit.MISUSED, True)
    assert "anne" not in fabrique("manager", "list").shown


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


@pytest.mark.parametrize(
    ("word", "more"),
    [("increase", ()), ("unfreeze", ()), ("reduce", ("--displace",)), ("freeze", ("--displace",)),
     ("transfer", ("--displace",)), ("carry-over", ("--displace",)), ("close", ("--displace",))],
)  # fmt: skip
def test_each_word_commands_what_it_says(
    word: str, more: tuple[str, ...], fabrique: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Json] = []

    def refuse(_: Desk, order: Json, *, dry_run: bool) -> Json:
        assert dry_run
        orders.append(order)
        raise NotDone({"type": "urn:fabrique:problem:no-room", "title": "The command is refused."})

    monkeypatch.setattr(Desk, "command", refuse)
    to = (CDC_NEXT_DOOR,) if word in ("transfer", "carry-over") else ()
    amount = () if word == "close" else ("12.34", "--payment", "5")
    said = fabrique("envelope", word, CDC, *to, *amount, *more, "--reason", "reprogramming", "--from", "2016-10-01")
    [order] = orders
    assert said.code == Exit.FOUND
    assert order.pop("command_id")
    wanted: Json = {"kind": word, "envelope": CDC, "reason": "reprogramming", "effective_on": "2016-10-01"}
    wanted |= {"amount_cents": 12_34, "payment_cents": 5_00} if amount else {}
    assert order == wanted | ({"displace": True} if more else {}) | ({"to": CDC_NEXT_DOOR} if to else {})
