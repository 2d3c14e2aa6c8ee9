"""`grants compare|write`: the State's real grants beside what keys would have given."""

import sys
from typing import Annotated, Literal

import typer

from fabrique.commands.screen import Exit, complain, out, say
from fabrique.grants import Comparison, compare, shipped_grants
from fabrique.grants.document import ROOT, document, files, views_of
from fabrique.grants.screen import contracts_table, keys_table, unusable_table
from services.reporting.domain.grants import Placed
from services.reporting.pages.grants_data import as_csv

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Compare the State's real grants of 2020–2023 with what keys would have given each contract.",
)


@app.command("compare")
def compare_command(
    exercise: Annotated[int | None, typer.Option(help="One exercise only: 2023.")] = None,
    form: Annotated[
        Literal["table", "csv", "markdown"], typer.Option("--format", help="csv has every figure, in cents.")
    ] = "table",
) -> None:
    """Show, for each exercise, what each contract was given and what each key would have given it.

    Each key splits the total that was really granted. Then the real grants are declared to the envelopes of each key by
    funding's own rule, and counted as served, waiting or refused. Nothing is asked of a running stack.
    """
    found = compare(shipped_grants())
    if exercise is not None:
        found = Comparison(
            [line for line in found.placed if line.exercise == exercise],
            [each for each in found.unusable if each.exercise == exercise],
        )
    if not found.placed:
        complain(f"The file of grants has nothing of {exercise}.")
        raise typer.Exit(Exit.FOUND)
    match form:
        case "csv":
            sys.stdout.write(as_csv(Placed, found.placed))
        case "markdown":
            sys.stdout.write(document(views_of(found)))
        case "table":
            _show(found)


@app.command()
def write() -> None:
    """Write the comparison into the project: the document, its pictures, and the files that the page reads.

    For whoever changed the grants' file, the split or the rule of decision; a test says when it has to be done.
    """
    if not (ROOT / "docs").is_dir():
        complain("This is not the project's own folder: there is no docs/ to write to.")
        raise typer.Exit(Exit.IMPOSSIBLE)
    for path, text in files(compare(shipped_grants())).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        say(str(path))


def _show(found: Comparison) -> None:
    for view in views_of(found):
        out.print(contracts_table(view))
        out.print(keys_table(view.keys))
        out.print()
    out.print(unusable_table(found.unusable))
