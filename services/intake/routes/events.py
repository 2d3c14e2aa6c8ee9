"""`/v1/events`: tell one event or an array of them, and follow what became of an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.answer import Accepted
from services.intake.domain.keyring import Keyring
from services.intake.domain.scope import Scope
from services.intake.domain.telling import CloudEvent, Telling
from services.intake.routes import answers, documents
from services.intake.routes.doorkeeper import authenticated, body_of, database_answers
from services.intake.routes.group_commit import GroupCommit
from services.intake.use_cases import door
from services.intake.use_cases.counters import HTTP, count_unreadable
from services.intake.use_cases.door import Fault, Unreadable
from services.intake.use_cases.keys import KnownKeys
from services.intake.use_cases.status import journey
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.web.problems import FieldProblem, Problem

STRUCTURED = ("application/cloudevents+json", "application/cloudevents-batch+json")
PLAIN_JSON = "application/json"
TRACE = "traceparent"
REPEATED = {"Idempotency-Replayed": "true"}
Read = CloudEvent | Unreadable


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    engine: AsyncEngine
    commits: GroupCommit
    keys: KnownKeys
    keyring: Keyring
    clock: Clock


def event_routes(desk: Desk) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["events"])

    async def caller(request: Request) -> Scope:
        return await authenticated(request, desk.keys)

    @router.post("/events", status_code=202, summary="Tell one event, or an array of them", **documents.POST_EVENTS)
    async def post_events(request: Request, scope: Annotated[Scope, Depends(caller)]) -> Response:
        """Accept CloudEvents: stored when the answer leaves. Telling the same again gives the same answer.

        One event: 202, or a problem. An array of up to 1 000: 202 when all are accepted, else 200 with an answer for
        each; good items are accepted whatever the others are. A single event may come in binary mode (`ce-` headers).
        """
        items = _read(request, scope, await body_of(request))
        if isinstance(items, list):
            return await _tell_many(desk, scope, items)
        return await _tell_one(desk, scope, items)

    @router.get("/events/{event_id}", summary="How far an event has come", **documents.GET_EVENT)
    async def get_event(event_id: UUID, scope: Annotated[Scope, Depends(caller)]) -> answers.EventStatus:
        """Received, accepted, published, decided, reported, with times; only of your own platform's events."""
        return await _status(desk, scope, event_id=event_id)

    @router.get("/events", summary="How far an event has come, by your own name for it", **documents.GET_EVENT)
    async def find_event(
        source: Annotated[door.GivenSource, Query()], id: Annotated[door.GivenId, Query()],  # noqa: A002
        scope: Annotated[Scope, Depends(caller)],
    ) -> answers.EventStatus:  # fmt: skip
        """By the `source` and `id` that you gave the event."""
        return await _status(desk, scope, named=(source, id))

    return router


async def _tell_one(desk: Desk, scope: Scope, event: CloudEvent) -> Response:
    outcome = (await tell(desk, scope, [event]))[0]
    if isinstance(outcome, Problem):
        raise outcome
    headers = {"Location": answers.href(outcome.event_id)} | (REPEATED if outcome.duplicate else {})
    return _json(answers.accepted_body(outcome), status=202, headers=headers)


async def _tell_many(desk: Desk, scope: Scope, items: list[Read]) -> Response:
    outcomes = await tell(desk, scope, items, numbered=True)
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    if len(problems) == len(outcomes) and all(problem.status == 503 for problem in problems):
        raise problems[0]
    bodies = [{"index": index, **answers.item(outcome)} for index, outcome in enumerate(outcomes)]
    return _json(bodies, status=200 if problems else 202)


async def tell(
    desk: Desk, scope: Scope, items: Sequence[Read | Unavailable], *, numbered: bool = False
) -> list[Accepted | Problem]:
    """Submit what could be read; return, in order, what each item's answer is.

    Pointers into `numbered` items begin with the item's place.
    """
    now = desk.clock()
    for item in items:
        if isinstance(item, Unreadable):
            count_unreadable(HTTP, scope.platform, item.reason)
    told = [Telling(scope, item, now) for item in items if isinstance(item, CloudEvent)]
    outcomes = iter(await desk.commits.submit(told))
    return [
        answers.answer_or_problem(
            next(outcomes) if isinstance(item, CloudEvent) else item, under=f"/{index}" if numbered else ""
        )
        for index, item in enumerate(items)
    ]


def _read(request: Request, scope: Scope, body: bytes) -> CloudEvent | list[Read]:
    """Read the body in the mode that its content type says. Raises Problem."""
    content_type = request.headers.get("content-type", PLAIN_JSON).partition(";")[0].strip().lower()
    try:
        if content_type not in (*STRUCTURED, PLAIN_JSON):
            raise Problem(415, "content-type-unknown", "This content type is not read.",
                          detail=f"Send {PLAIN_JSON} or {STRUCTURED[0]}.")  # fmt: skip
        if content_type == PLAIN_JSON and "ce-specversion" in request.headers:
            return door.read_binary(_attributes(request), body)
        items = door.split(body)
        trace = trace_of(request)
        return door.read_structured(body, trace=trace) if items is None else _read_items(items, trace)
    except Unreadable as error:
        count_unreadable(HTTP, scope.platform, error.reason)
        raise answers.unreadable(error) from error


def _read_items(items: list[bytes], trace: str | None) -> list[Read]:
    if not 0 < len(items) <= door.EVENTS_MAX:
        raise Unreadable("array-size", [Fault("", f"send from 1 to {door.EVENTS_MAX} events at once")])
    return [read_or_fault(item, trace) for item in items]


def trace_of(request: Request) -> str | None:
    """Return what the request says is its trace, well formed or not: that of its events which say none."""
    return request.headers.get(TRACE)


def read_or_fault(item: bytes, trace: str | None) -> Read:
    """Read one event of several; what is wrong with it is its answer."""
    try:
        return door.read_structured(item, trace=trace)
    except Unreadable as error:
        return error


def _attributes(request: Request) -> dict[str, str]:
    """Read the `ce-` headers, percent-decoded, as CloudEvents writes them; a bad trace is the door's to ignore."""
    found = {}
    for name, value in request.headers.raw:
        attribute = name.removeprefix(b"ce-").decode("latin-1")
        if (name.startswith(b"ce-") and attribute in door.ATTRIBUTES) or attribute == TRACE:
            how = "replace" if attribute == TRACE else "strict"
            try:
                found[attribute] = unquote(value.decode(errors=how), errors=how)
            except UnicodeDecodeError as error:
                raise Unreadable("header-not-utf8", [Fault(f"/headers/ce-{attribute}", "not UTF-8")]) from error
    return found


async def _status(
    desk: Desk, scope: Scope, *, event_id: UUID | None = None, named: tuple[str, str] | None = None
) -> answers.EventStatus:
    with database_answers():
        found = await journey(
            desk.engine, platform=scope.platform, keyring=desk.keyring, event_id=event_id, named=named
        )
    if found is None:
        raise Problem(404, "event-unknown", "Your platform told no such event.", errors=[
            FieldProblem(pointer="", detail="Only accepted events are known; a refused one was answered at once.")
        ])  # fmt: skip
    return answers.status_body(found)


def _json(body: Any, *, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, media_type=PLAIN_JSON, headers=headers)
