"""A partner's client: each event gets one answer, in order, whatever the door does in between."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from fabrique import client
from fabrique.client import Answer, Door, DoorClosed

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""

    def at_once(**_: float) -> Iterator[float]:
        while True:
            yield 0.0

    monkeypatch.setattr(client, "delays", at_once)


def events(count: int) -> list[dict[str, Any]]:
    """Events with numbers."""
    return [{"id": str(number)} for number in range(count)]


async def tell(handler: Handler, told: list[dict[str, Any]]) -> list[Answer]:
    """Tell events at a door that behaves as `handler` does."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return await Door(http, "http://intake", "fab_key").tell(told)


def lines_of(request: httpx.Request) -> list[dict[str, Any]]:
    """The events of a request."""
    return [json.loads(line) for line in request.content.splitlines()]


def accepted(line: int, **more: object) -> str:
    """The answer to an accepted line."""
    return json.dumps({"line": line, "status": 202, "id": "x", **more})


async def test_many_events_go_in_requests_of_a_size_and_keep_their_order() -> None:
    seen: list[str] = []

    def door(request: httpx.Request) -> httpx.Response:
        told = lines_of(request)
        seen.extend(event["id"] for event in told)
        assert len(told) <= client.EVENTS_A_REQUEST
        return httpx.Response(200, text="\n".join(accepted(n) for n in range(1, len(told) + 1)))

    answers = await tell(door, events(count := 2 * client.EVENTS_A_REQUEST + 234))
    assert seen == [str(number) for number in range(count)]
    assert len(answers) == count
    assert all(answer.accepted for answer in answers)


async def test_what_was_not_answered_is_told_again_from_there() -> None:
    requests: list[list[str]] = []

    def door(request: httpx.Request) -> httpx.Response:
        ids = [event["id"] for event in lines_of(request)]
        requests.append(ids)
        match len(requests):
            case 1:
                return httpx.Response(503, json={"title": "Not now: try again."})
            case 2:
                raise httpx.ReadError("gone")
            case 3:  # the answer breaks off after two lines, in the middle of the third
                return httpx.Response(200, text=f'{accepted(1)}\n{accepted(2)}\n{{"line": 3, "sta')
            case 4:  # one line is answered, then the database stops answering
                return httpx.Response(200, text=f'{accepted(1)}\n{{"line": 2, "status": 503, "type": "x"}}')
            case _:
                return httpx.Response(200, text="\n".join(accepted(n) for n in range(1, len(ids) + 1)))

    answers = await tell(door, events(5))
    assert len(answers) == 5
    assert requests == [list("01234")] * 3 + [list("234"), list("34")]


async def test_an_answer_out_of_its_place_is_not_taken_for_another_events() -> None:
    requests: list[int] = []

    def door(request: httpx.Request) -> httpx.Response:
        requests.append(len(lines_of(request)))
        return httpx.Response(200, text=f"{accepted(1)}\n{accepted(3)}\n{accepted(2)}")

    assert len(await tell(door, events(3))) == 3
    assert requests == [3, 2, 1]


async def test_a_refusal_says_why_and_where() -> None:
    refused = {
        "line": 1, "type": "urn:fabrique:problem:field-invalid", "title": "The event is not valid.", "status": 422,
        "errors": [{"pointer": "/data/cost_cents", "detail": "Input should be a valid integer"}],
    }  # fmt: skip
    answers = await tell(
        lambda _: httpx.Response(200, text=json.dumps(refused) + "\n" + accepted(2, duplicate=True)), events(2)
    )
    assert answers == [
        Answer(False, False, "field-invalid", "/data/cost_cents", "Input should be a valid integer"),
        Answer(True, duplicate=True),
    ]


async def test_a_key_that_is_refused_is_not_tried_again() -> None:
    calls = 0

    def door(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(401, json={"title": "This needs a key.", "detail": "Send it."})

    with pytest.raises(DoorClosed, match=r"This needs a key\. Send it\."):
        await tell(door, events(1))
    assert calls == 1


async def test_a_silent_door_is_given_up_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS_MAX", -1)
    with pytest.raises(DoorClosed, match="run it again"):
        await tell(lambda _: httpx.Response(503, text="no"), events(1))


async def test_large_events_go_in_smaller_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BYTES_A_REQUEST", 1_000)
    sizes: list[int] = []

    def door(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.content))
        return httpx.Response(200, text="\n".join(accepted(n) for n in range(1, len(lines_of(request)) + 1)))

    told = [{"id": "x" * size} for size in (400, 400, 400, 3_000, 10)]
    assert len(await tell(door, told)) == len(told)
    assert sizes == [820, 410, 3_010, 20]


async def test_what_an_event_says_arrives_as_it_was() -> None:
    seen: list[dict[str, Any]] = []

    def door(request: httpx.Request) -> httpx.Response:
        seen.extend(lines_of(request))
        return httpx.Response(200, text=accepted(1))

    event = {"id": "Lens\u2028Liévin\n", "data": {"large": 10**40, "small": -0.25, "none": None, "nested": [{"a": []}]}}
    await tell(door, [event])
    assert seen == [event]
