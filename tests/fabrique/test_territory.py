"""Mergers of EPCI at the command line: shown, asked, told once, listed, annulled, refused with a remedy."""

import httpx
import pytest
import typer

from fabrique.commands.screen import Exit
from tests.fabrique.conftest import OPERATOR_KEY, Run

PROGRAMME = """\
[programme]
id = "pas-de-calais"
name = "Fabrique à Entreprendre"

[[contract]]
code = "CV219"
name = "CA de Lens-Liévin"
epci_siren = "246200364"
priority = true
qpv_population = 201

[[contract]]
code = "CV221"
name = "CA d'Hénin-Carvin"
epci_siren = "246200299"
priority = true
qpv_population = 100

[[credit]]
funder = "CDC"
exercise = 2016
amount_per_contract = "100.00"
"""
MERGE = ("territory", "merge", "artois-2017", "246200364", "246200299", "--into", "200072460", "--called",
         "CA de l’Artois", "--from", "2017-01-01", "--reason", "court")  # fmt: skip


@pytest.fixture
def attached(office: tuple[str, str]) -> None:
    """Two contracts attached to their EPCI by a programme file."""
    answer = httpx.put(f"{office[0]}/v1/programme", content=PROGRAMME.encode(),
                       headers={"authorization": f"Bearer {OPERATOR_KEY}"})  # fmt: skip
    assert answer.status_code == 200


def test_nothing_told_of_the_territory_is_said_to_be_nothing(fabrique: Run) -> None:
    assert "Nothing was told of the territory." in fabrique("territory", "list").shown


@pytest.mark.usefixtures("attached")
def test_a_merger_is_shown_then_told_once_and_listed(fabrique: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    dry = fabrique(*MERGE, "--dry-run")
    assert (dry.code, dry.shown.strip()) == (Exit.DONE, "It concerns CV219, CV221; no envelope moves.")
    monkeypatch.setattr(typer, "confirm", _abort)
    assert fabrique(*MERGE).code != Exit.DONE
    assert [line[0] for line in fabrique("territory", "list").shown.splitlines()] == ["1", "2"]
    for said in ("artois-2017 is told: number 3", "artois-2017 was told before: number 3. Nothing is to be done."):
        told = fabrique(*MERGE, "--yes")
        assert (told.code, said in told.shown) == (Exit.DONE, True)
    listed = fabrique("territory", "list").shown.splitlines()
    assert listed == [
        "1  2016-12-01 12:00  CV219  attached to 246200364 CA de Lens-Liévin  programme  by operator",
        "2  2016-12-01 12:00  CV221  attached to 246200299 CA d'Hénin-Carvin  programme  by operator",
        "3  2016-12-01 12:00  artois-2017  246200299 + 246200364 became 200072460 on 2017-01-01  court  by operator",
    ]


@pytest.mark.usefixtures("attached")
def test_a_merger_is_annulled_once_and_a_day_that_nobody_knows_is_said_to_be(fabrique: Run) -> None:
    fabrique(*MERGE, "--yes")
    annul = ("territory", "annul", "artois-2017", "--reason", "court", "--yes", "--from")
    done = fabrique(*annul, "2018-06-30", "--day-unknown")
    assert "It concerns CV219, CV221; no envelope moves." in done.shown
    assert "artois-2017 is told: number 4" in done.shown
    *_, last = fabrique("territory", "list").shown.splitlines()
    assert last == (
        "4  2016-12-01 12:00  artois-2017  annulled from 2018-06-30 on (day unknown)  court  by operator"
    )  # fmt: skip
    again = fabrique(*annul, "2019-06-30")
    assert (again.code, "it is annulled once" in again.complained) == (Exit.FOUND, True)


@pytest.mark.usefixtures("attached")
@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("annul", "nowhere-2017", "--from", "2017-01-01"), "no merger has this name"),
        (("merge", "far-2017", "200033579", "--into", "200072460", "--called", "Far", "--from", "2017-01-01"),
         "no contract belongs to these EPCI on that day"),
        (("merge", "short-2017", "2000", "--into", "200072460", "--called", "Short", "--from", "2017-01-01"),
         "/predecessors/0"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_with_its_remedy(fabrique: Run, words: tuple[str, ...], remedy: str) -> None:
    said = fabrique("territory", *words, "--reason", "court", "--yes")
    assert (said.code, remedy in " ".join(said.complained.split())) == (Exit.FOUND, True)
    assert len(fabrique("territory", "list").shown.splitlines()) == 2


def _abort(_: str, *, abort: bool) -> None:
    assert abort
    raise typer.Abort
