"""Stops a server when the process that started it is gone: waits for the end of its standard input, then signals.

Run as a script by `server_process`, with the server's pid, the polite signal and the patience in seconds. It imports
nothing of the project, so that it starts in milliseconds.
"""

import os
import select
import signal
import sys
import time


def main() -> None:
    """Wait until the owner or the server is gone; in the first case stop the server."""
    pid, polite, patience = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    server = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    watched = [sys.stdin.fileno()] if server is None else [sys.stdin.fileno(), server]
    ready, _, _ = select.select(watched, [], [])
    if server is not None and server in ready:
        return
    for suspended in (pid, *_children(pid)):
        _send(suspended, signal.SIGCONT)
    if _send(pid, polite) and not _gone(pid, patience):
        _send(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listed:  # noqa: PTH123  pathlib takes longer to import
            return [int(child) for child in listed.read().split()]
    except OSError:
        return []


def _send(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def _gone(pid: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not _send(pid, 0):
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    main()
