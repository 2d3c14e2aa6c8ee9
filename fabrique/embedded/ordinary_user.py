"""Lets PostgreSQL, which refuses to run as root, run as an ordinary user when this process is root's."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from fabrique.embedded.errors import Missing
from fabrique.embedded.processes import run

NAME = "nobody"
LOOK_SECONDS_MAX = 10
THROUGH = "+dac_override"  # lets that user through folders that only root may enter, so none is opened to all


@dataclass(frozen=True, slots=True)
class OrdinaryUser:
    """Words to put before a command, and the ids that must own its files; nothing at all when we are not root."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Make this user the owner of a file, or of a folder and all that is in it; a no-op when already so."""
        if self.uid is None or self.gid is None or path.stat().st_uid == self.uid:
            return
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)


def ordinary_user(folder: Path) -> OrdinaryUser:
    """Who may run PostgreSQL on this folder: ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return OrdinaryUser()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Missing("PostgreSQL refuses to run as root, and setpriv is missing.", remedy="apt-get install util-linux")
    user = pwd.getpwnam(NAME)
    plain = (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    capable = (*plain, f"--inh-caps=-all,{THROUGH}", f"--ambient-caps=-all,{THROUGH}")
    for prefix in (capable, plain):
        if run([*prefix, "--", "ls", str(folder)], seconds=LOOK_SECONDS_MAX).ok:
            return OrdinaryUser(prefix=(*prefix, "--"), uid=user.pw_uid, gid=user.pw_gid)
    raise Missing(
        f"PostgreSQL refuses to run as root, and the user {NAME} may not enter {folder}.",
        remedy="run as an ordinary user, or choose a folder that others may enter",
    )
