"""`ledger balance|account|commitment|explain|check|export|scdl`: the books as accountants and auditors read them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer
from rich.markup import escape

from fabrique.commands.books import read_books
from fabrique.commands.publication import scdl
from fabrique.commands.screen import Exit, complain, out, say
from fabrique.ledger.examination import examine
from fabrique.ledger.export import Format, export, write
from fabrique.ledger.screen import balance_table, commitment_head, entry_line, examined, step_lines
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder
from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import Account
from services.funding.domain.journal import Record, TrialBalance, funder_of, statement, trial_balance
from services.funding.domain.published import life

if TYPE_CHECKING:
    from services.funding.store.journal import Journal

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Read the books: balances, entries, the life of a commitment; examine them whole; take them away.",
)
app.command()(scdl)


@app.command()
def balance(
    contract: Annotated[str | None, typer.Option(help="One contract only: CV219.")] = None,
    exercise: Annotated[int | None, typer.Option(help="One exercise only: 2016.")] = None,
    by: Annotated[Literal["envelope", "funder"], typer.Option(help="What accounts are added up by.")] = "envelope",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, amounts in cents.")] = False,
) -> None:
    """Show the trial balance: all that reached and left each account, and what stands on it, in euros.

    It is added up from the postings. A debit reaches an account, a credit leaves it; both totals agree.
    """
    sums = read_books(lambda journal: journal.sums(contract=contract, exercise=exercise))
    balanced = trial_balance(sums, of=funder_of if by == "funder" else str)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(balanced, by), indent=2) + "\n")
        return
    if not balanced.rows:
        complain("Nothing is posted there.")
        raise typer.Exit(Exit.FOUND)
    out.print(balance_table(balanced, by))


@app.command()
def account(
    envelope: Annotated[str, typer.Argument(help="As `fabrique ledger balance` shows it: CV219.CDC.2016.")],
    name: Annotated[Account | None, typer.Argument(metavar="[ACCOUNT]", help="Default: all of its accounts.")] = None,
) -> None:
    """Show the entries of an envelope's accounts in order, and what stood on the account after each.

    Each says when it was known, the place (partition/sequence) and type of the allocation fact that it comes from, and
    the commitment.
    """
    records = read_books(lambda journal: _all(journal.of_envelope(envelope)))
    entries = 0
    for entry in statement(records, name):
        out.print(entry_line(entry), soft_wrap=True)
        entries += 1
    if not entries:
        complain(f"{envelope} has no entries{f' on {name}' if name else ''}. `fabrique ledger balance` shows who has.")
        raise typer.Exit(Exit.FOUND)


@app.command()
def commitment(
    identifier: Annotated[UUID, typer.Argument(help="The commitment, as facts and pages name it.")],
) -> None:
    """Show the life of one commitment: each decision, the event that caused it, its postings, where it left it."""
    row, records = read_books(lambda journal: _commitment(journal, identifier))
    if row is None and not records:
        complain(f"Nothing was ever decided about {identifier}.")
        raise typer.Exit(Exit.FOUND)
    if row is not None:
        out.print(commitment_head(row), soft_wrap=True)
    for step in life(records):
        for line in step_lines(step):
            out.print(line, soft_wrap=True)


@app.command()
def explain(
    identifier: Annotated[UUID, typer.Argument(help="The commitment, as facts and pages name it.")],
    lang: Annotated[Literal["fr", "en"], typer.Option(help="In which language.")] = "fr",
) -> None:
    """Say in words why a commitment stands where it stands: what was free, which rule decided, what caused it."""
    composed = compose("funding", state_folder())
    explanation = asyncio.run(composed.app.explain_commitment(composed.settings, identifier, lang))
    if explanation is None:
        complain(f"Nothing was ever decided about {identifier}.")
        raise typer.Exit(Exit.FOUND)
    for sentence in explanation.sentences:
        out.print(escape(sentence), soft_wrap=True)


@app.command()
def check() -> None:
    """Examine the books whole, and name each difference.

    Every posting is computed again from the published fact that made it, every balance, version and waiting count from
    the postings and facts, every commitment from its decisions, what each exercise paid of it from its payments, its
    score from the trail of commands; no account may ever have fallen below zero. All is of one moment, so it may run
    while others work. Ends with 1 when anything differs.
    """
    audit = read_books(examine)
    for difference in audit.differences:
        out.print(f"[bad]{escape(str(difference))}[/] [quiet]({difference.rule})[/]", soft_wrap=True)
    out.print(f"[{'bad' if audit.differences else 'good'}]{examined(audit)}[/]", soft_wrap=True)
    if audit.differences:
        raise typer.Exit(Exit.FOUND)


@app.command("export")
def export_books(
    file: Annotated[
        Path,
        typer.Argument(
            dir_okay=False, allow_dash=True, help="What lies there is replaced; - writes to standard output."
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="beancount is for accountants.")] = Format.CSV,
) -> None:
    """Write the whole journal to a file: the same books always give the same bytes.

    As beancount it ends with what each balance must be, which `bean-check` proves from the transactions.
    """
    if str(file) == "-":
        read_books(lambda journal: write(journal, form, sys.stdout.buffer))
        return
    if not file.absolute().parent.is_dir():
        complain(f"There is no folder {file.absolute().parent}.")
        raise typer.Exit(Exit.MISUSED)
    written = read_books(lambda journal: export(journal, form, file))
    say(f"{file}: {written.length} bytes, SHA-256 {written.sha256}")


async def _all(records: AsyncIterator[Record]) -> list[Record]:
    return [record async for record in records]


async def _commitment(journal: "Journal", identifier: UUID) -> tuple[Commitment | None, list[Record]]:
    return await journal.commitment(identifier), await _all(journal.of_commitment(identifier))


def _as_json(balanced: TrialBalance, by: str) -> dict[str, Any]:
    rows = [
        {by: r.of, "account": r.account, "debit_cents": r.debits, "credit_cents": r.credits, "balance_cents": r.balance}
        for r in balanced.rows
    ]
    return {"rows": rows, "debit_cents": balanced.debits, "credit_cents": balanced.credits}
