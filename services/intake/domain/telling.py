"""A telling: one event as a partner told it, with who tells it and what they may."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.scope import Scope
from shared.contracts.told import Told


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """A valid CloudEvent: the attributes that matter here, and its data; `id` and `source` are the partner's."""

    id: str
    source: str
    told: Told
    subject: str | None = None
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The event's type."""
        return type(self.told).__name__


@dataclass(frozen=True, slots=True)
class Telling:
    """One event, told by a platform within its scope, and when it arrived."""

    scope: Scope
    event: CloudEvent
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Stamped:
    """A telling with the identifier it gets if it is accepted, and the two fingerprints that recognise it.

    `door_key` recognises (platform, source, id); `content` what the event says; `commitment_id` is None for an event
    about a person.
    """

    telling: Telling
    event_id: UUID
    door_key: bytes
    content: bytes
    commitment_id: UUID | None
