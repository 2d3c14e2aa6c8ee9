"""`envelope list|show|increase|reduce|…`: a manager looks at envelopes and changes them."""

import re
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import typer

from fabrique.commands.desk import Key, at_desk, complain_of, done
from fabrique.commands.screen import Exit, out
from fabrique.desk.client import Desk, Json, NotDone
from fabrique.desk.screen import command_line, effect_lines, envelope_table
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look at envelopes and change them; first shows what would happen.",
)
_EUROS = re.compile(r"([0-9]{1,12})(?:\.([0-9]{2}))?")


def cents(euros: str) -> int:
    """Read euros, with two decimals or none, as cents."""
    found = _EUROS.fullmatch(euros)
    if found is None:
        raise typer.BadParameter("write euros as 5000 or 5000.00")
    return int(found[1]) * 100 + int(found[2] or 0)


Name = Annotated[str, typer.Argument(metavar="ENVELOPE", help="As `fabrique envelope list` shows it: CV219.CDC.2016.")]
To = Annotated[str, typer.Argument(metavar="RECEIVER", help="The envelope that receives.")]
Amount = Annotated[int, typer.Argument(metavar="EUROS", parser=cents, help="To be engaged (AE): 5000 or 5000.00.")]
Payment = Annotated[
    int, typer.Option(metavar="EUROS", parser=cents, help="To be paid (CP), where there are such credits.")
]
Why = Annotated[str, typer.Option("--reason", help="A word: reprogramming.")]
Since = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The day from which it counts. Default: today.")
]
Displace = Annotated[bool, typer.Option("--displace", help="Send back, last in first out, who stands in the way.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
NOTHING: Any = "0"


class How(NamedTuple):
    """Why a command is given and from when, and how it is asked for."""

    reason: str
    since: datetime | None
    dry_run: bool
    yes: bool
    key: str


@app.command("list")
def list_envelopes(
    contract: Annotated[str | None, typer.Option(help="One contract only: CV219.")] = None, key: Key = ""
) -> None:
    """List envelopes and their balances, in euros."""
    with at_desk(key) as desk:
        out.print(envelope_table(desk.envelopes(contract)))


@app.command()
def show(name: Name, key: Key = "") -> None:
    """Show one envelope, and the last commands that concerned it."""
    with at_desk(key) as desk:
        out.print(envelope_table([desk.envelope(name)]))
        for command in desk.commands({"envelope": name, "limit": 20})["commands"]:
            out.print(command_line(command), soft_wrap=True)


@app.command("unfreeze", help="Let a frozen part be used again; who waits is served.")
@app.command("increase", help="Authorise more; who waits is served.")
def give(
    context: typer.Context, *, name: Name, amount: Amount, reason: Why, payment: Payment = NOTHING,
    since: Since = None, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Let more be used, as the word that was typed does it."""
    terms = {"amount_cents": amount, "payment_cents": payment}
    _command(_typed(context), name, terms, How(reason, since, dry_run, yes, key))


@app.command("freeze", help="Keep a part from being used for now.")
@app.command("reduce", help="Authorise less.")
def take(
    context: typer.Context, *, name: Name, amount: Amount, reason: Why, payment: Payment = NOTHING,
    since: Since = None, displace: Displace = False, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Let less be used, as the word that was typed does it."""
    terms = {"amount_cents": amount, "payment_cents": payment, "displace": displace}
    _command(_typed(context), name, terms, How(reason, since, dry_run, yes, key))


@app.command(
    "carry-over",
    help="Move credit to the next exercise of the same contract and funder, before the envelope is closed.",
)
@app.command("transfer", help="Move credit to another contract's envelope of the same funder and exercise.")
def move(
    context: typer.Context, *, name: Name, to: To, amount: Amount, reason: Why, payment: Payment = NOTHING,
    since: Since = None, displace: Displace = False, dry_run: DryRun = False, yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """Move credit to a second envelope, as the word that was typed does it."""
    terms = {"amount_cents": amount, "payment_cents": payment, "displace": displace, "to": to}
    _command(_typed(context), name, terms, How(reason, since, dry_run, yes, key))


@app.command()
def close(
    *, name: Name, reason: Why, since: Since = None, displace: Displace = False, dry_run: DryRun = False,
    yes: Yes = False, key: Key = "",
) -> None:  # fmt: skip
    """End the exercise: what is left is authorised no more. With --displace, who is reserved or waits is let go."""
    _command("close", name, {"displace": displace}, How(reason, since, dry_run, yes, key))


def _typed(context: typer.Context) -> str:
    """The word under which a command was typed: its kind."""
    return str(context.info_name)


def _command(kind: str, name: str, terms: Json, how: How) -> None:
    """Show what would happen, ask, and do it when the envelope is still as it was shown."""
    day = (how.since or utc_now()).date().isoformat()
    order = {"command_id": str(new_id()), "kind": kind, "envelope": name, "reason": how.reason, "effective_on": day}
    order |= terms
    with at_desk(how.key) as desk:
        tried = _tried(desk, order)
        for line in effect_lines(tried):
            out.print(line, soft_wrap=True)
        if tried["needs_approval"]:
            out.print("[wait]It is so much that another manager must approve it.[/]")
        if how.dry_run:
            return
        if not how.yes:
            typer.confirm("Do it?", abort=True)
        before = tried["outcome"]["envelopes"][0]["before"]["version"]
        try:
            done(desk.command({**order, "expected_version": before}, dry_run=False))
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused


def _tried(desk: Desk, order: Json) -> Json:
    """What would happen. Ends with 1 when it is refused, and says who stands in the way."""
    try:
        return desk.command(order, dry_run=True)
    except NotDone as refused:
        complain_of(refused)
        raise typer.Exit(Exit.FOUND) from refused
