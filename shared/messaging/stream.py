"""A stream: which topic a handler reads, how its records become facts, and the batch that the handler is given."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct
from pydantic import ValidationError

from shared.contracts.fields import Fact
from shared.contracts.topics import Cleanup, Topic
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox
from shared.database.transaction import Session
from shared.kernel.errors import Rejected
from shared.messaging.cloudevents import text_header, uuid_header
from shared.messaging.fence import New

F = TypeVar("F")
EVENT_BYTES_MAX = 256 * 1024
"""The largest value that we decode; larger ones are refused unread."""


class Incoming(Struct, Generic[F], eq=False):
    """One record, decoded: its fact, who it is, where it came from, and its place in the line.

    `cause` is the event that caused it; `timestamp_ms` is Kafka's, which our relays set to the commit's time.
    """

    fact: F
    event_id: UUID
    type: str
    source: Source
    offset: int
    sequence: int
    traceparent: str | None
    place: int
    cause: UUID | None = None
    timestamp_ms: int = 0


def place_of(offset: int, step: int = 0) -> int:
    """Order events of a partition, and the commands and retries that came between two of them."""
    return offset << 20 | step


@dataclass(slots=True, eq=False)
class Batch(Generic[F]):
    """The events of one transaction, in order, and where the handler writes and announces."""

    session: Session
    outbox: Outbox
    events: list[Incoming[F]]
    rejections: list[tuple[Incoming[F], Rejected]]

    def reject(self, event: Incoming[F], rejected: Rejected) -> None:
        """Send one event to quarantine; its neighbours are applied."""
        self.rejections.append((event, rejected))


Decode = Callable[[New], Incoming[F] | None]
Read = Callable[[bytes], Any]
Handler = Callable[[Batch[F]], Awaitable[None]]


class Stream(Generic[F]):
    """A declared reading of a topic (or of all topics of a pattern); decorate its handler with it.

    `refolded`: its service may be rebuilt; the log is then read again, with what was retried in its place.
    """

    def __init__(
        self, name: str, decode: Decode[F], *, pattern: str | None = None, compacted: bool = False,
        refolded: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.pattern = pattern
        self.compacted = compacted
        self.refolded = refolded
        self.decode = decode
        self.handler: Handler[F] | None = None

    def __call__(self, handler: Handler[F]) -> Handler[F]:
        """Register the handler."""
        self.handler = handler
        return handler


def facts(
    topic: Topic, of_interest: Iterable[type[Fact]], *, read_by: Mapping[type[Fact], Read] | None = None,
    refolded: bool = False,
) -> Stream[Any]:  # fmt: skip
    """Declare a reading of one of our own topics: events of interest are decoded, other known ones are passed over.

    Each is read by its model, or by what `read_by` names, which raises ValidationError as the model does.
    """
    wanted: dict[bytes | None, tuple[str, Read]] = {
        model.__name__.encode(): (model.__name__, (read_by or {}).get(model) or _by_model(model))
        for model in of_interest
    }
    known = {name.encode() for name in topic.models}

    def decode(new: New) -> Incoming[Any] | None:
        headers, record = new.headers, new.record
        found = wanted.get(headers.get("ce_type"))
        if found is None:
            if headers.get("ce_type") in known:
                return None
            raise Rejected("type-unknown", "the event's type is not one of this topic's", pointer="/headers/ce_type")
        name, read = found
        return Incoming(
            fact=_validated(read, record.value),
            event_id=uuid_header(headers, "ce_id"),
            type=name,
            source=new.source,
            offset=record.offset,
            sequence=new.sequence,
            traceparent=None if headers.get("traceparent") is None else text_header(headers, "traceparent"),
            place=place_of(record.offset),
            cause=None if headers.get("ce_causationid") is None else uuid_header(headers, "ce_causationid"),
            timestamp_ms=record.timestamp,
        )

    return Stream(topic.name, decode, compacted=topic.cleanup is Cleanup.COMPACT, refolded=refolded)


def _by_model(model: type[Fact]) -> Read:
    return partial(model.__pydantic_validator__.validate_json, extra="ignore")


def _validated(read: Read, value: bytes | None) -> Any:
    if value is None:
        raise Rejected("value-null", "the record has no value")
    if len(value) > EVENT_BYTES_MAX:
        raise Rejected("too-large", f"the value is longer than {EVENT_BYTES_MAX} bytes")
    try:
        return read(value)
    except ValidationError as error:
        raise rejection(error) from error


def rejection(error: ValidationError) -> Rejected:
    """Turn a validation error into the first field at fault and why, without quoting the input."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    unknown = first["type"] == "extra_forbidden"
    path = first["loc"][:-1] if unknown else first["loc"]  # the name of an unknown field may itself name a person
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
    reason = "json-invalid" if first["type"] == "json_invalid" else "field-invalid"
    message = "not valid JSON" if reason == "json-invalid" else first["msg"]
    if unknown:
        return Rejected("field-unknown", "a field that the schema does not know", pointer=pointer)
    return Rejected(reason, message, pointer=pointer)
