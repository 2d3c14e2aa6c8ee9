"""Says which living process owns a server's folder, and lets one process at a time fill a cache."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabrique.embedded.errors import FolderInUse

_claimed: dict[Path, int] = {}


def claim(folder: Path) -> None:
    """Make this process the owner of a folder, until it gives it back or ends, however it ends.

    The lock is a POSIX one: it belongs to the process, is not inherited by its children and dies with it, so a claim
    that is refused means that the owner is alive. Claiming twice from one process is fine.
    """
    path = (folder / "owner.lock").resolve()
    if path in _claimed:
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as refused:
        owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise FolderInUse(
            f"{folder} belongs to the living process {owner}; stop it, or choose another folder."
        ) from refused
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    _claimed[path] = descriptor


def give_back(folder: Path) -> None:
    """Give up the ownership of a folder; nothing happens when it was not ours."""
    descriptor = _claimed.pop((folder / "owner.lock").resolve(), None)
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a folder of the cache against other processes (and threads) that want to fill it; waits for its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "filling.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
