"""Runs short commands, looks at the processes of this machine, and stops one that an earlier run left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a short command ended: whether it succeeded, what it printed, and all that it said with its complaints."""

    ok: bool
    printed: str
    said: str


def run(words: Sequence[str | Path], *, seconds: float) -> Ran:
    """Run a short command; one that is not there or takes too long has failed, and says so."""
    try:
        done = subprocess.run(  # noqa: S603  the words are ours, and no shell reads them
            words, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        return Ran(ok=False, printed="", said=str(failure))
    return Ran(ok=done.returncode == 0, printed=done.stdout.strip(), said=f"{done.stderr}{done.stdout}".strip())


def command_of(pid: int) -> str:
    """The command line of a living process, words separated by spaces; "" when it is gone or a zombie."""
    if PROC.joinpath("self").exists():
        try:
            return PROC.joinpath(str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return run(["ps", "-ww", "-o", "command=", "-p", str(pid)], seconds=5).printed


def children_of(pid: int) -> list[int]:
    """The living children of a process."""
    if PROC.joinpath("self").exists():
        return [int(entry.name) for entry in PROC.glob("[0-9]*") if _parent_of(entry.name) == pid]
    return [int(line) for line in run(["pgrep", "-P", str(pid)], seconds=5).printed.split()]


def _parent_of(name: str) -> int | None:
    try:
        return int(PROC.joinpath(name, "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def signal_quietly(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(true: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    """Whether a condition came true in the time given."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def stop_stray(pid: int, *, mark: str, polite: signal.Signals, seconds: float) -> None:
    """Stop the process `pid` if its command line holds `mark`; else it is somebody else's, and left alone."""
    if mark not in command_of(pid):
        return
    for suspended in (pid, *children_of(pid)):
        signal_quietly(suspended, signal.SIGCONT)
    signal_quietly(pid, polite)
    if not wait_until(lambda: mark not in command_of(pid), seconds=seconds):
        signal_quietly(pid, signal.SIGKILL)
        wait_until(lambda: mark not in command_of(pid), seconds=5)
