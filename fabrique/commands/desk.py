"""What the words of managers share: the key, the desk, and how an answer is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
import typer

from fabrique.commands.screen import complain, err, out, say
from fabrique.desk.client import Desk, Json, NotDone
from fabrique.desk.screen import effect_lines, in_the_way_lines
from fabrique.stack.addresses import find
from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder

Key = Annotated[
    str,
    typer.Option(envvar="FABRIQUE_KEY", help="A manager's key. Default: the operator's, where it is known.",
                 show_envvar=True),
]  # fmt: skip


@contextmanager
def at_desk(key: str) -> Iterator[Desk]:
    """Sit down at the desk of the running stack, or of the environment."""
    folder = state_folder()
    found = find(folder)
    key = key or compose("funding", folder).settings.operator_key
    with httpx.Client() as client:
        yield Desk(client, found.http["funding"], key)


def complain_of(refused: NotDone) -> None:
    """Say why funding refuses, and who stands in the way."""
    complain(str(refused))
    for line in in_the_way_lines(refused.problem):
        err.print(line, soft_wrap=True)


def done(answer: Json) -> None:
    """Say what became of a command."""
    if answer["state"] == "proposed":
        say(f"{answer['command_id']} is proposed: another manager approves it with `fabrique command approve`")
        return
    say(f"{answer['command_id']} is {answer['state']}")


def show_effect(answer: Json) -> None:
    """Show what was done, or would be."""
    lines = [*effect_lines(answer)]
    for line in lines or ["No credit moves."]:
        out.print(line, soft_wrap=True)
