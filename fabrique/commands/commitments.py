"""`commitment score`: what the committee thinks of a commitment."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from fabrique.commands.desk import Key, at_desk, complain_of, done, show_effect
from fabrique.commands.envelopes import DryRun, Since, Why, Yes
from fabrique.commands.screen import Exit
from fabrique.desk.client import NotDone
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Say what the committee thinks of a commitment: its score."
)
NONE = "none"


@app.callback()
def _words() -> None:
    """Keep `score` a word of its own, though it is alone."""


def points(text: str) -> int | None:
    """Read a score: a whole number, or `none`."""
    if text == NONE:
        return None
    if not text.isdecimal():
        raise typer.BadParameter("write a whole number from 0 to 1000, or none")
    return int(text)


@app.command()
def score(
    *, commitment: Annotated[UUID, typer.Argument(metavar="COMMITMENT")],
    given: Annotated[str, typer.Argument(metavar="SCORE", help="From 0 to 1000, or none to take it away.")],
    reason: Why, since: Since = None, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Score a commitment: where rules order by score, the higher is served first. Shows first what would happen."""
    order = {"command_id": str(new_id()), "score": points(given), "reason": reason, "effective_on": _day(since)}
    with at_desk(key) as desk:
        try:
            show_effect(desk.score(str(commitment), order, dry_run=True))
            if dry_run:
                return
            if not yes:
                typer.confirm("Do it?", abort=True)
            done(desk.score(str(commitment), order, dry_run=False))
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused


def _day(since: datetime | None) -> str:
    return (since or utc_now()).date().isoformat()
