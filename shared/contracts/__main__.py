"""`python -m shared.contracts write|check|release`: write docs from the models, or say where they drifted or broke."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from shared.contracts.publication import BASELINE, ROOT, publication, strangers, version
from shared.contracts.release import baseline_text, breaks, todays

USAGE = "usage: python -m shared.contracts write|check|release\n"


def write() -> list[str]:
    """Write every generated file and delete those that no model accounts for."""
    expected = publication()
    for path, text in expected.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in strangers(expected):
        path.unlink()
    return []


def check() -> list[str]:
    """Name each file that drifted from the models, and each change that breaks the last release."""
    expected = publication()
    drifted = [path for path, text in expected.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return [*_named(drifted, "differs from the models"), *_named(strangers(expected), "no model"), *_broken()]


def release() -> list[str]:
    """Take today's schemas as the released ones, unless they break those before."""
    broken = _broken() if BASELINE.exists() else []
    if not broken:
        BASELINE.write_text(baseline_text(version(), todays()), encoding="utf-8")
    return broken


def _named(paths: Iterable[Path], what: str) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {what}" for path in paths]


def _broken() -> list[str]:
    if not BASELINE.exists():
        return [f"{BASELINE.relative_to(ROOT)}: missing; `release` writes it"]
    return breaks(json.loads(BASELINE.read_text(encoding="utf-8")), todays())


def main(arguments: list[str]) -> int:
    """Run one command; 1 when it found something, 2 when it was not understood."""
    commands = {"write": write, "check": check, "release": release}
    if len(arguments) != 1 or arguments[0] not in commands:
        sys.stderr.write(USAGE)
        return 2
    found = commands[arguments[0]]()
    for line in found:
        sys.stderr.write(f"{line}\n")
    if found:
        sys.stderr.write("`python -m shared.contracts write` writes the files again; docs/schemas only grow.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
