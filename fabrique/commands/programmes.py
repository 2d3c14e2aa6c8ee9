"""`programme check|open`: what a programme file would open, and opening it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from fabrique.commands.desk import at_desk, complain_of
from fabrique.commands.screen import Exit, complain, out, say
from fabrique.desk.client import Json, NotDone
from services.funding.domain.journal import euros
from services.funding.programme import Programme, ProgrammeInvalid, odd_cents, openings, parse

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Check a programme file; open its envelopes and put its rules in force.",
)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A programme file (TOML).")]


@app.command()
def check(file: File) -> None:
    """Say what a file would open, and who gets the odd cents. Asks no service; exit code 1 names each line at fault."""
    for line in _content(_read(file)):
        out.print(line, soft_wrap=True)


@app.command("open")
def open_programme(file: File) -> None:
    """Open what is not open yet, and put rules in force; envelopes that exist stay as they are.

    Needs the operator's key: that of the running stack, or `FUNDING_OPERATOR_KEY`.
    """
    programme = _read(file)
    with at_desk("") as desk:
        try:
            answer = desk.open_programme(file.read_bytes())
        except NotDone as refused:
            complain_of(refused)
            raise typer.Exit(Exit.FOUND) from refused
    for line in _opened(answer):
        out.print(line, soft_wrap=True)
    say(f"{programme.programme.name}: of {answer['envelopes']} envelopes {len(answer['opened'])} newly open")


def _read(file: Path) -> Programme:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (ProgrammeInvalid, UnicodeDecodeError) as error:
        problems = error.problems if isinstance(error, ProgrammeInvalid) else ["the file is not UTF-8: save it as such"]
        for problem in problems:
            complain(f"{file.name}: {problem}")
        raise typer.Exit(Exit.FOUND) from error


def _content(programme: Programme) -> Iterator[str]:
    """One line a credit, then the odd cents, then the exercises that have rules."""
    opened = openings(programme)
    for funder, exercise in dict.fromkeys((o.funder, o.exercise) for o in opened):
        of_it = [o for o in opened if (o.funder, o.exercise) == (funder, exercise)]
        total = euros(sum(o.amount_cents for o in of_it))
        payable = sum(o.payment_cents or 0 for o in of_it)
        credits_ = "" if of_it[0].payment_cents is None else f", {euros(payable)} € of payment credits"
        yield f"{funder} {exercise}: {total} € in {len(of_it)} envelope{'s' * (len(of_it) > 1)}{credits_}"
    yield from _odd(odd_cents(programme))
    for exercise in sorted({table.exercise for table in programme.rules}):
        yield f"rules for {exercise}"


def _opened(answer: Json) -> Iterator[str]:
    """What came of it: envelopes, odd cents, versions of rules, and what was told of the territory."""
    yield from (f"opened {envelope}" for envelope in answer["opened"])
    yield from _odd(answer["odd_cents_to"])
    yield from (f"rules of {pair}: version {version}" for pair, version in answer["rules"].items())
    yield from (f"told of the territory: {each['kind']} {each['subject']}" for each in answer["territory"])


def _odd(credits_: Json) -> Iterator[str]:
    for credit, contracts in credits_.items():
        yield f"{credit} does not divide evenly: one cent more than the others for {', '.join(contracts)}"
