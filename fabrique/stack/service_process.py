"""One service as a process of its own: started, waited for, started again when it dies, stopped."""

import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fabrique.embedded.processes import signal_quietly
from fabrique.embedded.server_process import ServerProcess

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 0.5, 30.0
STEADY_SECONDS = 60
"""A service that lived that long has recovered: its next death is its first again."""
Say = Callable[[str], None]


@dataclass(slots=True)
class ServiceProcess:
    """A service of the stack; `url` is where it answers, `environment` what it is told."""

    name: str
    url: str
    logs: Path
    environment: Mapping[str, str]
    _process: ServerProcess = field(init=False)
    _launched_at: float = field(init=False, default=0.0)
    _deaths: int = field(init=False, default=0)
    _again_at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._process = ServerProcess(
            self.name,
            folder=self.logs,
            mark=f"-X fabrique={self.logs} -m services.{self.name}",
            polite=signal.SIGTERM,
            patience_seconds=STOP_SECONDS_MAX,
            dies_with_owner=True,
        )

    @property
    def pid(self) -> int | None:
        """The process, None when it is not running."""
        return self._process.pid

    @property
    def log(self) -> Path:
        """Where it writes."""
        return self._process.log

    def launch(self) -> None:
        """Start the process; it is not ready yet. Python ignores -X: it only shows whose process this is."""
        self._process.launch(
            [sys.executable, "-X", f"fabrique={self.logs}", "-m", f"services.{self.name}"], self.environment
        )
        self._launched_at, self._again_at = time.monotonic(), None

    def wait(self) -> None:
        """Return when the service can work. Raises DidNotStart, with the end of its log, when it does not."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._is_ready(client):
                if self.pid is None:
                    raise self._process.not_started("its process ended")
                if time.monotonic() > deadline:
                    raise self._process.not_started(f"not ready within {READY_SECONDS_MAX} s")
                time.sleep(0.05)

    def look_after(self, say: Say) -> None:
        """Start the service again when it died: at once the first time, then after longer and longer pauses."""
        if self.pid is not None:
            return
        now = time.monotonic()
        if self._again_at is None:
            self._deaths = 1 if now - self._launched_at > STEADY_SECONDS else self._deaths + 1
            pause = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_FIRST * 2 ** (self._deaths - 1))
            self._again_at = now + pause
            say(f"{self.name} died; it starts again in {pause:g} s (its log: {self.log})")
        elif now >= self._again_at:
            self.launch()

    def stop(self) -> None:
        """Stop politely, by force after some time."""
        self._process.stop()

    def terminate(self) -> None:
        """Ask it to stop, without waiting."""
        if self.pid is not None:
            signal_quietly(self.pid, signal.SIGTERM)

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
