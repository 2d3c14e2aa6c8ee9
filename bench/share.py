"""Holds processes to a share of one core each, by Linux's cgroups: how two scale where one alone would fill a core."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PERIOD_US = 10_000
ROOTS = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))
"""Where the cpu controller is: version 1, then version 2."""


class Shares:
    """Groups that hold a process each; `root` is the controller's folder."""

    def __init__(self, root: Path, share: float) -> None:
        self._root = root
        self._quota_us = int(share * PERIOD_US)
        self._made: list[Path] = []

    def hold(self, pid: int) -> None:
        """Put a process into a group of its own. Raises OSError where that may not be done."""
        group = self._root / f"fabrique-bench-{os.getpid()}-{len(self._made)}"
        group.mkdir()
        self._made.append(group)
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{self._quota_us} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(self._quota_us))
        (group / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the groups, whose processes have ended."""
        while self._made:
            self._made.pop().rmdir()


@contextmanager
def shares(share: float) -> Iterator[Shares]:
    """Hand out what holds processes to `share` of a core each; they must end before the context does."""
    root = next((each for each in ROOTS if (each / "cgroup.procs").exists()), ROOTS[-1])
    found = Shares(root, share)
    try:
        yield found
    finally:
        found.remove()


def can_hold() -> bool:
    """Whether this user, on this machine, may hold a process to a share: as root, on Linux."""
    with suppress(OSError), shares(1.0) as found, subprocess.Popen(["/bin/sleep", "60"]) as child:
        try:
            found.hold(child.pid)
        finally:
            child.kill()
            child.wait()
        return True
    return False
