"""`territory list|merge|annul`: a manager tells mergers of EPCI and their annulment, and looks at what was told."""

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape

from fabrique.commands.desk import Key, at_desk, complain_of
from fabrique.commands.screen import Exit, out, say
from fabrique.desk.client import Json, NotDone
from shared.kernel.ids import new_id

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tell mergers of EPCI and their annulment; list what was told.",
)
DAY = ["%Y-%m-%d"]
Name = Annotated[str, typer.Argument(metavar="MERGER", help="A word, once and for ever: saint-omer-2017.")]
Why = Annotated[str, typer.Option("--reason", help="A word: order-of-the-prefect, court.")]
Unsure = Annotated[bool, typer.Option("--day-unknown", help="The day stands for one that nobody knows.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show which contracts it concerns.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_changes(key: Key = "") -> None:
    """List what was told of the territory, in order: what, who, why, and since when it is known."""
    with at_desk(key) as desk:
        changes = desk.territory()
    for change in changes:
        out.print(_line(change), soft_wrap=True)
    if not changes:
        out.print("Nothing was told of the territory.")


@app.command()
def merge(
    *, name: Name,
    predecessors: Annotated[list[str], typer.Argument(metavar="SIREN...", help="The EPCI that became one.")],
    into: Annotated[str, typer.Option(metavar="SIREN", help="The EPCI that they became.")],
    called: Annotated[str, typer.Option(metavar="NAME", help="What it is called.")],
    since: Annotated[datetime, typer.Option("--from", formats=DAY, help="The day from which it counts.")],
    reason: Why, day_unknown: Unsure = False, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Tell that EPCI became one. Shows first which contracts it concerns, and asks."""
    _tell({"kind": "merge", "name": name, "predecessors": predecessors, "successor": into, "successor_name": called,
           "effective_on": since.date().isoformat(), "reason": reason, "day_is_known": not day_unknown},
          dry_run=dry_run, yes=yes, key=key)  # fmt: skip


@app.command()
def annul(
    *, name: Name,
    since: Annotated[datetime, typer.Option("--from", formats=DAY, help="From when; its own day: it never was.")],
    reason: Why, day_unknown: Unsure = False, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Tell that a merger counts no more. Shows first which contracts it concerns, and asks."""
    _tell({"kind": "annul", "merger": name, "annulled_from": since.date().isoformat(), "reason": reason,
           "day_is_known": not day_unknown}, dry_run=dry_run, yes=yes, key=key)  # fmt: skip


def _tell(telling: Json, *, dry_run: bool, yes: bool, key: str) -> None:
    order = {"command_id": str(new_id()), **telling}
    with at_desk(key) as desk:
        try:
            tried = desk.tell_territory(order, dry_run=True)
            if tried["command_id"] != order["command_id"]:
                say(f"{tried['subject']} was told before: number {tried['number']}. Nothing is to be done.")
                return
            out.print(f"It concerns {', '.join(tried['contracts']) or 'no contract anew'}; no envelope moves.")
            if dry_run:
                return
            if not yes:
                typer.confirm("Tell it?", abort=True)
            done = desk.tell_territory(order, dry_run=False)
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused
    say(f"{done['subject']} is told: number {done['number']}")


def _line(change: Json) -> str:
    content = change["content"]
    match change["kind"]:
        case "attach":
            said = f"attached to {content['epci']} {content['epci_name']}"
        case "merge":
            said = f"{' + '.join(content['predecessors'])} became {content['successor']} on {content['effective_on']}"
        case _:
            said = f"annulled from {content['annulled_from']} on"
    unsure = "" if content.get("day_is_known", True) else " (day unknown)"
    return (
        f"{change['number']}  {change['known_at'][:16].replace('T', ' ')}  [bold]{change['subject']}[/]"
        f"  {escape(said)}{unsure}  {escape(change['reason'])}  by {change['told_by']}"
    )
