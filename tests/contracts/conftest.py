"""What the tests of the contracts share: the committed schemas, and Node's packages."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.publication import DOCS, ROOT

# A KeyError here: jsonschema found no rfc3339-validator, without which it would let every date-time pass.
CHECKER = FormatChecker(("date", "date-time", "uuid"))
Accepts = Callable[[str, str, Any], bool]


@pytest.fixture(scope="session")
def accepts() -> Accepts:
    """Say whether the committed JSON Schema of (family, type) accepts a document, formats included."""
    validators: dict[tuple[str, str], Draft202012Validator] = {}

    def accept(family: str, type_: str, document: Any) -> bool:
        if (family, type_) not in validators:
            schema = json.loads((DOCS / "schemas" / family / f"{type_}.json").read_text())
            validators[family, type_] = Draft202012Validator(schema, format_checker=CHECKER)
        return bool(validators[family, type_].is_valid(document))

    return accept


@pytest.fixture(scope="session")
def asyncapi() -> dict[str, Any]:
    """Read the committed AsyncAPI document."""
    document: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    return document


@pytest.fixture(scope="session")
def node() -> str:
    """Return node, with the locked packages installed."""
    found, npm = shutil.which("node"), shutil.which("npm")
    assert found, "the AsyncAPI document is validated by its own tool, which needs node 20 or newer"
    if not _installed():
        assert npm, "the AsyncAPI document's own tool is installed by npm, which is not there"
        install = [npm, "ci", "--ignore-scripts"]
        subprocess.run(install, cwd=ROOT, check=True, timeout=300, capture_output=True)  # noqa: S603  our own command
    return found


def _installed() -> bool:
    """Whether node_modules is what the lock says: npm writes down there what it installed."""
    ours, theirs = ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"
    if not theirs.exists():
        return False
    wanted, present = (_integrities(path) for path in (ours, theirs))
    return wanted <= present


def _integrities(lock: Path) -> set[tuple[str, str]]:
    packages = json.loads(lock.read_text())["packages"]
    return {(name, package["integrity"]) for name, package in packages.items() if name and not package.get("optional")}
