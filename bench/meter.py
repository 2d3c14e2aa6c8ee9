"""A meter for one run: seconds, CPU of this process and of PostgreSQL, peak memory, only while it measures."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.web.serve import calm_collector

TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    """Adds up what is measured; `server` is the postmaster's process, None when it is not on this machine."""

    def __init__(self, server: int | None = None) -> None:
        self._server = server
        self.events = 0
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.server_cpu_seconds = 0.0

    def ready(self) -> None:
        """Do to Python's collector what the service does when it starts."""
        calm_collector()

    @contextmanager
    def measuring(self, events: int) -> Iterator[None]:
        """Measure what happens inside; it is worth so many events."""
        server, cpu, started = server_cpu(self._server), time.process_time(), time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started
        self.cpu_seconds += time.process_time() - cpu
        self.server_cpu_seconds += server_cpu(self._server) - server
        self.events += events

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def peak_mb(self) -> float:
        """The most memory that this process held resident, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def server_cpu(postmaster: int | None) -> float:
    """CPU seconds of a PostgreSQL server so far: the postmaster, its living children and those that ended."""
    if postmaster is None:
        return 0.0
    ticks = sum(_stat(postmaster)[11:15])
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            ticks += sum(_stat(int(child))[11:13])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return ticks / TICKS


def _stat(pid: int) -> list[int]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, fields[1:])]
