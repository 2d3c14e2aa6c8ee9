"""`ledger scdl`: one funder's grants of a year as the SCDL *subventions* wants them, for publication."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from stdnum.fr import siret

from fabrique.commands.books import read_books
from fabrique.commands.screen import Exit, complain, out, say
from fabrique.ledger.names import NamesUnusable, read_names
from fabrique.ledger.scdl import grants_of
from services.funding.domain.publication import REMEDIES, Publication, Terms, publish
from services.funding.downloads.scdl import Fault, faults, scdl_text
from shared.kernel.funders import Funder


def scdl(  # noqa: PLR0917  each is an option, given by name
    file: Annotated[Path, typer.Argument(dir_okay=False, help="What lies there is replaced.")],
    year: Annotated[int, typer.Option(help="The exercise: 2016.")],
    funder: Annotated[Funder, typer.Option(help="Whose grants.")],
    names: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="CSV: commitment, siret, name, …")],
    authority: Annotated[str, typer.Option(help="Official name of who grants (nomAttribuant).")],
    authority_siret: Annotated[str, typer.Option(help="Its SIRET (idAttribuant).")],
    all_amounts: Annotated[bool, typer.Option("--all", help="Also up to 23 000 € a year.")] = False,
    legal_persons: Annotated[
        bool, typer.Option("--legal-persons", help="I answer for it that no name of the file is a natural person's.")
    ] = False,
    known_day: Annotated[
        bool, typer.Option("--known-day", help="Take the day on which it was known for a missing convention_on.")
    ] = False,
) -> None:
    """Write the grants of a year for publication (SCDL subventions 2.1.1), validated against its schema.

    The ledger holds no name: `--names` gives them, and is read only. Natural persons are never published. What is not
    published is listed with its reason.
    """
    if not siret.is_valid(authority_siret) or not authority.strip():
        complain("--authority and --authority-siret: the official name of who grants, and its fourteen digits.")
        raise typer.Exit(Exit.MISUSED)
    if not file.absolute().parent.is_dir():
        complain(f"There is no folder {file.absolute().parent}.")
        raise typer.Exit(Exit.MISUSED)
    try:
        known = read_names(names)
    except NamesUnusable as error:
        for problem in error.problems:
            complain(f"{names}: {problem}.")
        raise typer.Exit(Exit.MISUSED) from error
    say(f"{len(known)} names read")
    grants = read_books(lambda journal: grants_of(journal, funder, year, lambda count: say(f"{count} facts read")))
    terms = Terms(authority.strip(), siret.compact(authority_siret), year, all_amounts, legal_persons, known_day)
    if idle := len(known.keys() - {grant.commitment_id for grant in grants if grant.engaged_cents > 0}):
        say(f"{idle} of the names: of no grant that {funder} engaged in {year} and did not give up")
    publication = publish(grants, known, terms)
    _hand_over(publication, file)


def _hand_over(publication: Publication, file: Path) -> None:
    """Write what the schema takes, whole or not at all, and list what is kept back."""
    text = scdl_text(publication.rows)
    if found := [*faults(text)]:
        _complain_of(found)
        raise typer.Exit(Exit.IMPOSSIBLE)
    for identifier, reason in publication.kept:
        out.print(f"{identifier}  {reason}", soft_wrap=True)
    for reason, count in sorted(Counter(reason for _, reason in publication.kept).items()):
        say(f"{count} not published, {reason}: {REMEDIES[reason]}")
    if not publication.rows:
        complain("There is nothing to publish, so nothing was written.")
        raise typer.Exit(Exit.FOUND)
    _write(text, file)
    say(f"{file}: {len(publication.rows)} published, valid by SCDL subventions 2.1.1")


def _write(text: str, file: Path) -> None:
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _complain_of(found: Iterable[Fault]) -> None:
    for fault in found:
        complain(f"row {fault.row}, {fault.column}: {fault.remedy}.")
    complain("Nothing was written: the schema does not take these rows.")
