"""Reads the files of a deployment as an engine would, and the `fabrique` command as a shell would."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.core import TyperGroup

from fabrique.__main__ import build

ROOT = Path(__file__).parents[2]
OURS = "fabrique:local"
NAMED = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
Yaml = dict[str, Any]


def read_yaml(path: str) -> Yaml:
    """Parse one file of the project."""
    content: Yaml = yaml.safe_load((ROOT / path).read_text())
    return content


@cache
def services() -> Yaml:
    """The services of docker-compose.yml, anchors merged, variables as they are written."""
    content: Yaml = read_yaml("docker-compose.yml")["services"]
    return content


def ours() -> Yaml:
    """Those that run our image."""
    return {name: service for name, service in services().items() if service["image"] == OURS}


def resolved(text: str, given: Mapping[str, str]) -> str:
    """Replace `${NAME}`, `${NAME:-default}` and `${NAME:?why}`; what must be given and is not is a KeyError."""

    def value(found: re.Match[str]) -> str:
        return given.get(found["name"], found["rest"]) if found["kind"] == "-" else given[found["name"]]

    return NAMED.sub(value, text)


def environment(service: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a container of the service finds in its environment."""
    return {name: resolved(value, given) for name, value in services()[service].get("environment", {}).items()}


def words(service: Mapping[str, Any]) -> list[str]:
    """The whole command of a container."""
    return [*service.get("entrypoint", []), *service["command"]]


def run_dry(arguments: Sequence[str]) -> None:
    """Parse a `fabrique` command line without running it. Raises what the command would; LookupError for a word."""
    left = list(arguments)
    command: Any = typer.main.get_command(build(next((word for word in left if not word.startswith("-")), "")))
    while isinstance(command, TyperGroup) and left and not left[0].startswith("-"):
        word = left.pop(0)
        if word not in command.commands:
            raise LookupError(f"fabrique has no command {word}: {' '.join(arguments)}")
        command = command.commands[word]
    with suppress(typer.Exit):  # --help
        command.make_context("fabrique", left)


def port_of(published: str) -> tuple[str, str, str]:
    """Split `address:port:port`, the port of this machine as it is by default."""
    address, here, there = resolved(published, {}).split(":")
    return address, here, there
