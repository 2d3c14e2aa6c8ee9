"""The README says of each promise which tests prove it: those tests exist, and the oracles owe the services nothing."""

import ast
import re

import pytest

from tests.house.test_house import ROOT, functions
from tests.support.system_promises import CHECKS

PROMISES = 10
NAMED = re.compile(r"`([a-z_/]+\.py)(?:::(test_\w+))?`")
JUDGED = re.compile(r"`\[(\w+)\]`")
ORACLES = (
    "oracle.py", "oracle_acts.py", "oracle_book.py", "oracle_envelopes.py", "oracle_rules.py", "system_fold.py",
    "topics.py",
)  # fmt: skip
"""What the services are compared with, besides public libraries."""


def promises() -> dict[int, str]:
    """Each promise of the README with its proofs, by its number."""
    [section] = re.findall(
        r"^## What always holds$(.*?)^## ", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    parts = re.split(r"^(\d+)\. ", section, flags=re.MULTILINE)
    return {0: parts[0]} | {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("number", range(1, PROMISES + 1))
def test_each_promise_names_what_proves_it(number: int) -> None:
    text = promises()[number]
    assert JUDGED.findall(text) or NAMED.search(text)


def test_each_proof_that_is_named_exists() -> None:
    missing = []
    for text in promises().values():
        for path, name in NAMED.findall(text):
            file = ROOT / "tests" / path
            if not file.exists() or (name and name not in {function.name for function in functions(file)}):
                missing.append(f"{path}::{name}")
    assert missing == []


def test_each_promise_that_is_judged_on_the_evidence_of_the_kills_is_named() -> None:
    assert {check for text in promises().values() for check in JUDGED.findall(text)} == set(CHECKS)


def test_the_oracles_share_no_code_with_the_services() -> None:
    imported = []
    for file in (ROOT / "tests" / "support" / name for name in ORACLES):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported.append(f"{node.module}")
    assert {"json", "uuid"} <= set(imported)
    their_own = {f"tests.support.{name.removesuffix('.py')}" for name in ORACLES}
    assert "tests.support.topics" in {name for name in imported if name.startswith("tests.")} <= their_own
    assert [name for name in imported if name.split(".")[0] in ("services", "shared", "fabrique")] == []
