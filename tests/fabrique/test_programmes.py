"""A programme file at the command line: checked without a service, opened once, refused with its lines."""

from pathlib import Path

import pytest

from fabrique.commands.screen import Exit
from tests.fabrique.conftest import OPERATOR_KEY, Run, Type
from tests.fabrique.test_territory import PROGRAMME

SPLIT = """\

[[credit]]
funder = "STATE"
exercise = 2016
amount = "100.01"
split = "equal"
payment_credits = "same"

[[rules]]
exercise = 2016
funders = "each"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a credit that does not divide evenly, and a rule."""
    path = tmp_path / "lens.toml"
    path.write_text(PROGRAMME + SPLIT)
    return path


def test_a_file_is_checked_without_any_service(typed: Type, file: Path) -> None:
    found = typed("programme", "check", str(file))
    assert (found.code, found.shown.splitlines()) == (Exit.DONE, [
        "CDC 2016: 200.00 € in 2 envelopes",
        "STATE 2016: 100.01 € in 2 envelopes, 100.01 € of payment credits",
        "STATE.2016 does not divide evenly: one cent more than the others for CV219",
        "rules for 2016",
    ])  # fmt: skip


@pytest.mark.parametrize("word", ["check", "open"])
def test_each_line_at_fault_is_named(typed: Type, file: Path, word: str) -> None:
    file.write_text((PROGRAMME + SPLIT).replace('"each"', '"alone"').replace('"100.01"', "100.01"))
    found = typed("programme", word, str(file))
    lines = found.complained.splitlines()
    assert (found.code, found.shown) == (Exit.FOUND, "")
    assert [line.partition(":")[0] for line in lines] == ["lens.toml"] * 2
    assert ('line 27: credit.2.amount: write it between quotes: "100.01"' in lines[0], "line 33" in lines[1]) == (
        True,
        True,
    )


def test_a_file_that_is_not_text_is_refused(typed: Type, file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    assert "save it as such" in typed("programme", "check", str(file)).complained


def test_a_programme_is_opened_once(fabrique: Run, file: Path) -> None:
    first = fabrique("programme", "open", str(file), FUNDING_OPERATOR_KEY=OPERATOR_KEY)
    assert first.code == Exit.DONE
    assert "rules of CV219.2016: version 1" in first.shown
    assert "· Fabrique à Entreprendre: " in first.shown
    again = fabrique("programme", "open", str(file), FUNDING_OPERATOR_KEY=OPERATOR_KEY)
    assert (again.code, "opened" in again.shown, "rules of" in again.shown) == (Exit.DONE, False, False)
    assert "of 4 envelopes 0 newly open" in again.shown


def test_another_key_than_the_operator_s_is_refused(fabrique: Run, file: Path) -> None:
    refused = fabrique("programme", "open", str(file), FUNDING_OPERATOR_KEY="another")
    assert (refused.code, "operator-unknown" in refused.complained) == (Exit.FOUND, True)
