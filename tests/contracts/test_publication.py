"""Holds docs/ to the models: what is generated is committed, and a drift is named."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.contracts import __main__ as command_line
from shared.contracts.__main__ import USAGE, check, main
from shared.contracts.publication import ROOT, publication, version

SCHEMAS = Path("docs/schemas")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy what the command reads, so that a test may spoil it."""
    for folder in ("shared/contracts", "shared/kernel", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("shared/__init__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree: Path, command: str) -> tuple[int, str]:
    """Run the command in a tree; return its status and what it said."""
    line = [sys.executable, "-m", "shared.contracts", command]
    done = subprocess.run(line, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603  our own command
    return done.returncode, done.stderr


def spoil(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_is_committed_is_what_the_models_say() -> None:
    assert check() == []


def test_nothing_is_generated_from_the_clock_or_the_machine() -> None:
    first, second = publication(), publication()
    assert first == second
    machine = (str(ROOT), str(Path.home()))
    assert not [path for path, text in first.items() if any(word in text for word in machine)]


def test_check_names_each_file_that_drifted_and_no_other(tree: Path) -> None:
    spoil(tree / SCHEMAS / "intake.commitment.v1/PaymentMade.json", '"minimum": 1', '"minimum": 2')
    (tree / SCHEMAS / "examples/partner/PaymentMade.json").unlink()
    (tree / SCHEMAS / "partner/NothingDone.json").write_text("{}")
    spoil(tree / "docs/asyncapi.yaml", "address: funding.territory.v1", "address: funding.territories.v1")
    spoil(tree / "docs/subscribers-guide.md", "| `funding.territory.v1` |", "| `funding.territories.v1` |")

    status, said = run(tree, "check")

    assert status == 1
    assert [line.partition(":")[0] for line in said.splitlines()[:-1]] == [
        "docs/schemas/intake.commitment.v1/PaymentMade.json",
        "docs/schemas/examples/partner/PaymentMade.json",
        "docs/asyncapi.yaml",
        "docs/subscribers-guide.md",
        "docs/schemas/partner/NothingDone.json",
    ]
    assert run(tree, "write") == (0, "")
    assert run(tree, "check") == (0, "")


def test_a_model_that_breaks_the_released_schemas_is_not_released(tree: Path) -> None:
    spoil(tree / "shared/contracts/commitment.py", "    kind: PaymentKind = ", "    payment_kind: PaymentKind = ")
    spoil(tree / "shared/contracts/examples/intake.py", "kind=PaymentKind", "payment_kind=PaymentKind")
    spoil(tree / "shared/contracts/examples/told.py", "kind=PaymentKind", "payment_kind=PaymentKind")
    assert run(tree, "write") == (0, "")
    before = (tree / SCHEMAS / "baseline.json").read_text()
    broken = [
        "partner/PaymentMade/kind: the field is gone",
        "partner/PaymentMade/payment_kind: the field is now required",
        "intake.commitment.v1/PaymentMade/kind: the field is gone",
        "intake.commitment.v1/PaymentMade/payment_kind: the field is now required",
    ]

    for command in ("check", "release"):
        status, said = run(tree, command)
        assert status == 1
        assert sorted(said.splitlines()[:-1]) == sorted(broken)
    assert (tree / SCHEMAS / "baseline.json").read_text() == before


def test_a_schema_that_grows_is_released(tree: Path) -> None:
    spoil(tree / "shared/contracts/reasons.py", 'NO_ROOM = "no-room"', 'NO_ROOM = "no-room"\n    LATE = "late"')
    assert run(tree, "write") == (0, "")
    assert run(tree, "release") == (0, "")
    assert "late" in (tree / SCHEMAS / "baseline.json").read_text()


def test_a_missing_baseline_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "BASELINE", ROOT / SCHEMAS / "lost.json")
    assert check() == ["docs/schemas/lost.json: missing; `release` writes it"]


def test_the_baseline_is_the_one_of_this_version() -> None:
    baseline = json.loads((ROOT / SCHEMAS / "baseline.json").read_text())
    assert baseline["release"] == version(), "a version is released with `python -m shared.contracts release`"


@pytest.mark.parametrize("arguments", [[], ["wrote"], ["write", "check"]])
def test_a_command_that_is_not_understood_changes_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == USAGE
