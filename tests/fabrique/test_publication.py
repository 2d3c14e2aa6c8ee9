"""A year's grants for publication by the command line: names are given, never kept and never shown."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from fabrique.commands.screen import Exit
from fabrique.embedded.postgres import Postgres
from services.funding.downloads.scdl import faults
from tests.fabrique.conftest import Type, Typed
from tests.services.funding.managers_pages import act, at, declared
from tests.support.commitment_events import named, records
from tests.support.ledger import open_ledger

NAME, PERSON = "ASSOC CTRE SOCIALE ECLATE", "MADAME SECRETE"
HEAD = "commitment,siret,name,legal_category,convention_on\n"


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Iterator[str]:
    """Funding's database: three commitments of 30 000 €, engaged; the first is paid at once."""
    name = f"scdl_{uuid4().hex}"
    postgres.create_database(name)

    async def fill() -> None:
        async with open_ledger(postgres.url(name)) as ledger:
            await ledger.open(
                [{"open": "CV219.CDC.2016", "amount_cents": 900_000_00}], partition=0, clock=lambda: at(4, 4)
            )
            told = [declared(each, number, 30_000_00) for number, each in enumerate("abc", 1)]
            told += [act("CommitmentEngaged", each, number, at(9, number), 30_000_00) for number, each in
                     enumerate("abc", 4)]  # fmt: skip
            told.append(act("PaymentMade", "a", 7, at(9, 25), 30_000_00, kind="advance", occurred_on="2016-09-20"))
            await ledger.decide(records(told), [7])

    asyncio.run(fill())
    yield postgres.url(name)
    postgres.drop_database(name)


def scdl(typed: Type, database: str, folder: Path, names: str, *more: str) -> Typed:
    (folder / "names.csv").write_text(names)
    return typed(
        "ledger", "scdl", str(folder / "out.csv"), "--year", "2016", "--funder", "CDC", "--names",
        str(folder / "names.csv"), "--authority", "Caisse des Dépôts", "--authority-siret", "18002002600019", *more,
        FABRIQUE_STATE_DIR=str(folder), FUNDING_DATABASE_URL=database,
    )  # fmt: skip


def test_a_year_is_published_valid_and_what_is_not_is_listed_with_its_reason(
    typed: Type, database: str, tmp_path: Path
) -> None:
    lines = (f"{named('a')},39231384700015,{NAME},9220,2016-09-02\n"
             f"{named('b')},21620160800017,{PERSON},1000,2016-09-02\n")  # fmt: skip
    said = scdl(typed, database, tmp_path, HEAD + lines)
    assert said.code == Exit.DONE, said.complained
    text = (tmp_path / "out.csv").read_text()
    assert [*faults(text)] == []
    [row] = csv.DictReader(text.splitlines())
    assert (row["nomBeneficiaire"], row["montant"], row["dateConvention"]) == (NAME, "30000.00", "2016-09-02")
    assert (row["conditionsVersement"], row["datesPeriodeVersement"]) == ("unique", "2016-09-20")
    assert f"{named('b')}  natural-person" in said.shown
    assert f"{named('c')}  name-missing" in said.shown
    assert "of no grant" not in said.shown
    assert PERSON not in text + said.shown + said.complained
    assert NAME not in said.shown + said.complained


def test_a_file_of_names_that_is_wrong_is_refused_by_line_and_column_without_its_content(
    typed: Type, database: str, tmp_path: Path
) -> None:
    lines = f"{named('a')},39231384700016,{NAME},9220,\n{named('b')},39231384700015,,9220,\nx,39231384700015,{NAME},,"
    said = scdl(typed, database, tmp_path, HEAD + lines)
    assert said.code == Exit.MISUSED
    assert "line 2: siret: a SIRET has fourteen digits" in said.complained
    assert "line 3: name: fill it in" in said.complained
    assert "line 4: commitment: its identifier" in said.complained
    assert NAME not in said.complained
    assert not (tmp_path / "out.csv").exists()
    said = scdl(typed, database, tmp_path, "commitment,name\n")
    assert "line 1: add the column siret" in said.complained


def test_nothing_to_publish_is_said_and_nothing_is_written(typed: Type, database: str, tmp_path: Path) -> None:
    said = scdl(typed, database, tmp_path, HEAD)
    assert said.code == Exit.FOUND
    assert "3 not published, name-missing: give its SIRET and name in the file of names" in said.shown
    assert "There is nothing to publish" in said.complained
    assert not (tmp_path / "out.csv").exists()


def test_names_of_no_grant_are_counted(typed: Type, database: str, tmp_path: Path) -> None:
    lines = "".join(f"{named(name)},39231384700015,{NAME},9220,2016-09-02\n" for name in ("a", "never-engaged"))
    said = scdl(typed, database, tmp_path, HEAD + lines)
    assert "1 of the names: of no grant that CDC engaged in 2016" in said.shown
