"""Prints the part of requirements.lock that the image needs: the lock also pins what embeds Kafka and PostgreSQL.

Run where requirements.lock and pyproject.toml are. Each pin of the lock says after `# via` who asked for it; those
are kept which the project's own dependencies, or what builds it, asked for, directly or not.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

PIN = re.compile(r"(?m)^(?=[A-Za-z0-9])")
NAME = re.compile(r"[A-Za-z0-9._-]+")
ASKED_BY = re.compile(r"(?m)^ +#(?: via)? +([A-Za-z0-9._-]+)$")
"""The project itself, `fabrique (pyproject.toml)`, does not match: it asks for the extras too."""


def name(requirement: str) -> str:
    """Return a requirement's name as the lock spells it."""
    found = NAME.match(requirement)
    if found is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def needed(lock: str, wanted: Iterable[str]) -> str:
    """Keep the pins of `wanted` and of all that they ask for. Raises LookupError when one is not pinned."""
    pins = {name(pin): pin for pin in PIN.split(lock) if NAME.match(pin)}
    kept = {name(requirement) for requirement in wanted}
    if missing := kept - pins.keys():
        raise LookupError(f"not in the lock: {', '.join(sorted(missing))}")
    asked_by = {pinned: set(ASKED_BY.findall(pin)) for pinned, pin in pins.items()}
    while more := {pinned for pinned, askers in asked_by.items() if askers & kept} - kept:
        kept |= more
    return "".join(pin for pinned, pin in pins.items() if pinned in kept)


def main() -> None:
    """Read both files here, write the kept pins."""
    project = tomllib.loads(Path("pyproject.toml").read_text())
    extra = project["project"]["optional-dependencies"]["parquet"]
    wanted = [*project["project"]["dependencies"], *extra, *project["build-system"]["requires"]]
    sys.stdout.write(needed(Path("requirements.lock").read_text(), wanted))


if __name__ == "__main__":
    main()
