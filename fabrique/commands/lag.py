"""`lag`: how far behind the services are."""

import asyncio
import time
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from fabrique.commands.screen import Exit, complain, out
from fabrique.lag import History, Look, State, look
from fabrique.stack.addresses import SERVICES, Addresses, find
from fabrique.stack.folder import state_folder

STYLES = {State.OK: "good", State.BEHIND: "wait", State.GROWING: "wait"}
EVERY_SECONDS = 2.0


def lag(
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds, until Ctrl-C.")] = False,
    every: Annotated[bool, typer.Option("--all", help="The partitions without lag too.")] = False,
) -> None:
    """Show what each service has not applied yet: records, and the age of the oldest.

    States: ok, behind; with --watch also growing, stalled (nothing moves), stopped (for a minute, or the service does
    not answer) and rewound. A service that is down is looked at through its database. Ends with 1 when there is lag.
    """
    found, history = find(state_folder()), History()
    looks = asyncio.run(_look(found))
    if not watch:
        out.print(_table(looks, history, every=every))
        if any(each.records for each in looks):
            raise typer.Exit(Exit.FOUND)
        return
    with Live(_table(looks, history, every=every), console=out, auto_refresh=False) as live:
        while True:
            time.sleep(EVERY_SECONDS)
            live.update(_table(asyncio.run(_look(found)), history, every=every), refresh=True)


async def _look(found: Addresses) -> list[Look]:
    by_service = await asyncio.gather(*(look(found, name) for name in SERVICES))
    for name, looks in zip(SERVICES, by_service, strict=True):
        if looks and not looks[0].answered:
            complain(f"{name} does not answer at {found.http[name]}; its database is looked at instead")
    return [each for looks in by_service for each in looks]


def _table(looks: list[Look], history: History, *, every: bool) -> Table:
    records = sum(each.records for each in looks)
    table = Table(title=f"{records} records to apply in {len(looks)} partitions", title_justify="left", box=None)
    for column in ("service", "topic", "partition", "records", "seconds", "state"):
        table.add_column(column, justify="right" if column in ("partition", "records", "seconds") else "left")
    for each in looks:
        state = history.judge(each)
        if every or state is not State.OK:
            style = STYLES.get(state, "bad")
            cells = (each.service, each.topic, str(each.partition), str(each.records), f"{each.seconds:.1f}")
            table.add_row(*cells, f"[{style}]{state}[/]")
    return table
