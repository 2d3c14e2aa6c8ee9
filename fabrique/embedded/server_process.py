"""Runs one server as a child in a session of its own, watched so that it does not outlive its owner."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fabrique.embedded import guard
from fabrique.embedded.errors import DidNotStart
from fabrique.embedded.processes import children_of, signal_quietly, stop_stray

LOG_LINES_QUOTED = 15


class ServerProcess:
    """A server: its command, its log, its pid file, and the signal that stops it politely.

    A session of its own means that Ctrl-C in the terminal reaches the owner only, which stops its services first.
    `mark` is a piece of the command line by which this folder's server is recognised among all processes. `pid_file`
    is the file in which the server writes its own pid on the first line; without one, a file is written here.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        mark: str,
        polite: signal.Signals,
        patience_seconds: float,
        dies_with_owner: bool,
        pid_file: Path | None = None,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._folder = folder
        self._pid_file = pid_file or folder / f"{name}.pid"
        self._writes_pid_itself = pid_file is not None
        self._mark = mark
        self._polite = polite
        self._patience = patience_seconds
        self._dies_with_owner = dies_with_owner
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process, None when it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def launch(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start the server, after stopping its predecessor."""
        self.stop_predecessor()
        self._pid_file.unlink(missing_ok=True)  # a stale one may name a process that is somebody else's by now
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  the words are ours, and no shell reads them
                [str(word) for word in command],
                cwd=self._folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if not self._writes_pid_itself:
            self._pid_file.write_text(str(self._process.pid))
        if self._dies_with_owner:
            self._guard = self._watch(self._process.pid)

    def stop(self, how: signal.Signals | None = None) -> None:
        """Stop politely (or as told), and by force when patience has run out."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
            self._process.send_signal(how or self._polite)
            try:
                self._process.wait(self._patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._forget()

    def kill(self) -> None:
        """SIGKILL the server and its own children, as a power cut would."""
        for pid in self.family():
            signal_quietly(pid, signal.SIGKILL)
        self._forget()

    def suspend(self) -> None:
        """SIGSTOP: the connections stay open and nothing answers any more."""
        for pid in self.family():
            signal_quietly(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: go on after `suspend`."""
        for pid in self.family():
            signal_quietly(pid, signal.SIGCONT)

    def family(self) -> list[int]:
        """The server's process, then its children; empty when it is not running."""
        return [] if self.pid is None else [self.pid, *children_of(self.pid)]

    def stop_predecessor(self) -> None:
        """Stop our own server if it still runs, and the one that the pid file names if it is really this folder's.

        Our own may be dying of a signal sent a moment ago, which nobody can tell from running.
        """
        self.stop()
        try:
            pid = int(self._pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        stop_stray(pid, mark=self._mark, polite=self._polite, seconds=self._patience)

    def not_started(self, why: str) -> DidNotStart:
        """Stop what was launched, and make the error that quotes the end of its log."""
        code = self._process.poll() if self._process is not None else None
        self.kill()
        ended = "" if code is None else f" (it ended with code {code})"
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_QUOTED:]
        return DidNotStart("\n".join([f"{self.name} did not start: {why}{ended}. Its log ends with:", *lines]))

    def _watch(self, pid: int) -> subprocess.Popen[bytes]:
        words = [guard.__file__, str(pid), str(int(self._polite)), str(self._patience)]
        return subprocess.Popen(  # noqa: S603  as above
            [sys.executable, "-I", "-S", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _forget(self) -> None:
        """Reap what has ended: the server first, then its guard, which ends when its input does."""
        if self._process is not None:
            self._process.wait()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
        self._process = self._guard = None
