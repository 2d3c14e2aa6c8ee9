"""The `fabrique` command: assembles its words, and turns what goes wrong into one sentence and an exit code."""

import sys

import httpx
import typer

from fabrique.commands import demo, doctor, imports, keys, lag, quarantine, reconcile, stack
from fabrique.commands.screen import Exit, complain
from shared.kernel.errors import ProgrammeError
from shared.messaging.backoff import is_transient

HELP = """Run, feed and watch a co-funding programme for entrepreneurs.

Exit codes: 0 done · 1 done, and something was found (a refused row, a difference, something missing) · 2 misused ·
3 impossible here and now, the message says why · 130 interrupted.
"""
app = typer.Typer(
    name="fabrique", help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)  # fmt: skip
app.command()(stack.up)
app.command()(demo.demo)
app.command("import")(imports.import_file)
app.add_typer(keys.app, name="key")
app.command()(lag.lag)
app.add_typer(quarantine.app, name="quarantine")
app.command("reconcile")(reconcile.reconcile_command)
app.command()(stack.provision)
app.command()(stack.migrate)
app.command()(stack.clean)
app.command()(doctor.doctor)


def main() -> None:
    """Run the command; what the programme itself names as having gone wrong is said in a sentence."""
    try:
        app()
    except ProgrammeError as error:
        complain(str(error))
        sys.exit(Exit.IMPOSSIBLE)
    except Exception as error:
        if not (is_transient(error) or isinstance(error, httpx.HTTPError)):
            raise
        complain(f"Something that this needs does not answer: {str(error).partition(chr(10))[0]}")
        sys.exit(Exit.IMPOSSIBLE)


if __name__ == "__main__":
    main()
