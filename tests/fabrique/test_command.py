"""The command line: each word helps, and what goes wrong is one sentence with a remedy and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fabrique.__main__ import app, main
from fabrique.commands.screen import Exit

WORDS = ("up", "demo", "import", "key", "lag", "quarantine", "reconcile", "provision", "migrate", "clean", "doctor")
GROUPS = {"key": ("create", "list", "revoke"), "quarantine": ("list", "show", "retry", "drop")}


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty state folder, and an environment that says nothing."""
    for name in [*os.environ]:
        if name.startswith(("KAFKA_", "INTAKE_", "FUNDING_", "REPORTING_", "FABRIQUE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FABRIQUE_STATE_DIR", str(tmp_path / "state"))


def run(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command line as the entry point does, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["fabrique", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_help_lists_every_word_and_the_exit_codes() -> None:
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    assert all(word in said.output for word in WORDS)
    assert all(str(code.value) in said.output for code in Exit)


@pytest.mark.parametrize("word", [*WORDS, *(f"{group} {word}" for group, words in GROUPS.items() for word in words)])
def test_each_word_says_what_it_does(word: str) -> None:
    said = CliRunner().invoke(app, [*word.split(), "--help"])
    assert said.exit_code == 0
    assert len(said.output) > 200


@pytest.mark.parametrize("words", [("nothing",), ("import", "no-such-file"), ("quarantine", "retry"), ("provision",)])
def test_a_misused_command_ends_with_2(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(*words, monkeypatch=monkeypatch) == Exit.MISUSED


@pytest.mark.parametrize("word", ["lag", "reconcile"])
def test_without_a_stack_one_is_told_how_to_start_one(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(word, monkeypatch=monkeypatch) == Exit.IMPOSSIBLE
    assert "make demo" in capsys.readouterr().err


def test_a_server_that_does_not_answer_is_a_sentence_and_not_a_traceback() -> None:
    nowhere = {"INTAKE_DATABASE_URL": "postgresql+asyncpg://x:x@127.0.0.1:9/intake", "INTAKE_SECRET": "s" * 32}
    command = [sys.executable, "-m", "fabrique", "key", "list"]
    ended = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert ended.returncode == Exit.IMPOSSIBLE
    assert len(ended.stderr.strip().splitlines()) == 1


def test_an_import_without_a_key_says_which_one_it_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("{}\n")
    assert run("import", str(file), "--to", "http://127.0.0.1:9", monkeypatch=monkeypatch) == Exit.IMPOSSIBLE
    assert "fabrique key create" in capsys.readouterr().err


def test_cleaning_what_is_not_there_is_no_failure() -> None:
    cleaned = CliRunner().invoke(app, ["clean"])
    assert cleaned.exit_code == 0
