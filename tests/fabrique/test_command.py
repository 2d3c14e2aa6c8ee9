"""The command line: each word helps, and what goes wrong is one sentence with a remedy and an exit code."""

import inspect
from pathlib import Path
from uuid import uuid4

import pytest
import typer

from fabrique.__main__ import WORDS, build
from fabrique.commands.screen import Exit
from tests.fabrique.conftest import Type

GROUPS = {
    "key": ("create", "list", "revoke"),
    "quarantine": ("list", "show", "retry", "drop"),
    "envelope": (
        "list", "show", "increase", "reduce", "freeze", "unfreeze", "transfer", "carry-over", "close",
    ),
    "commitment": ("score",),
    "command": ("list", "approve", "reject"),
    "manager": ("create", "list", "revoke"),
    "ledger": ("balance", "account", "commitment", "check", "export"),
    "grants": ("compare", "write"),
}  # fmt: skip
NOWHERE = "postgresql+asyncpg://x:x@127.0.0.1:9/intake"


def test_the_help_lists_every_word_and_the_exit_codes(typed: Type) -> None:
    said = typed("--help")
    assert said.code == Exit.DONE
    assert all(word in said.shown for word in WORDS)
    assert all(str(code.value) in said.shown for code in Exit)


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_listed_with_the_first_sentence_of_its_own_help(word: str) -> None:
    app = build(word)
    listed = WORDS[word][1]
    loaded = next((c for c in app.registered_commands if c.name == word), None)
    if loaded is None:
        group = next(g for g in app.registered_groups if g.name == word)
        assert isinstance(group.typer_instance, typer.Typer)
        assert group.typer_instance.info.help == listed
    else:
        assert inspect.getdoc(loaded.callback).startswith(listed)  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize("word", [*WORDS, *(f"{group} {word}" for group, words in GROUPS.items() for word in words)])
def test_each_word_says_what_it_does(word: str, typed: Type) -> None:
    said = typed(*word.split(), "--help")
    assert said.code == Exit.DONE
    assert len(said.shown) > 200


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("import", "no-such-file"),
        ("quarantine", "retry"),
        ("ledger", "account", "A.CDC.1", "till"),
        ("provision",),
        ("migrate", "nobody"),
    ],
)
def test_a_misused_command_ends_with_2(words: tuple[str, ...], typed: Type) -> None:
    assert typed(*words).code == Exit.MISUSED


@pytest.mark.parametrize(
    ("words", "remedy"),
    [(("Citeslab",), "small letters"), (("citeslab", "--type", "PaymentMad"), "PaymentMad; they are BusinessCeased, ")],
)
def test_a_key_on_impossible_terms_ends_with_2_and_the_remedy(
    words: tuple[str, ...], remedy: str, typed: Type, tmp_path: Path
) -> None:
    said = typed("key", "create", *words, FABRIQUE_STATE_DIR=str(tmp_path))
    assert said.code == Exit.MISUSED
    assert remedy in said.complained


def test_a_migration_asks_for_the_database_that_it_was_not_told(typed: Type) -> None:
    said = typed("migrate", "funding")
    assert said.code == Exit.MISUSED
    assert "FUNDING_DATABASE_URL=" in said.complained


@pytest.mark.parametrize("which", [("--all",), (), (str(uuid4()), str(uuid4()))])
def test_a_correction_is_of_one_record(which: tuple[str, ...], typed: Type) -> None:
    said = typed("quarantine", "retry", *which, "--header", "ce_type=CommitmentDeclared")
    assert said.code == Exit.MISUSED
    assert "which" in said.complained


def test_a_header_is_corrected_by_name_and_value(typed: Type) -> None:
    said = typed("quarantine", "retry", str(uuid4()), "--header", "CommitmentDeclared")
    assert said.code == Exit.MISUSED
    assert "name=value" in said.complained


@pytest.mark.parametrize(
    "words", ["lag", "reconcile", "key list", "key create citeslab", "quarantine list", "ledger check"]
)
def test_without_a_stack_one_is_told_how_to_start_one(words: str, typed: Type, tmp_path: Path) -> None:
    said = typed(*words.split(), FABRIQUE_STATE_DIR=str(tmp_path))
    assert said.code == Exit.IMPOSSIBLE
    assert "make demo" in said.complained


def test_a_server_that_does_not_answer_is_a_sentence_and_not_a_traceback(typed: Type, tmp_path: Path) -> None:
    said = typed("key", "list", FABRIQUE_STATE_DIR=str(tmp_path), INTAKE_DATABASE_URL=NOWHERE)
    assert said.code == Exit.IMPOSSIBLE
    assert len(said.complained.strip().splitlines()) == 1


def test_an_import_without_a_key_says_which_one_it_wants(typed: Type, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("{}\n")
    said = typed("import", str(file), "--to", "http://127.0.0.1:9", FABRIQUE_STATE_DIR=str(tmp_path))
    assert said.code == Exit.IMPOSSIBLE
    assert "fabrique key create" in said.complained


def test_no_default_that_is_shown_is_out_of_its_range(typed: Type) -> None:
    assert "default: 0" not in typed("provision", "--help").shown


def test_cleaning_what_is_not_there_is_no_failure(typed: Type, tmp_path: Path) -> None:
    assert typed("clean", FABRIQUE_STATE_DIR=str(tmp_path / "nothing")).code == Exit.DONE
