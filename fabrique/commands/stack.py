"""`up`, `provision`, `migrate`: the stack on this machine, and its preparation elsewhere."""

import asyncio
import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from rich.table import Table

from fabrique.commands.screen import Exit, complain, interruptible, out, say, undisturbed
from fabrique.demo.partners import PLATFORMS
from fabrique.embedded.kafka import SERVERS_VARIABLE
from fabrique.stack.addresses import SERVICES, Addresses
from fabrique.stack.folder import state_folder
from fabrique.stack.stack import Stack

LOOK_SECONDS = 0.2
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Its usual port when free, else any free one.")]


def up(intake_port: Port = None, funding_port: Port = None, reporting_port: Port = None) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    A real Kafka, a real PostgreSQL and the three services. Data are kept in .state (or FABRIQUE_STATE_DIR) and found
    again the next time. KAFKA_BOOTSTRAP_SERVERS and FABRIQUE_POSTGRES_URL lend servers that run already.
    """
    ports = {"intake": intake_port, "funding": funding_port, "reporting": reporting_port}
    with running(ports) as (stack, found):
        out.print(where(stack, found))
        out.print("Ctrl-C stops everything.")
        with suppress(KeyboardInterrupt):  # the way to end it, not a failure
            while True:
                stack.look_after()
                time.sleep(LOOK_SECONDS)


@contextmanager
def running(
    ports: dict[str, int | None] | None = None, *, is_demonstration: bool = False
) -> Iterator[tuple[Stack, Addresses]]:
    """Run the stack around a block; it is stopped, and says so, however the block ends."""
    stack = Stack(
        state_folder(), ports=ports, platforms=PLATFORMS, is_demonstration=is_demonstration, report=say
    )  # fmt: skip
    began = time.monotonic()
    try:
        with interruptible():
            found = stack.start()
            say(f"up in {time.monotonic() - began:.1f} s")
            yield stack, found
    finally:
        with undisturbed():
            if stack.is_up:
                out.print("Stopping: services, then Kafka, then PostgreSQL.")
            stack.stop()


def where(stack: Stack, found: Addresses) -> Table:
    """One screen: where everything is."""
    table = Table(title="Fabrique is up", title_justify="left", box=None, show_header=False, pad_edge=False)
    http = found.http
    for name, address in (
        ("pages", f"{http['reporting']}/"),
        ("managers' pages", f"{http['funding']}/"),
        ("intake, for partners", f"{http['intake']}/docs"),
        ("funding, for managers", f"{http['funding']}/docs"),
        ("reporting, for everybody", f"{http['reporting']}/docs"),
        ("Kafka", ",".join(found.servers)),
        ("PostgreSQL", stack.postgres.description if stack.postgres else ""),
        ("logs", str(stack.folder.logs)),
    ):
        table.add_row(f"[bold]{name}[/]", address)
    return table


def provision(
    partitions: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Of each keyed topic, never changed later. Default: 4.")
    ] = None,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Copies of each record.")] = 1,
    min_insync: Annotated[int | None, typer.Option(min=1, max=9, help="Default: all copies but one.")] = None,
    platform: Annotated[list[str] | None, typer.Option(help="A partner whose own topic is made; repeat it.")] = None,
) -> None:
    """Make the topics that are missing on a Kafka, then end.

    The Kafka is that of KAFKA_BOOTSTRAP_SERVERS. Existing topics are left as they are, so it may run at every start.
    """
    from fabrique.stack.provisioning import PARTITIONS, make_topics  # noqa: PLC0415  see `Stack.start`

    servers = os.environ.get(SERVERS_VARIABLE)
    if not servers:
        complain(f"Say which Kafka: {SERVERS_VARIABLE}=host:port fabrique provision")
        raise typer.Exit(Exit.MISUSED)
    made = asyncio.run(
        make_topics(
            servers.split(","), platforms=platform or (), partitions=partitions or PARTITIONS, replication=replication,
            min_insync=min_insync or max(1, replication - 1),
        )
    )  # fmt: skip
    say(f"{len(made)} topics made" + (f": {', '.join(sorted(made))}" if made else "; all were there"))


def migrate(
    service: Annotated[list[str] | None, typer.Argument(help="Which; all three when none is named.")] = None,
) -> None:
    """Bring services' databases to their newest tables, then end.

    The databases are those of INTAKE_DATABASE_URL, FUNDING_DATABASE_URL and REPORTING_DATABASE_URL; they must exist.
    """
    from fabrique.stack import provisioning  # noqa: PLC0415  see `Stack.start`

    for name in service or SERVICES:
        if name not in SERVICES:
            complain(f"There is no service {name}: {', '.join(SERVICES)}.")
            raise typer.Exit(Exit.MISUSED)
        if not os.environ.get(variable := f"{name.upper()}_DATABASE_URL"):
            complain(f"Say which database: {variable}=postgresql+asyncpg://… fabrique migrate {name}")
            raise typer.Exit(Exit.MISUSED)
        url = importlib.import_module(f"services.{name}.app").database_url()
        asyncio.run(provisioning.migrate(name, url))
        say(f"{name}: its database is up to date")
