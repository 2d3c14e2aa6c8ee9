"""`command list|approve|reject`: what managers commanded, and the answers to what others proposed."""

from typing import Annotated, Literal
from uuid import UUID

import typer

from fabrique.commands.desk import Key, at_desk, complain_of, done, show_effect
from fabrique.commands.screen import Exit, out
from fabrique.desk.client import NotDone
from fabrique.desk.screen import command_line

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List what managers commanded; approve or reject what others proposed.",
)
Identifier = Annotated[UUID, typer.Argument(metavar="COMMAND", help="As `fabrique command list` shows it.")]


@app.command("list")
def list_commands(
    state: Annotated[
        Literal["proposed", "applied", "refused", "rejected"] | None, typer.Option(help="Default: all.")
    ] = None,
    envelope: Annotated[str | None, typer.Option(help="One envelope only: CV219.CDC.2016.")] = None,
    contract: Annotated[str | None, typer.Option(help="One contract only: CV219.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    key: Key = "",
) -> None:
    """List commands, the newest first: what, who, why it was given, and what became of it."""
    terms = {"state": state, "envelope": envelope, "contract": contract, "limit": limit}
    with at_desk(key) as desk:
        found = desk.commands(terms)["commands"]
    for command in found:
        out.print(command_line(command), soft_wrap=True)
    if not found:
        out.print("Nothing was commanded there.")


@app.command()
def approve(
    identifier: Identifier,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    key: Key = "",
) -> None:
    """Approve what another manager proposed: it is decided now. Shows first what would happen, and asks."""
    with at_desk(key) as desk:
        try:
            show_effect(desk.approve(str(identifier), dry_run=True))
            if dry_run:
                return
            if not yes:
                typer.confirm("Approve it?", abort=True)
            done(desk.approve(str(identifier), dry_run=False))
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused


@app.command()
def reject(
    identifier: Identifier,
    reason: Annotated[str, typer.Option(help="A word: not-now.")],
    key: Key = "",
) -> None:
    """Answer a proposal with no; whoever proposed it may take it back so."""
    with at_desk(key) as desk:
        try:
            done(desk.reject(str(identifier), reason))
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused
