"""The trace around events told by HTTP goes on with those which say none."""

import json
from typing import Any

import pytest

from tests.services.intake.world import World, welcomed

JSON = {"content-type": "application/json"}
TRACE, OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", f"00-{'a' * 32}-{'b' * 16}-00"


@pytest.mark.parametrize(
    ("said", "header", "kept"),
    [
        ({}, TRACE, TRACE), ({"traceparent": OTHER}, TRACE, OTHER), ({"traceparent": None}, TRACE, TRACE),
        ({"traceparent": "x"}, TRACE, TRACE), ({"traceparent": OTHER}, "x", OTHER), ({}, "x", None),
        ({}, b"\xff", None), ({}, None, None),
    ],
)  # fmt: skip
async def test_the_trace_of_the_request_is_that_of_events_which_say_none(
    world: World, said: dict[str, Any], header: str | bytes | None, kept: str | None
) -> None:
    headers: dict[str, Any] = await world.key() | ({} if header is None else {"traceparent": header})
    one, two, three, four = (json.dumps(welcomed() | said).encode() for _ in range(4))
    bodies = {"/v1/events": one, "/v1/events?": b"[" + two + b"]", "/v1/events:bulk": three + b"\n" + four}
    for path, body in bodies.items():
        answer = await world.client.post(path, content=body, headers=headers | JSON)
        assert answer.status_code in (200, 202), answer.text
    found = [row["traceparent"] for row in await world.rows("SELECT traceparent FROM outbox")]
    assert found == [kept] * 4
