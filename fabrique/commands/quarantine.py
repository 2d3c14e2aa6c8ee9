"""`quarantine list|show|retry|drop`: the records that a service could not apply, and what a person does with them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import typer
from rich.markup import escape

from fabrique.commands.screen import Exit, complain, out, say
from fabrique.stack.addresses import SERVICES
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder
from shared.database.quarantine import plain
from shared.database.tables import Quarantined, QuarantineState
from shared.messaging.quarantine_desk import Correction, Desk, NotInQuarantine, NotRetriable, quarantine_desk

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look at the records that a service could not apply; retry or drop them.",
)
Service = Annotated[Literal["intake", "funding", "reporting"] | None, typer.Option(help="Default: all three.")]
Identifier = Annotated[UUID, typer.Argument(help="As `fabrique quarantine list` shows it.")]
Answer = TypeVar("Answer")
SHOWN = (
    "id", "topic", "partition", "offset", "reason", "detail", "pointer", "length", "truncated", "state", "attempts",
    "quarantined_at", "closed_at",
)  # fmt: skip


@app.command("list")
def list_records(
    service: Service = None,
    state: Annotated[Literal["open", "retried", "dropped", "all"], typer.Option(help="Which to list.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
) -> None:
    """List records: where each came from, why it was refused, since when. Never what is in them."""
    wanted = None if state == "all" else QuarantineState(state)
    found = [
        (name, row)
        for name in ([service] if service else SERVICES)
        for row in asyncio.run(_at(name, lambda desk: desk.listed(state=wanted, limit=limit)))
    ]
    for name, row in found:
        fate = f"tried {row.attempts} times" if row.state == QuarantineState.OPEN else row.state
        out.print(
            f"{row.id}  [bold]{row.reason}[/] {escape(row.pointer)}  {name} {row.topic}/{row.partition}@{row.offset}"
            f"  {row.quarantined_at:%Y-%m-%d %H:%M}  {fate}",
            soft_wrap=True,
        )
    if not found:
        out.print("Nothing is in quarantine." if wanted is None else f"Nothing is {state} in quarantine.")


@app.command()
def show(
    identifier: Identifier,
    content: Annotated[bool, typer.Option("--content", help="Its bytes too: they may name a person.")] = False,
    value: Annotated[bool, typer.Option("--value", help="Only its value, as it came, to be mended.")] = False,
) -> None:
    """Show one record: all that is known of it and, only when asked, what it holds."""

    async def shown(desk: Desk) -> None:
        row = _there(await desk.find(identifier))
        if value:
            sys.stdout.buffer.write(desk.content(row).value or b"")
            return
        for name in SHOWN:
            out.print(f"[bold]{name}[/] {escape(str(getattr(row, name)))}", soft_wrap=True)
        if content:
            stored = desk.content(row)
            for header, held in stored.headers:
                out.print(f"[bold]{escape(header)}[/] {escape(repr(held))}", soft_wrap=True)
            out.print(escape((stored.value or b"").decode(errors="backslashreplace")), soft_wrap=True)

    _where_it_lies(identifier, shown)


@app.command()
def retry(
    identifiers: Annotated[list[UUID] | None, typer.Argument(help="One or several.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open, oldest first.")] = False,
    service: Service = None,
    value: Annotated[
        Path | None,
        typer.Option(
            "--with",
            exists=True,
            dir_okay=False,
            allow_dash=True,
            help="A file with what the record should have held; - reads standard input.",
        ),
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="A header as it should have been, ce_type=CommitmentDeclared; repeat it.")
    ] = None,
) -> None:
    """Try records again, as of now: not in their old place, but after all that was applied since.

    With --with or --header one record is corrected: `show --value` writes what it held, to be mended in an editor. What
    came is kept beside the correction. Ends with 1 when a record still cannot be applied; it stays open, with the new
    reason.
    """
    if not identifiers and not every:
        complain("Say which record, or --all.")
        raise typer.Exit(Exit.MISUSED)
    correction = _correction(value, header or ())
    if correction is not None and (every or len(identifiers or ()) != 1):
        complain("A correction is of one record: say which.")
        raise typer.Exit(Exit.MISUSED)
    names = [service] if service else SERVICES
    wanted = list(identifiers or ())
    if every:
        wanted = [identifier for name in names for identifier in asyncio.run(_at(name, _open_ones))]
    applied = [_where_it_lies(identifier, partial(_retry, identifier, correction)) for identifier in wanted]
    if not all(applied):
        raise typer.Exit(Exit.FOUND)


@app.command()
def drop(
    identifier: Identifier,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give a record up: it is closed, and will never be applied."""

    async def dropped(desk: Desk) -> None:
        row = _there(await desk.find(identifier))
        where = f"{row.topic}/{row.partition}@{row.offset} ({row.reason})"
        if not yes:
            typer.confirm(f"Drop {where} for good?", abort=True)
        await desk.drop(identifier)
        say(f"{where} is dropped")

    _where_it_lies(identifier, dropped)


def _correction(value: Path | None, headers: Sequence[str]) -> Correction | None:
    """What was said to put instead; None when nothing was. Ends with 2 when a header is not name=value."""
    if value is None and not headers:
        return None
    pairs = [header.partition("=") for header in headers]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        complain(f"A header is said as name=value: {wrong[0]}")
        raise typer.Exit(Exit.MISUSED)
    held = None
    if value is not None:
        held = sys.stdin.buffer.read() if str(value) == "-" else value.read_bytes()
    return Correction(value=held, headers={name: content.encode() for name, _, content in pairs})


async def _retry(identifier: UUID, correction: Correction | None, desk: Desk) -> bool:
    """Whether it was applied; why not is said."""
    try:
        why = await desk.retry(identifier, correction)
    except (NotInQuarantine, NotRetriable) as refused:
        complain(str(refused))
        return False
    if why is not None:
        complain(f"{identifier} stays open: {why.reason} {why.pointer} {why.detail}")
        return False
    say(f"{identifier} is applied, as of now")
    return True


async def _open_ones(desk: Desk) -> list[UUID]:
    return [row.id for row in await desk.listed(state=QuarantineState.OPEN, limit=10_000)]


def _there(row: Quarantined | None) -> Quarantined:
    if row is None:
        raise NotInQuarantine("The record is not there any more.")
    return row


def _where_it_lies(identifier: UUID, act: Callable[[Desk], Awaitable[Answer]]) -> Answer:
    """Do something at the desk of the service in whose quarantine a record lies. Raises NotInQuarantine."""
    for name in SERVICES:
        if asyncio.run(_at(name, lambda desk: desk.find(identifier))) is not None:
            return asyncio.run(_at(name, act))
    raise NotInQuarantine(f"No service has a record {identifier}. `fabrique quarantine list` shows what there is.")


async def _at(service: str, act: Callable[[Desk], Awaitable[Answer]]) -> Answer:
    async with _desk(service) as desk:
        return await act(desk)


@asynccontextmanager
async def _desk(service: str) -> AsyncIterator[Desk]:
    composed = compose(service, state_folder())
    _, spine = composed.app.build(composed.settings)
    opened = composed.app.open_quarantined(composed.settings) if service == "intake" else plain
    async with quarantine_desk(spine, opened) as desk:
        yield desk
