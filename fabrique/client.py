"""A partner's side of intake's door: tells events in order, and again until each has its answer."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from shared.kernel.errors import ProgrammeError
from shared.messaging.backoff import delays

EVENTS_A_REQUEST = 500
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
        body = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
        try:
            answer = await self._client.post(self._url, content=body, headers=self._headers)
        except httpx.TransportError as error:
            return [], str(error) or type(error).__name__
        if answer.is_client_error:
            raise DoorClosed(f"{self._url} refuses everything: {_sentence(answer)}")
        if not answer.is_success:
            return [], _sentence(answer)
        return list(_answers(answer.text)), "the answer broke off"


def _answers(text: str) -> Iterator[Answer]:
    """Read the answers, in order, up to the first that says to try again, or that is cut."""
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            said = json.loads(line)
        except ValueError:
            return
        if said.get("line") != number or said["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        yield _answer(said)


def _answer(said: dict[str, Any]) -> Answer:
    if said["status"] < HTTPStatus.BAD_REQUEST:
        return Answer(accepted=True, duplicate=bool(said.get("duplicate")))
    field = (said.get("errors") or [{}])[0]
    return Answer(
        accepted=False,
        reason=str(said.get("type", "")).removeprefix(PROBLEM),
        pointer=str(field.get("pointer", "")),
        detail=str(field.get("detail") or said.get("detail") or said.get("title", "")),
    )


def _sentence(answer: httpx.Response) -> str:
    """What a problem document says, or the status when it is none."""
    try:
        said = answer.json()
        return f"{said['title']} {said.get('detail', '')}".strip()
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
