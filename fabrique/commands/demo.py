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
from fabrique.demo.demonstration import Demonstration
from fabrique.demo.files import GRANTS
from fabrique.demo.observation import Observation
from fabrique.demo.programme import contract_names
from fabrique.demo.screen import Screen, counts, state
from fabrique.demo.simulation import DEFAULT_SEED
from fabrique.imports import Row
from fabrique.sending import Refusals, refused_rows
from fabrique.stack.addresses import Addresses
from fabrique.stack.folder import StateFolder
from fabrique.stack.stack import Stack

EVENTS_OF_COMMITMENTS, EVENTS_OF_PEOPLE = 2_370, 40_582
"""About how many are told, the latter at scale 1; only the progress bar looks at it."""
LINE_SECONDS = 5.0


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when all has settled: 0 if the books balance.")] = False,
    seed: Annotated[int, typer.Option(help="Of the simulation: the same seed tells the same events.")] = DEFAULT_SEED,
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="Multiplies the people received a year.")] = 1.0,
) -> None:
    """Start everything and play the Pas-de-Calais: real grants, then a simulated programme.

    The grants of 2020-2023 are real (ANCT). Everything of 2016-2021 is simulated, seeded, and labelled /simulation in
    each event. It stays up until Ctrl-C; data are kept, and what was played is not played again.
    """
    with running(is_demonstration=True) as (stack, found):
        out.print(where(stack, found))
        try:
            code = asyncio.run(_run(Demonstration(stack, found, seed, scale), once=once))
        except KeyboardInterrupt:
            if once:
                raise
            code = Exit.DONE
    raise typer.Exit(code)


async def _run(demonstration: Demonstration, *, once: bool) -> Exit:
    """Play and watch; return when it is done (once) or when something fails, else when it is cancelled."""
    with Live(console=out, auto_refresh=False) as live:
        view = _View(live, demonstration)
        tasks = [
            asyncio.create_task(_play(demonstration, view, once=once)),
            asyncio.create_task(demonstration.watch(view.show)),
            asyncio.create_task(_look_after(demonstration.stack)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task.result() for task in done) or Exit.DONE
        finally:
            for task in tasks:
                task.cancel()


async def _play(demonstration: Demonstration, view: "_View", *, once: bool) -> Exit:
    began = time.monotonic()
    await demonstration.run(say, view.advance)
    view.end_of_play()
    show_refused_grants(demonstration.rows, demonstration.stack.folder)
    await demonstration.settle()
    say(f"all has settled, {time.monotonic() - began:.1f} s after the start of the play")
    view.show_last(demonstration.seen)
    code = await reconciled(demonstration.found)
    if not once:
        await asyncio.Event().wait()  # until Ctrl-C cancels it
    return code


async def _look_after(stack: Stack) -> None:
    while True:
        await asyncio.to_thread(stack.look_after)
        await asyncio.sleep(LOOK_SECONDS)


class _View:
    """A screen that is drawn again on a terminal; elsewhere, two lines from time to time."""

    def __init__(self, live: Live, demonstration: Demonstration) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=out)
        expected = EVENTS_OF_COMMITMENTS + EVENTS_OF_PEOPLE * demonstration.scale
        self._task = self._bar.add_task("", total=round(expected), visible=False)
        self._live = live
        self._demonstration = demonstration
        self._screen = Screen(out.width, contract_names(), _links(demonstration.found))
        self._said_at = 0.0

    def advance(self, month: str, count: int) -> None:
        """Note that the events of a month were told."""
        self._bar.update(self._task, advance=count, description=f"telling, {month}", visible=True)

    def end_of_play(self) -> None:
        """Take the bar away: everything is told."""
        self._bar.update(self._task, visible=False)

    def show_last(self, seen: Observation) -> None:
        """Show everything once where no screen was drawn."""
        if not out.is_terminal:
            out.print(self._screen.draw(seen, self._demonstration.tally))

    def show(self, seen: Observation) -> None:
        """Show what was just seen."""
        tally = self._demonstration.tally
        if out.is_terminal:
            self._live.update(Group(self._bar, self._screen.draw(seen, tally)), refresh=True)
        elif time.monotonic() - self._said_at > LINE_SECONDS:
            self._said_at = time.monotonic()
            out.print(counts(seen, tally), soft_wrap=True)
            out.print(state(seen), soft_wrap=True)


def _links(found: Addresses) -> str:
    http = found.http
    return f"pages {http['reporting']}/ · API {http['intake']}/docs {http['funding']}/docs {http['reporting']}/docs"


def show_refused_grants(rows: Sequence[Row], folder: StateFolder) -> None:
    """Say why rows of the grants cannot be used: how many for each reason, the first of each, and a file with all."""
    refusals = Refusals(folder.path / GRANTS)
    refused = list(refused_rows(rows))
    for row in refused:
        refusals.write(row)
    refusals.close()
    firsts = {row.reason: row for row in reversed(refused)}
    for reason, times in Counter(row.reason for row in refused).most_common():
        first = firsts[reason]
        say(f"{times} rows of the grants: {first.field}: {reason} (the first: line {first.line}). {first.remedy}")
    say(f"all {len(refused)} with line, field and reason: {refusals.path}")
