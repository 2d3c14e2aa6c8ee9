"""A partner's record in both modes: its trace is taken where it is one, and never a reason to refuse an event."""

import json
from typing import Any

import pytest

from services.intake.handlers import STRUCTURED, decode
from shared.database.checkpoint import Source
from shared.messaging.fence import New
from tests.domain.intake.test_door import DATA, EVENT
from tests.support.commitment_events import raw_record

TOPIC = "partner.citeslab.event.v1"
TRACE, OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", f"00-{'a' * 32}-{'b' * 16}-00"
BINARY: list[tuple[str, bytes | None]] = [
    (f"ce_{name}", value.encode()) for name, value in EVENT.items() if name != "data"
]


def record(headers: list[tuple[str, bytes | None]], content: Any) -> New:
    found = raw_record(headers, json.dumps(content).encode(), offset=0, topic=TOPIC)
    return New(Source(TOPIC, 0), found, dict(headers), 0)


@pytest.mark.parametrize("name", ["traceparent", "ce_traceparent"])
@pytest.mark.parametrize(
    ("header", "trace"), [(TRACE.encode(), TRACE), (b"\xff\xfe", None), (None, None), (b"x", None), (b"", None)]
)
def test_in_binary_mode_a_malformed_trace_is_ignored(name: str, header: bytes | None, trace: str | None) -> None:
    assert decode(record([*BINARY, (name, header)], DATA)).traceparent == trace


@pytest.mark.parametrize(
    ("said", "header", "trace"),
    [
        ({}, TRACE.encode(), TRACE), ({"traceparent": OTHER}, TRACE.encode(), OTHER), ({}, b"\xff\xfe", None),
        ({"traceparent": 5}, TRACE.encode(), TRACE), ({}, None, None),
    ],
)  # fmt: skip
def test_in_structured_mode_the_records_trace_is_taken_when_the_event_says_none(
    said: dict[str, Any], header: bytes | None, trace: str | None
) -> None:
    headers = [("content-type", STRUCTURED.encode()), ("traceparent", header)]
    assert decode(record(headers, EVENT | said)).traceparent == trace
