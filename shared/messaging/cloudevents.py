"""CloudEvents 1.0 on Kafka, binary mode: the headers we write and the headers we read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from shared.contracts.topics import schema_id
from shared.kernel.errors import Rejected
from shared.kernel.ids import parse_id

Headers = Mapping[str, bytes | None]
"""A record's headers by name; of a name given twice, the last counts."""
SEQUENCE_MAX = 2**63 - 1
"""The largest that a table holds: a relay never wrote a larger one."""
_EPOCH = re.compile(rb"/epoch/(\d{1,9})$")
_SPECVERSION, _CONTENT_TYPE = ("ce_specversion", b"1.0"), ("content-type", b"application/json")


def source_of(topic: str, partition: int, epoch: int) -> str:
    """Name a source: the service that writes the topic (of dead letters, the reader), the partition and its epoch."""
    names = topic.split(".")
    writer = names[-2] if names[-1] == "dlq" else names[0]
    return f"/fabrique/{writer}/{topic}/{partition}/epoch/{epoch}"


def binary_headers(
    *,
    event_id: str,
    source: bytes,
    type_: str,
    topic: str,
    subject: str,
    sequence: int,
    time: datetime,
    cause: str | None,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """Build the headers of one event; the sequence has 20 digits because it is compared as text."""
    kind, schema = _type_headers(topic, type_)
    headers = [
        _SPECVERSION,
        _CONTENT_TYPE,
        ("ce_id", event_id.encode()),
        ("ce_source", source),
        kind,
        schema,
        ("ce_time", _instant(time)),
        ("ce_subject", subject.encode()),
        ("ce_sequence", b"%020d" % sequence),
    ]
    if cause is not None:
        headers.append(("ce_causationid", cause.encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


@lru_cache(maxsize=1024)
def _type_headers(topic: str, type_: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return (("ce_type", type_.encode()), ("ce_dataschema", schema_id(topic, type_).encode()))


@lru_cache(maxsize=4096)
def _instant(time: datetime) -> bytes:
    return time.astimezone(UTC).isoformat().encode()


def text_header(headers: Headers, name: str) -> str:
    """Return a header that must be there, as text."""
    value = headers.get(name)
    if value is None:
        raise Rejected("header-missing", f"the header {name} is missing", pointer=f"/headers/{name}")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Rejected("header-not-utf8", f"the header {name} is not UTF-8", pointer=f"/headers/{name}") from error


def uuid_header(headers: Headers, name: str) -> UUID:
    """Return a header that must be a UUID."""
    try:
        return parse_id(text_header(headers, name))
    except ValueError as error:
        raise Rejected("header-not-uuid", f"the header {name} is not a UUID", pointer=f"/headers/{name}") from error


def sequence_of(headers: Headers) -> tuple[int, int] | None:
    """Return (epoch, sequence) of a record that one of our relays wrote; None when it says neither."""
    source, sequence = headers.get("ce_source"), headers.get("ce_sequence")
    if source is None or sequence is None or len(sequence) > 20 or not sequence.isdigit():
        return None
    epoch, number = _epoch(source), int(sequence)
    return None if epoch is None or number > SEQUENCE_MAX else (epoch, number)


@lru_cache(maxsize=1024)
def _epoch(source: bytes) -> int | None:
    found = _EPOCH.search(source)
    return int(found.group(1)) if found else None
