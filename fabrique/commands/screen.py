"""What every command shows on, how a command ends, and how it learns that it must end."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import NoReturn, TextIO

from rich.console import Console
from rich.markup import escape
from rich.theme import Theme

from shared.kernel.api_key import NewKey

THEME = Theme({"good": "green", "bad": "red", "wait": "yellow", "quiet": "dim"})
WIDTH_ELSEWHERE = 160
"""Columns when nobody looks (a file, a pipe), so that tables are not cut at eighty."""


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else WIDTH_ELSEWHERE
    return Console(theme=THEME, highlight=False, width=width, stderr=stream is sys.stderr)


out, err = _console(sys.stdout), _console(sys.stderr)


class Exit(IntEnum):
    """The exit codes of every command, as `fabrique --help` says them."""

    DONE = 0
    FOUND = 1
    """It was done, and found something: a refused row, a difference in the books, something missing."""
    MISUSED = 2
    IMPOSSIBLE = 3
    """It cannot be done here and now; the message says what would make it possible."""
    INTERRUPTED = 130


def say(line: str) -> None:
    """Show one line of progress."""
    out.print(f"[quiet]·[/] {escape(line)}", soft_wrap=True)


def complain(sentence: str) -> None:
    """Show why something was not done."""
    err.print(f"[bad]{escape(sentence)}[/]", soft_wrap=True)


def show_new_key(made: NewKey, *, whose: str) -> None:
    """Show a key, the only time that it is shown."""
    say(f"the key {made.prefix} of {whose}; keep it now, it is shown this once:")
    out.print(made.key, soft_wrap=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: everything is put away on the way out."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put away calmly: a second Ctrl-C changes nothing, since what is being stopped takes seconds at most."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
