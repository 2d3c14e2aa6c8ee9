"""`doctor`: is this machine ready?"""

import typer

from fabrique.commands.screen import Exit, out
from fabrique.doctor import examine, print_findings
from fabrique.stack.folder import state_folder


def doctor() -> None:
    """Say what will be used on this machine, what is missing, and how to get it.

    Ends with 1 when something that is needed is missing.
    """
    if not print_findings(out, examine(state_folder().path)):
        raise typer.Exit(Exit.FOUND)
