"""The `fabrique` command: its words, and what goes wrong turned into one sentence and an exit code."""

import importlib
import sys

import httpx
import typer

from fabrique.commands.screen import Exit, complain
from shared.kernel.errors import ProgrammeError

HELP = """Run, feed and watch a co-funding programme for entrepreneurs.

Exit codes: 0 done · 1 done, and something was found (a refused row, a difference, something missing) · 2 misused ·
3 impossible here and now, the message says why · 130 interrupted.
"""
WORDS = {
    "up": ("stack:up", "Start everything on this machine and keep it running until Ctrl-C."),
    "demo": ("demo:demo", "Start everything and play the Pas-de-Calais: real grants, then a simulated programme."),
    "import": ("imports:import_file", "Tell intake what stands in a file, in order."),
    "key": ("keys:app", "Make, list and revoke the keys with which platforms speak to intake."),
    "programme": ("programmes:app", "Check a programme file; open its envelopes and put its rules in force."),
    "envelope": ("envelopes:app", "Look at envelopes and change them; first shows what would happen."),
    "commitment": ("commitments:app", "Say what the committee thinks of a commitment: its score."),
    "command": ("orders:app", "List what managers commanded; approve or reject what others proposed."),
    "territory": ("territory:app", "Tell mergers of EPCI and their annulment; list what was told."),
    "what-if": (
        "what_if:what_if",
        "Replay the year with other credits, or in the order of coming; show who gains and loses, apply it or not.",
    ),
    "manager": ("managers:app", "Make, list and revoke the keys with which managers command envelopes."),
    "lag": ("lag:lag", "Show what each service has not applied yet: records, and the age of the oldest."),
    "quarantine": ("quarantine:app", "Look at the records that a service could not apply; retry or drop them."),
    "reconcile": ("reconcile:reconcile_command", "Fold the topics as a plain consumer and compare with all the rest."),
    "ledger": (
        "ledger:app",
        "Read the books: balances, entries, the life of a commitment; examine them whole; take them away.",
    ),
    "grants": (
        "grants:app",
        "Compare the State's real grants of 2020–2023 with what keys would have given each contract.",
    ),
    "provision": ("stack:provision", "Make the topics that are missing on a Kafka, then end."),
    "migrate": ("stack:migrate", "Bring services' databases to their newest tables, then end."),
    "clean": ("clean:clean", "Forget all data, logs and secrets of the local stack; the downloads are kept."),
    "doctor": ("doctor:doctor", "Say what will be used on this machine, what is missing, and how to get it."),
}
"""Each word, the function (or group of words) of `fabrique.commands` that does it, and what it does."""


def build(typed: str) -> typer.Typer:
    """The command, with only the typed word loaded: what a service is made of takes a second to import."""
    app = typer.Typer(
        name="fabrique", help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )  # fmt: skip
    for word, (where, summary) in WORDS.items():
        module, _, name = where.partition(":")
        if word != typed:
            app.command(word, help=summary)(_only_listed)
            continue
        found = getattr(importlib.import_module(f"fabrique.commands.{module}"), name)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=word)
        else:
            app.command(word)(found)
    return app


def _only_listed() -> None:
    """Stands for a word that was not typed."""


def main() -> None:
    """Run the command; what the programme itself names as having gone wrong is said in a sentence."""
    try:
        build(next((word for word in sys.argv[1:] if not word.startswith("-")), ""))()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except ProgrammeError as error:
        complain(str(error))
        sys.exit(Exit.IMPOSSIBLE)
    except Exception as error:
        if not _is_silence(error):
            raise
        complain(f"Something that this needs does not answer: {str(error).partition(chr(10))[0]}")
        sys.exit(Exit.IMPOSSIBLE)


def _is_silence(error: Exception) -> bool:
    """Whether a server, a database or a broker did not answer."""
    from shared.messaging.backoff import is_transient  # noqa: PLC0415  it knows databases, which take long to import

    return isinstance(error, httpx.HTTPError) or is_transient(error)


if __name__ == "__main__":
    main()
