"""`/v1/events:bulk`: NDJSON in, an answer for each line out, while the request still arrives."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from services.intake.domain.scope import Scope
from services.intake.routes import answers, documents
from services.intake.routes.doorkeeper import authenticated
from services.intake.routes.events import Desk, Read, read_or_fault, tell, trace_of
from services.intake.use_cases import door
from services.intake.use_cases.door import Fault, Unreadable
from shared.kernel.errors import Unavailable
from shared.web.problems import Problem

log = structlog.get_logger()
BULK_BYTES_MAX = 64 * 1024 * 1024
LINES_MAX = 200_000
LINES_A_CHUNK = 500
NDJSON = "application/x-ndjson"
Line = tuple[int, Read | Unavailable]
TOO_LARGE = "too-large"


class BothWaysResponse(StreamingResponse):
    """Streams while the request is still being read: Starlette's own would read it too, to see the client leave."""

    async def __call__(self, _scope: ASGIScope, _receive: Receive, send: Send) -> None:
        """Send what there is to send."""
        await self.stream_response(send)


def bulk_routes(desk: Desk) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["events"])

    async def caller(request: Request) -> Scope:
        return await authenticated(request, desk.keys)

    @router.post("/events:bulk", summary="Tell many events, one on each line", **documents.POST_BULK)
    async def post_bulk(request: Request, scope: Annotated[Scope, Depends(caller)]) -> BothWaysResponse:
        """Accept NDJSON: one CloudEvent on each line, up to 64 MiB and 200 000 lines; blank lines are passed over.

        The answer is NDJSON too: one answer for each line, in order, each once its line is stored. A bad line never
        stops the next. Where the answer breaks off, send again from there: what was accepted gives the same answer.
        """
        return BothWaysResponse(_answers(desk, scope, request), media_type=NDJSON)

    return router


async def _answers(desk: Desk, scope: Scope, request: Request) -> AsyncIterator[bytes]:
    """Yield answers as they come; reading never waits for a client that sends all before it reads anything."""
    ready: asyncio.Queue[bytes | None] = asyncio.Queue()
    work = asyncio.create_task(_work(desk, scope, request, ready))
    try:
        while (part := await ready.get()) is not None:
            yield part
    finally:
        work.cancel()


async def _work(desk: Desk, scope: Scope, request: Request, ready: asyncio.Queue[bytes | None]) -> None:
    """Read lines and apply them by chunks, in order; the next chunk is read while one is committed."""
    committing: asyncio.Task[bool] | None = None
    is_open = True
    try:
        async for chunk in _chunks(_lines(request)):
            if committing is not None:
                is_open = await committing
            committing = asyncio.create_task(_apply(desk, scope, chunk if is_open else _too_late(chunk), ready))
        if committing is not None:
            await committing
    except Exception as error:
        log.warning("bulk request broken off", error=type(error).__name__)
    finally:
        ready.put_nowait(None)


async def _apply(desk: Desk, scope: Scope, chunk: list[Line], ready: asyncio.Queue[bytes | None]) -> bool:
    """Answer a chunk; False when some of it could not be accepted now."""
    outcomes = await tell(desk, scope, [item for _, item in chunk])
    bodies = [{"line": line, **answers.item(each)} for (line, _), each in zip(chunk, outcomes, strict=True)]
    ready.put_nowait(b"".join(msgspec.json.encode(body) + b"\n" for body in bodies))
    return not any(isinstance(each, Problem) and each.status == 503 for each in outcomes)


def _too_late(chunk: list[Line]) -> list[Line]:
    """Refuse what follows lines that could not be accepted now: it may stand on them."""
    late = Unavailable("a line before this one was not accepted: send again from there")
    return [(line, item if isinstance(item, Unreadable) else late) for line, item in chunk]


async def _chunks(lines: AsyncIterator[Line]) -> AsyncIterator[list[Line]]:
    chunk: list[Line] = []
    async for line in lines:
        chunk.append(line)
        if len(chunk) == LINES_A_CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _lines(request: Request) -> AsyncIterator[Line]:
    """Yield each line that is not blank, with its number from 1; never hold one that is longer than an event may be."""
    cutter = LineCutter(trace_of(request))
    received = 0
    async for part in request.stream():
        received += len(part)
        if received > BULK_BYTES_MAX:
            yield cutter.number + 1, _refused(f"the request is longer than {BULK_BYTES_MAX} bytes")
            return
        for line in cutter.cut(part):
            yield line
            if cutter.number >= LINES_MAX:
                yield cutter.number + 1, _refused(f"the request has more than {LINES_MAX} lines")
                return
    for line in cutter.cut(b"\n"):
        yield line


class LineCutter:
    """Cuts bytes that arrive in pieces into lines, and reads each as an event."""

    def __init__(self, trace: str | None = None) -> None:
        self.number = 0
        self._trace = trace
        self._rest = bytearray()
        self._skipping = False

    def cut(self, part: bytes) -> Iterator[Line]:
        """Yield the lines that `part` completes."""
        *ends, rest = part.split(b"\n")
        for end in ends:
            self._keep(end)
            self.number += 1
            too_long, line = self._skipping, bytes(self._rest)
            self._rest.clear()
            self._skipping = False
            if too_long:
                yield self.number, _refused(f"longer than {door.EVENT_BYTES_MAX} bytes")
            elif line.strip():
                yield self.number, read_or_fault(line, self._trace)
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        if len(self._rest) + len(part) > door.EVENT_BYTES_MAX + 2:
            self._skipping = True
            self._rest.clear()
        if not self._skipping:
            self._rest += part


def _refused(detail: str) -> Unreadable:
    return Unreadable(TOO_LARGE, [Fault("", detail)])
