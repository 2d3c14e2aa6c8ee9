"""`fabrique grants` computes what is committed: the document, its pictures and the page's files are not out of date."""

import csv
import io
import re
from pathlib import Path

import pytest

from fabrique.commands.screen import Exit
from fabrique.grants import Comparison, compare, shipped_grants
from fabrique.grants.document import DOCUMENT, ROOT, files, views_of
from services.reporting.domain.grants import Key, Placed, Unusable
from services.reporting.pages.grants_data import as_csv, compared_lines, from_csv, unusable_lines
from tests.fabrique.conftest import Type


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(shipped_grants())


def test_what_is_committed_is_what_the_shipped_grants_give(comparison: Comparison) -> None:
    stale = [
        str(path)
        for path, text in files(comparison).items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `fabrique grants write`"
    kept = {path.name for path in (ROOT / "docs/pictures").glob("grants-*")}
    assert kept == {path.name for path in files(comparison) if path.suffix == ".svg"}


def test_what_the_page_reads_is_the_comparison_to_the_cent(comparison: Comparison) -> None:
    assert list(compared_lines()) == list(comparison.placed)
    assert list(unusable_lines()) == list(comparison.unusable)
    assert from_csv(Placed, as_csv(Placed, comparison.placed)) == list(comparison.placed)
    assert from_csv(Unusable, as_csv(Unusable, comparison.unusable)) == list(comparison.unusable)


def test_the_words_of_the_document_hold(comparison: Comparison) -> None:
    for view in views_of(comparison):
        moved = {line.key: line.moved or 0 for line in view.keys}
        assert all(0.35 < moved[key] < 0.45 for key in (Key.POPULATION, Key.EQUAL, Key.MIX)), "about four tenths"
        assert moved.get(Key.CASELOAD, 0) < 0.35 / 2, "the year before comes nearer than any other"
        assert view.lines[0].name.short == "Boulonnais", "given most"
        for key in view.keys[:3]:
            assert -view.lines[0].by_key[key.key].difference_cents > key.moved_cents / 2, "mostly from the Boulonnais"
        assert view.unit_cents, "every grant of an exercise is worth the same"


def test_every_link_and_picture_of_the_document_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / DOCUMENT).read_text(encoding="utf-8"))
    assert len(links) == 5
    assert [link for link in links if not (ROOT / DOCUMENT.parent / link).exists()] == []


def test_the_comparison_is_shown_by_exercise(typed: Type) -> None:
    said = typed("grants", "compare", "--exercise", "2023")
    assert said.code == Exit.DONE
    for figure in ("1 263 120.88", "-930 632.27", "42.3 %", "81 (1 827 014.13)", "contract-missing"):
        assert figure in said.shown
    assert "973 877.94" in typed("grants", "compare").shown


def test_the_comparison_is_taken_away_as_csv(typed: Type) -> None:
    said = typed("grants", "compare", "--format", "csv", "--exercise", "2021")
    rows = list(csv.DictReader(io.StringIO(said.shown)))
    assert len(rows) == 11 * len(Key)
    assert {row["exercise"] for row in rows} == {"2021"}
    assert sum(int(row["share_cents"]) for row in rows if row["key"] == "equal") == 281_005_480


def test_the_document_is_what_markdown_shows(typed: Type) -> None:
    shown = typed("grants", "compare", "--format", "markdown").shown
    assert shown == (ROOT / DOCUMENT).read_text(encoding="utf-8")


def test_the_files_are_written_into_the_project_and_nowhere_else(
    typed: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, comparison: Comparison
) -> None:
    monkeypatch.setattr("fabrique.commands.grants.ROOT", tmp_path)
    said = typed("grants", "write")
    assert (said.code, list(tmp_path.iterdir())) == (Exit.IMPOSSIBLE, [])
    assert "no docs/" in said.complained
    (tmp_path / "docs").mkdir()
    assert typed("grants", "write").code == Exit.DONE
    written = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path: file.read_text(encoding="utf-8") for path, file in written.items()} == files(comparison)


def test_an_exercise_that_is_not_in_the_file_is_said(typed: Type) -> None:
    said = typed("grants", "compare", "--exercise", "1999")
    assert said.code == Exit.FOUND
    assert "nothing of 1999" in said.complained
