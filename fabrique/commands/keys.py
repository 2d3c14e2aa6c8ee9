"""`key create|list|revoke`: the keys with which platforms speak to intake."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from fabrique.commands.screen import Exit, complain, out, say, show_new_key
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder
from services.intake.domain.scope import EVERY_TYPE
from services.intake.use_cases.keys import KeyTermsInvalid, check_terms
from shared.kernel.funders import Funder

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make, list and revoke the keys with which platforms speak to intake.",
)


@app.command()
def create(
    platform: Annotated[str, typer.Argument(help="Small letters, digits and hyphens: citeslab.")],
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="An event type that it may emit; repeat it. Default: all.")
    ] = None,
    funder: Annotated[
        list[Funder] | None, typer.Option(help="A funder in whose name it may engage and pay; repeat it.")
    ] = None,
) -> None:
    """Make a key and show it, once: only its hash is kept. Ends with 2 for a name or a type that there cannot be."""
    event_types = type_ or (EVERY_TYPE,)
    try:
        check_terms(platform, event_types)
    except KeyTermsInvalid as error:
        complain(str(error))
        raise typer.Exit(Exit.MISUSED) from error
    intake = compose("intake", state_folder())
    made = asyncio.run(
        intake.app.create_key(
            intake.settings, platform=platform, event_types=event_types, funders=funder or ()
        )
    )  # fmt: skip
    show_new_key(made, whose=platform)


@app.command("list")
def list_keys() -> None:
    """List all keys: whose they are, what they allow, whether they stand."""
    intake = compose("intake", state_folder())
    table = Table(box=None)
    for column in ("prefix", "platform", "types", "funders", "made", "revoked"):
        table.add_column(column)
    for key in asyncio.run(intake.app.list_keys(intake.settings)):
        types = "all" if EVERY_TYPE in key.event_types else ", ".join(key.event_types)
        made, revoked = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.revoked_at))
        table.add_row(key.prefix, key.platform, types, ", ".join(key.funders), made, revoked)
    out.print(table)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="As `fabrique key list` shows it.")]) -> None:
    """Revoke a key; intake refuses it within two seconds."""
    intake = compose("intake", state_folder())
    if not asyncio.run(intake.app.revoke_key(intake.settings, prefix)):
        complain(f"No key {prefix} stands. `fabrique key list` shows those that do.")
        raise typer.Exit(Exit.FOUND)
    say(f"{prefix} is revoked")
