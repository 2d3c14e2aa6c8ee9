"""`what-if`: replays the year with other credits or another order, shows who gains and loses, and applies it or not."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from fabrique.commands.desk import Key, at_desk, complain_of
from fabrique.commands.screen import Exit, complain, err, out, say
from fabrique.desk.client import Desk, Json, NotDone
from fabrique.desk.what_if import change_table, envelope_table, order_line, outturn_line, rows, summary

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A programme file (TOML) with other credits.")]
FirstCome = Annotated[bool, typer.Option("--first-come", help="Ignore priorities: who came first is served first.")]
Form = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="Amounts: euros; json and csv: cents.")]
Apply = Annotated[bool, typer.Option("--apply", help="Then change the credits of now into those of the file.")]
Displace = Annotated[bool, typer.Option("--displace", help="Where room is short, send back who stands in the way.")]
Why = Annotated[str, typer.Option("--reason", help="A word, the same for all commands: another-key.")]
Since = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The day from which it counts. Default: today.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Wish(NamedTuple):
    """What is asked, and how it would be applied."""

    content: bytes
    terms: Json
    form: str
    apply: bool
    yes: bool


def what_if(
    *, file: File, first_come: FirstCome = False, form: Form = "table", apply: Apply = False,
    displace: Displace = False, reason: Why = "what-if", since: Since = None, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Replay the year with other credits, or in the order of coming; show who gains and loses, apply it or not.

    Every event and command is decided again with the credits of FILE, on a copy; both are shown side by side, most
    changed first. First it is proved that a replay without change ends where the ledger stands. Nothing is kept. With
    --apply the credits are changed as of now, by commands that are shown first; what is reserved stays, unless
    --displace.
    """
    if apply and first_come:
        complain("No command changes the order in which was decided: --apply goes without --first-come.")
        raise typer.Exit(Exit.MISUSED)
    terms: dict[str, Any] = {"reason": reason, "displace": displace}
    if since is not None:
        terms["effective_on"] = since.date().isoformat()
    wish = Wish(file.read_bytes(), terms, form, apply, yes)
    with at_desk(key) as desk:
        try:
            _ask(desk, wish, first_come=first_come)
        except NotDone as refused:
            complain_of(refused)
            for problem in refused.problem.get("errors", ()):
                complain(f"  {problem['detail']}")
            raise typer.Exit(Exit.FOUND) from refused


def _ask(desk: Desk, wish: Wish, *, first_come: bool) -> None:
    with err.status("Looking at the ledger…") as status:
        answer = desk.what_if(
            wish.content,
            {**wish.terms, "first_come": first_come},
            lambda at: status.update(f"{at['what'].capitalize()}: {at['done']} of {at['of']}…"),
        )
    _show(answer, wish.form)
    if not wish.apply:
        return
    if wish.form == "table":
        _show_orders(answer)
    if not answer["orders"]:
        say("the credits are so already: there is nothing to apply")
        return
    if not wish.yes:
        typer.confirm("Give these commands?", abort=True)
    given = desk.apply_what_if(wish.content, {**wish.terms, "plan": answer["plan"]})["orders"]
    for order in given:
        out.print(outturn_line(order), soft_wrap=True)
    if any(order["state"] not in ("applied", "proposed") for order in given):
        raise typer.Exit(Exit.FOUND)


def _show(answer: Json, form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows(answer["replayed"]))
    else:
        for line in summary(answer):
            out.print(line, soft_wrap=True)
        out.print(envelope_table("The year replayed, in euros", answer["replayed"]))
        if answer["replayed"]["commitments"]:
            out.print(change_table(answer["replayed"]["commitments"]))


def _show_orders(answer: Json) -> None:
    for sentence in answer["impossible"]:
        complain(sentence)
    for order in answer["orders"]:
        out.print(order_line(order), soft_wrap=True)
    if answer["orders"]:
        out.print("Applied now nothing is decided again: what is reserved stays, unless it is sent back; who waits")
        out.print("is served from what is free.")
        out.print(envelope_table("Applied now, in euros", answer["applied_now"]))
