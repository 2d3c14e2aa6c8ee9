"""`demo`: the stack, real grants, a simulated programme, and what becomes of them, on one screen."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fabrique.commands.reconcile import reconciled
from fabrique.commands.screen import Exit, out, say
from fabrique.commands.stack import LOOK_SECONDS, running, where
from fabrique.demo import screen
from fabrique.demo.files import GRANTS
from fabrique.demo.demonstration import Demonstration
from fabrique.demo.observation import Observation
from fabrique.demo.simulation import DEFAULT_SEED
from fabrique.imports import Row
from fabrique.sending import Refusals, refused_rows
from fabrique.stack.folder import StateFolder
from fabrique.stack.stack import Stack

EVENTS_EXPECTED = 42_952
"""About what is told at scale 1, with the grants; only the progress bar looks at it."""
LINE_SECONDS = 5.0


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when all has settled: 0 if the books balance.")] = False,
    seed: Annotated[int, typer.Option(help="Of the simulation: the same seed tells the same events.")] = DEFAULT_SEED,
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="Multiplies the people received a year.")] = 1.0,
) -> None:
    """Start everything and play the programme of the Pas-de-Calais: real grants, then a simulated life of it.

    The grants of 2020-2023 are real (ANCT). Everything of 2016-2021 is simulated, seeded, and labelled /simulation in
    each event. It stays up until Ctrl-C; data are kept, and what was played is not played again.
    """
    with running() as (stack, found):
        out.print(where(stack, found))
        demonstration = Demonstration(stack, found, seed, scale)
        try:
            code = asyncio.run(_run(demonstration, once=once))
        except KeyboardInterrupt:
            if once:
                raise
            code = Exit.DONE
    raise typer.Exit(code)


async def _run(demonstration: Demonstration, *, once: bool) -> Exit:
    """Play and watch; return when it is done (once), or when something fails; else when it is cancelled."""
    names = screen.contract_names()
    bar = _progress()
    task = bar.add_task("", total=EVENTS_EXPECTED)
    with Live(console=out, auto_refresh=False) as live:
        view = _View(live, bar, demonstration, names)

        def advance(month: str, count: int) -> None:
            bar.update(task, advance=count, description=f"told of {month}")

        watching = asyncio.create_task(demonstration.watch(view.show))
        minding = asyncio.create_task(_mind(demonstration.stack))
        playing = asyncio.create_task(_play(demonstration, advance, once=once))
        try:
            done, _ = await asyncio.wait({watching, minding, playing}, return_when=asyncio.FIRST_COMPLETED)
            return next(task.result() for task in done) or Exit.DONE
        finally:
            for each in (watching, minding, playing):
                each.cancel()


async def _play(demonstration: Demonstration, advance: object, *, once: bool) -> Exit:
    began = time.monotonic()
    await demonstration.run(say, advance)  # type: ignore[arg-type]
    show_refused_grants(demonstration.rows, demonstration.stack.folder)
    await demonstration.settle()
    say(f"all has settled, {time.monotonic() - began:.1f} s after the first event")
    code = await reconciled(demonstration.found)
    while not once:
        await asyncio.sleep(3600)
    return code


async def _mind(stack: Stack) -> None:
    while True:
        await asyncio.to_thread(stack.look_after)
        await asyncio.sleep(LOOK_SECONDS)


class _View:
    """A screen that is drawn again on a terminal; elsewhere, a line from time to time."""

    def __init__(self, live: Live, bar: Progress, demonstration: Demonstration, names: dict[str, str]) -> None:
        self._live = live
        self._bar = bar
        self._demonstration = demonstration
        self._names = names
        self._said_at = 0.0

    def show(self, seen: Observation) -> None:
        """Show what was just seen."""
        tally = self._demonstration.tally
        if self._live.console.is_terminal:
            self._live.update(Group(self._bar, screen.screen(seen, tally, self._names)), refresh=True)
        elif time.monotonic() - self._said_at > LINE_SECONDS:
            self._said_at = time.monotonic()
            out.print(screen.counts(seen, tally))
            out.print(screen.state(seen))


def show_refused_grants(rows: Sequence[Row], folder: StateFolder) -> None:
    """Say why rows of the grants cannot be used: how many for each reason, the first of each, and a file with all."""
    refusals = Refusals(folder.path / GRANTS)
    refused = list(refused_rows(rows))
    for row in refused:
        refusals.write(row)
    refusals.close()
    firsts = {row.reason: row for row in reversed(refused)}
    for reason, number in Counter(row.reason for row in refused).most_common():
        first = firsts[reason]
        say(f"{number} rows of the grants: {first.field}: {reason} (the first: line {first.line}). {first.remedy}")
    say(f"all {len(refused)} with line, field and reason: {refusals.path}")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=out)
