"""`manager create|list|revoke`: the keys with which managers command envelopes."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from fabrique.commands.screen import Exit, complain, out, say, show_new_key
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder
from services.funding.use_cases.managers import ManagerInvalid, manager
from shared.kernel.funders import Funder

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make, list and revoke the keys with which managers command envelopes.",
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who: small letters, digits and hyphens. Never published.")],
    role: Annotated[str, typer.Option(help="In which role, which facts say: cdc, prefecture.")],
    funder: Annotated[list[Funder], typer.Option(help="A funder whose envelopes it may change; repeat it.")],
    contract: Annotated[
        list[str] | None, typer.Option(help="A contract whose envelopes it may change; repeat it. Default: all.")
    ] = None,
) -> None:
    """Make a key and show it, once: only its hash is kept. Ends with 2 for a name or contract that there cannot be."""
    try:
        whose = manager(name, role, funders=funder, contracts=contract or None)
        funding = compose("funding", state_folder())
        made = asyncio.run(funding.app.create_manager_key(funding.settings, whose))
    except ManagerInvalid as error:
        complain(str(error))
        raise typer.Exit(Exit.MISUSED) from error
    show_new_key(made, whose=name)


@app.command("list")
def list_keys() -> None:
    """List all keys: whose they are, what they may change, whether they stand."""
    funding = compose("funding", state_folder())
    table = Table(box=None)
    for column in ("prefix", "manager", "role", "funders", "contracts", "made", "revoked"):
        table.add_column(column)
    for key in asyncio.run(funding.app.list_manager_keys(funding.settings)):
        contracts = "all" if key.contracts is None else ", ".join(key.contracts)
        made, revoked = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.revoked_at))
        table.add_row(key.prefix, key.name, key.role, ", ".join(key.funders), contracts, made, revoked)
    out.print(table)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="As `fabrique manager list` shows it.")]) -> None:
    """Revoke a key; funding refuses it at once."""
    funding = compose("funding", state_folder())
    if not asyncio.run(funding.app.revoke_manager_key(funding.settings, prefix)):
        complain(f"No key {prefix} stands. `fabrique manager list` shows those that do.")
        raise typer.Exit(Exit.FOUND)
    say(f"{prefix} is revoked")
