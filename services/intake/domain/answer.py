"""The answers to a telling: accepted, or refused for one reason of a closed list."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Reason(StrEnum):
    """Why a valid event is refused."""

    SOURCE_OF_ANOTHER = "source-of-another"
    EVENT_TYPE_NOT_ALLOWED = "event-type-not-allowed"
    FUNDER_NOT_ALLOWED = "funder-not-allowed"
    NOT_THE_DECLARER = "not-the-declarer"
    EVENT_CONFLICT = "event-conflict"
    COMMITMENT_ALREADY_DECLARED = "commitment-already-declared"
    COMMITMENT_UNKNOWN = "commitment-unknown"
    CONTRACT_UNKNOWN = "contract-unknown"
    OCCURRED_AFTER_DECLARED = "occurred-after-declared"
    DECLARED_IN_FUTURE = "declared-in-future"
    SAME_PERSON = "same-person"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is accepted, now or before (`duplicate`), under our identifier."""

    event_id: UUID
    type: str
    commitment_id: UUID | None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The event is refused; `detail` says how to mend it and never quotes the event."""

    reason: Reason
    pointer: str
    detail: str


Answer = Accepted | Refusal
