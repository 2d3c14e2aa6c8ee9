"""A partner's side of intake's door: tells events in order, and again until each has its answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from shared.kernel.errors import ProgrammeError
from shared.messaging.backoff import delays

EVENTS_A_REQUEST = 2_000
"""Some chunks of intake: it reads one while it commits the one before it, which a single chunk would never let it."""
BYTES_A_REQUEST = 8 * 1024 * 1024
"""Of events larger than usual fewer are sent: intake reads no request to its end that is longer than 64 MiB."""
SILENCE_SECONDS_MAX = 60
"""How long the same lines are told again while nothing is answered."""
PROBLEM = "urn:fabrique:problem:"


class DoorClosed(ProgrammeError):
    """Intake takes nothing of what is told: the key, the address or the service is at fault, not an event."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What intake answered to one event: accepted (now or before), or refused for a reason, at a JSON pointer."""

    accepted: bool
    duplicate: bool = False
    reason: str = ""
    pointer: str = ""
    detail: str = ""


ACCEPTED, REPEATED = Answer(accepted=True), Answer(accepted=True, duplicate=True)


class _Field(msgspec.Struct):
    pointer: str = ""
    detail: str = ""


class _Said(msgspec.Struct):
    """A line of intake's answer, as far as it is read here."""

    line: int
    status: int
    duplicate: bool | None = None
    type: str | None = None
    title: str | None = None
    detail: str | None = None
    errors: list[_Field] | None = None


SAID = msgspec.json.Decoder(_Said)


class Door:
    """Intake's door for one platform; telling again is safe, so what was not answered is told again."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/v1/events:bulk"
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/x-ndjson"}

    async def tell(self, events: Sequence[dict[str, Any]]) -> list[Answer]:
        """Tell events in order and return an answer for each. Raises DoorClosed when none comes for a minute."""
        answers: list[Answer] = []
        waits, heard = delays(longest=5.0), time.monotonic()
        while len(answers) < len(events):
            some = events[len(answers) : len(answers) + EVENTS_A_REQUEST]
            given, silence = await self._ask(some)
            if given:
                answers += given
                waits, heard = delays(longest=5.0), time.monotonic()
                continue
            if time.monotonic() - heard > SILENCE_SECONDS_MAX:
                raise DoorClosed(f"{self._url} takes no events: {silence}. What was answered is kept; run it again.")
            await asyncio.sleep(next(waits))
        return answers

    async def _ask(self, events: Sequence[dict[str, Any]]) -> tuple[list[Answer], str]:
        """Send one request: the answers up to the first event that has none, and why it has none."""
        try:
            answer = await self._client.post(self._url, content=_body(events), headers=self._headers)
        except httpx.TransportError as error:
            return [], str(error) or type(error).__name__
        if answer.is_client_error:
            raise DoorClosed(f"{self._url} refuses everything: {_sentence(answer)}")
        if not answer.is_success:
            return [], _sentence(answer)
        return list(_answers(answer.content)), "the answer broke off"


def _body(events: Sequence[dict[str, Any]]) -> bytes:
    """Write the first events, one a line: all of them, unless they are very large; at least one."""
    body = bytearray()
    for event in events:
        line = msgspec.json.encode(event)
        if body and len(body) + len(line) >= BYTES_A_REQUEST:
            break
        body += line
        body += b"\n"
    return bytes(body)


def _answers(content: bytes) -> Iterator[Answer]:
    """Read the answers, in order, up to the first that says to try again, or that is cut."""
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            said = SAID.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        if said.line != number or said.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        yield _answer(said)


def _answer(said: _Said) -> Answer:
    if said.status < HTTPStatus.BAD_REQUEST:
        return REPEATED if said.duplicate else ACCEPTED
    field = said.errors[0] if said.errors else _Field()
    return Answer(
        accepted=False,
        reason=(said.type or "").removeprefix(PROBLEM),
        pointer=field.pointer,
        detail=field.detail or said.detail or said.title or "",
    )


def _sentence(answer: httpx.Response) -> str:
    """What a problem document says, or the status when it is none."""
    try:
        said = answer.json()
        return f"{said['title']} {said.get('detail', '')}".strip()
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
