"""The headers that are written by hand are those of CloudEvents: its own SDK reads ours, and we read the SDK's."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.funding.handlers import commitments
from shared.contracts.topics import schema_id
from shared.database.checkpoint import Source
from shared.kernel.errors import Rejected
from shared.messaging.cloudevents import binary_headers, source_of, text_header, uuid_header
from shared.messaging.fence import New
from tests.support.commitment_events import TOPIC, event, raw_record

ID, CAUSE = UUID("01571d76-afa0-7c3a-9d52-6b1f0e84a7c1"), UUID("015747e9-fee0-7b08-b1f7-93a5c64e0d28")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_the_sdk_reads_what_a_relay_writes(zone: timezone) -> None:
    time = datetime(2016, 10, 3, 11, 30, tzinfo=UTC).astimezone(zone)
    headers = binary_headers(
        event_id=str(ID), source=source_of(TOPIC, 3, 1).encode(), type_="CommitmentClosed", topic=TOPIC,
        subject="somebody", sequence=7, time=time, cause=str(CAUSE), traceparent=TRACE,
    )  # fmt: skip
    assert len(dict(headers)) == len(headers)
    read = from_binary(KafkaMessage(dict(headers), key=b"CV219", value=b'{"a": 1}'), JSONFormat())
    assert (read.get_id(), read.get_type(), read.get_subject(), read.get_data()) == (
        str(ID), "CommitmentClosed", "somebody", {"a": 1},
    )  # fmt: skip
    assert (read.get_time(), read.get_specversion()) == (time, "1.0")
    assert (read.get_source(), read.get_dataschema()) == (source_of(TOPIC, 3, 1), schema_id(TOPIC, "CommitmentClosed"))
    assert read.get_extension("sequence") == "00000000000000000007"
    assert read.get_extension("causationid") == str(CAUSE)
    assert dict(headers)["ce_time"] == b"2016-10-03T11:30:00+00:00"
    assert dict(headers)["traceparent"] == TRACE.encode()


def test_we_read_what_the_sdk_writes() -> None:
    told = event("CommitmentWithdrawn", "A", contract="CV219", number=1, reason="abandoned")
    attributes = {"id": told["id"], "source": "/somebody", "type": told["type"], "specversion": "1.0"}
    written = to_binary(CloudEvent(attributes, told["value"]), JSONFormat())
    record = raw_record(list(written.headers.items()), written.value, offset=5)
    read = commitments.decode(New(Source(TOPIC, 0), record, dict(record.headers), 0))
    assert read is not None
    assert (str(read.event_id), read.type, read.offset) == (told["id"], "CommitmentWithdrawn", 5)
    assert json.loads(read.fact.model_dump_json())["commitment_id"] == told["value"]["commitment_id"]


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "header-missing"), (b"\xff", "header-not-utf8"), (b"42", "header-not-uuid")]
)
def test_a_header_that_cannot_be_read_is_refused_by_its_name(content: bytes | None, reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        uuid_header({"ce_id": content}, "ce_id")
    assert (refused.value.reason, refused.value.pointer) == (reason, "/headers/ce_id")
    assert "42" not in refused.value.detail


def test_a_text_header_is_its_text() -> None:
    assert text_header({"ce_subject": "Liévin".encode()}, "ce_subject") == "Liévin"
