"""How answers look by HTTP: what is accepted and where to follow it, and each refusal as a problem document."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.domain.answer import Accepted, Reason, Refusal
from services.intake.routes.group_commit import Outcome
from services.intake.use_cases.door import Fault, Unreadable
from services.intake.use_cases.status import Journey, Step
from shared.kernel.errors import Unavailable
from shared.web.problems import FieldProblem, Problem

STATUS = {
    Reason.SOURCE_OF_ANOTHER: 403,
    Reason.EVENT_TYPE_NOT_ALLOWED: 403,
    Reason.FUNDER_NOT_ALLOWED: 403,
    Reason.NOT_THE_DECLARER: 403,
    Reason.EVENT_CONFLICT: 409,
    Reason.COMMITMENT_ALREADY_DECLARED: 409,
    Reason.COMMITMENT_UNKNOWN: 422,
    Reason.CONTRACT_UNKNOWN: 422,
    Reason.OCCURRED_AFTER_DECLARED: 422,
    Reason.DECLARED_IN_FUTURE: 422,
    Reason.SAME_PERSON: 422,
}
TITLES = {
    403: "This key may not tell this.",
    409: "This contradicts what was told before.",
    422: "The event cannot be accepted.",
}
RETRY = {"Retry-After": "2"}
SIZES = "One event is at most 256 KiB; send many to /v1/events:bulk, one on each line."
UNREADABLE = {
    "json-invalid": (400, "This is not JSON."),
    "too-large": (413, "The event is too large."),
}


class AcceptedEvent(BaseModel):
    """An event that is accepted: it is stored, and will be published."""

    id: UUID = Field(description="Our identifier of the event, and its `ce_id` on Kafka.")
    type: str
    commitment_id: UUID | None = Field(default=None, description="The commitment that it is about.")
    href: str = Field(description="Where to follow it.")


class ItemAnswer(BaseModel):
    """The answer to one item of an array, or to one line: accepted, or a problem document."""

    index: int | None = Field(default=None, description="Place in the array, from 0.")
    line: int | None = Field(default=None, description="Number of the line, from 1.")
    status: int = Field(description="As if the event had come alone.")
    id: UUID | None = None
    commitment_id: UUID | None = None
    href: str | None = None
    duplicate: bool | None = Field(default=None, description="True when it was accepted before.")
    type: str | None = Field(default=None, description="Type of event, or of problem.")
    title: str | None = None
    detail: str | None = None
    errors: list[FieldProblem] | None = None


class ProblemDocument(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:fabrique:problem:field-invalid"])
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldProblem] | None = None


class StepDone(BaseModel):
    """Whether a step is done, and when; the time is null when it is not known (any more)."""

    done: bool
    at: datetime | None


class Decided(StepDone):
    """What funding decided: the types of its events, in order."""

    decisions: list[str]


class Held(StepDone):
    """The event had to wait, and still waits as long as nothing is decided."""

    reason: str = Field(description="What it waits for, or waited for first.", examples=["not-certified"])


class EventStatus(BaseModel):
    """How far an event has come."""

    id: UUID
    type: str
    commitment_id: UUID | None
    status: str = Field(description="The last step done: accepted, published, held, decided or reported.")
    received: StepDone
    accepted: StepDone
    published: StepDone = Field(description="On Kafka; the time is that of our last look, to the second.")
    held: Held | None = Field(default=None, description="Why it waits, or waited; null when it never had to.")
    decided: Decided | None = Field(description="Null for events on which nothing is decided.")
    reported: StepDone = Field(description="Folded into the published figures.")


def href(event_id: UUID) -> str:
    """Say where an event is followed."""
    return f"/v1/events/{event_id}"


def accepted_body(answer: Accepted) -> dict[str, Any]:
    """Render an accepted event; the same for the first time and for a repetition."""
    body: dict[str, Any] = {"id": str(answer.event_id), "type": answer.type, "href": href(answer.event_id)}
    if answer.commitment_id is not None:
        body["commitment_id"] = str(answer.commitment_id)
    return body


def refused(refusal: Refusal, *, under: str = "") -> Problem:
    """Render a refusal; pointers begin with `under`."""
    status = STATUS[refusal.reason]
    field = FieldProblem(pointer=under + refusal.pointer, detail=refusal.detail)
    return Problem(status, refusal.reason.value, TITLES[status], detail=refusal.detail, errors=[field])


def unreadable(error: Unreadable, *, under: str = "") -> Problem:
    """Render what is wrong with bytes that are not a valid event; pointers begin with `under`."""
    status, title = UNREADABLE.get(error.reason, (422, "The event is not valid."))
    detail = SIZES if status == 413 else ""
    return Problem(status, error.reason, title, detail=detail, errors=_fields(error.faults, under))


def _fields(faults: Sequence[Fault], under: str) -> list[FieldProblem]:
    return [FieldProblem(pointer=under + fault.pointer, detail=fault.detail) for fault in faults]


def answer_or_problem(outcome: Outcome | Unreadable, *, under: str = "") -> Accepted | Problem:
    """Render all but an accepted event as a problem."""
    match outcome:
        case Accepted():
            return outcome
        case Refusal():
            return refused(outcome, under=under)
        case Unreadable():
            return unreadable(outcome, under=under)
        case Unavailable():
            return Problem(503, "unavailable", "Not now: try again.", detail=str(outcome), headers=RETRY)
        case _:
            return Problem(500, "internal", "This is our fault.", detail="The event was not accepted; we are told.")


def item(outcome: Accepted | Problem) -> dict[str, Any]:
    """Render the answer to one event of several."""
    if isinstance(outcome, Problem):
        return outcome.body()
    body = {"status": 202, **accepted_body(outcome)}
    return body | {"duplicate": True} if outcome.duplicate else body


def status_body(journey: Journey) -> EventStatus:
    """Render how far an event has come."""
    event = journey.event
    decided = None
    if journey.decided is not None:
        decided = Decided(done=journey.decided.done, at=journey.decided.at, decisions=event.decisions or [])
    held = None
    if event.held_reason is not None:
        held = Held(done=True, at=event.held_at, reason=event.held_reason)
    steps = {"published": journey.published, "held": held, "decided": journey.decided, "reported": journey.reported}
    last = [name for name, step in steps.items() if step is not None and step.done]
    return EventStatus(
        id=event.event_id, type=event.type, commitment_id=event.commitment_id, status=last[-1] if last else "accepted",
        received=StepDone(done=True, at=event.received_at), accepted=StepDone(done=True, at=event.accepted_at),
        published=_step(journey.published), held=held, decided=decided, reported=_step(journey.reported),
    )  # fmt: skip


def _step(step: Step) -> StepDone:
    return StepDone(done=step.done, at=step.at)
