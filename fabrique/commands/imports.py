"""`import`: a partner's file, line by line, through intake's door."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from fabrique.client import Door
from fabrique.commands.screen import Exit, complain, out, say
from fabrique.keys import local_key
from fabrique.sending import Refusals, Sent, platform_of, send_file
from fabrique.stack.addresses import find, of_running_stack
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder
from shared.kernel.errors import ProgrammeError

KEY_VARIABLE = "FABRIQUE_KEY"
HELP = "Of the platform. The local stack needs one only for funders' acts: `fabrique key create --funder`."


class KeyMissing(ProgrammeError):
    """Nobody said with which key to speak."""


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="NDJSON, or grants' CSV.")],
    platform: Annotated[str, typer.Option(help="Default: the one that the file's first event names.")] = "",
    to: Annotated[str, typer.Option(help="Intake's address; default: the stack that runs here, or INTAKE_URL.")] = "",
    key: Annotated[str, typer.Option(envvar=KEY_VARIABLE, help=HELP)] = "",
) -> None:
    """Tell intake what stands in a file, in order.

    Two formats: NDJSON of CloudEvents 1.0 (one JSON object a line), and the CSV of the State's grants. Refused rows are
    listed with line, field and remedy, all of them in FILE.refused.ndjson, and the command then ends with 1. Running it
    again is safe: what was accepted is accepted once.
    """
    refusals = Refusals(file)
    try:
        sent = asyncio.run(_send(file, refusals, platform=platform, to=to, key=key))
    finally:
        refusals.close()
    _show(sent, refusals.path)
    if sent.refused:
        raise typer.Exit(Exit.FOUND)


async def _send(file: Path, refusals: Refusals, *, platform: str, to: str, key: str) -> Sent:
    folder = state_folder()
    if not key:
        if to or of_running_stack(folder) is None:
            raise KeyMissing(f"Say with which key: --key, or {KEY_VARIABLE}. `fabrique key create` makes one.")
        named = platform or platform_of(file)
        if not named:
            raise KeyMissing("The file has no event to take the platform's name from: say --platform.")
        key = await local_key(folder, compose("intake", folder), named)
    url = to or os.environ.get("INTAKE_URL") or find(folder).http["intake"]
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed} rows"), TimeElapsedColumn())
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        with Progress(*columns, console=out, transient=True) as bar:
            task = bar.add_task(file.name, total=None)
            return await send_file(
                file, Door(client, url, key), refusals, advance=lambda count: bar.advance(task, count)
            )  # fmt: skip


def _show(sent: Sent, path: Path) -> None:
    say(f"{sent.rows} rows: {sent.accepted} accepted, {sent.duplicates} accepted before, {sent.refused} refused")
    if not sent.refused:
        return
    table = Table(box=None)
    for column in ("line", "field", "reason", "what to do"):
        table.add_column(column, justify="right" if column == "line" else "left")
    for row in sent.first_refused:
        table.add_row(str(row.line), row.field, row.reason, row.remedy)
    out.print(table)
    reasons = ", ".join(f"{reason} {count}" for reason, count in sent.reasons.most_common())
    complain(f"{sent.refused} rows were refused ({reasons}); all are in {path}. Mend them and run it again.")
