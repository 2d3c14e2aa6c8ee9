"""The three kinds of error of the house: never, later, and the programme's own root."""


class ProgrammeError(Exception):
    """Anything that the programme itself names as having gone wrong."""


class Rejected(ProgrammeError):
    """This message can never succeed: it goes to quarantine, or back to whoever sent it.

    `reason` is a stable kebab-case word from a closed list; `detail` a sentence for people, which never quotes the
    message (it may name a person); `pointer` the JSON pointer (RFC 6901) of the field at fault, "" for the whole.
    """

    def __init__(self, reason: str, detail: str, *, pointer: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.pointer = pointer


class Unavailable(ProgrammeError):
    """Something that is needed does not answer now: the same work is tried again later."""
