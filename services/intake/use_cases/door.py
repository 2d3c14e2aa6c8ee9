"""Reads a partner's CloudEvent, structured or binary, or says which field is at fault; whatever the bytes are."""

import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from services.intake.domain.telling import CloudEvent
from services.intake.use_cases.names import repeated
from shared.contracts.fields import Instant
from shared.contracts.remedies import remedy
from shared.contracts.told import TOLD, Told
from shared.kernel.errors import ProgrammeError, Rejected

EVENT_BYTES_MAX = 256 * 1024
EVENTS_MAX = 1_000
FAULTS_MAX = 20
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)

GivenId = Annotated[
    str,
    Field(pattern=r"^[!-~]{1,128}$", description="Your name for the event: printable ASCII.", examples=["2016-000042"]),
]
GivenSource = Annotated[
    str,
    Field(pattern=r"^[!-~]{1,256}$", description="Begins with your platform's name.", examples=["/citeslab/lens"]),
]


class Attributes(BaseModel):
    """The attributes of a partner's CloudEvent; extension attributes are ignored, `traceparent` is passed on."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    specversion: Literal["1.0"]
    id: GivenId
    source: GivenSource
    subject: str | None = Field(default=None, min_length=1, max_length=256, description="Not stored, nor published.")
    time: Instant | None = Field(default=None, description="When it was emitted; nothing depends on it.")
    datacontenttype: str | None = Field(default=None, pattern=r"^(?i:application/json)\s*(;.*)?$")
    traceparent: Any = Field(default=None, description="W3C trace context; ignored when it is malformed.")


def _told_event(name: str, model: type[Told]) -> type[Attributes]:
    fields: dict[str, Any] = {"type": (Literal[name], ...), "data": (model, ...)}
    return create_model(f"{name}Told", __base__=Attributes, __doc__=model.__doc__, **fields)


MODELS = tuple(_told_event(name, model) for name, model in TOLD.items())
STRUCTURED: TypeAdapter[Any] = TypeAdapter(
    Annotated[reduce(operator.or_, MODELS), Field(discriminator="type")]  # type: ignore[arg-type]
)
BINARY = TypeAdapter(Attributes)
ATTRIBUTES = frozenset({*Attributes.model_fields, "type"})
"""The attributes that are read; extension attributes are the partner's affair."""
NOT_JSON = "not valid JSON, or nested too deep"
UNTYPED = {
    "union_tag_invalid": "not a type of event that is told here",
    "union_tag_not_found": "is missing, or not a text",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault; when nobody knows such a field, its name (the pointer's last step) may name a person."""

    pointer: str
    detail: str
    unknown: bool = False

    @property
    def safe_pointer(self) -> str:
        """The pointer, cut before what the sender made up."""
        return self.pointer.rpartition("/")[0] if self.unknown else self.pointer


class Unreadable(ProgrammeError):
    """What was sent is not a valid event; `reason` is a stable word, `faults` say where, at most twenty."""

    def __init__(self, reason: str, faults: Sequence[Fault]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.faults = faults

    def rejected(self) -> Rejected:
        """Say the first fault in a form that may be stored and logged."""
        first = self.faults[0]
        return Rejected(self.reason, first.detail, pointer=first.safe_pointer)


def split(body: bytes) -> list[bytes] | None:
    """Cut a JSON array into its items; None when it is something else. Raises Unreadable when it is not JSON."""
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return None
    try:
        return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Unreadable("json-invalid", [Fault("", NOT_JSON)]) from error


def read_structured(body: bytes, *, trace: str | None = None) -> CloudEvent:
    """Read an event that says everything in one JSON object, but for a `trace` around it. Raises Unreadable."""
    _check_size(body)
    try:
        found = STRUCTURED.validate_json(body)
    except ValidationError as error:
        raise _unreadable(error) from error
    _check_names(body)
    return _event(found, found.data, trace)


def read_binary(attributes: Mapping[str, str], body: bytes) -> CloudEvent:
    """Read an event whose attributes came as headers, without their prefix, and whose data is the body.

    Raises Unreadable; pointers are those of the structured form, so that both say the same.
    """
    _check_size(body)
    model = TOLD.get(attributes.get("type", ""))
    if model is None:
        kind = "union_tag_invalid" if "type" in attributes else "union_tag_not_found"
        raise Unreadable("type-unknown", [Fault("/type", UNTYPED[kind])])
    try:
        found = BINARY.validate_json(msgspec.json.encode(attributes))
    except ValidationError as error:
        raise _unreadable(error) from error
    try:
        told = model.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        raise _unreadable(error, under=("data",)) from error
    _check_names(body, under=("data",))
    return _event(found, told)


def _check_size(body: bytes) -> None:
    if len(body) > EVENT_BYTES_MAX:
        raise Unreadable("too-large", [Fault("", f"longer than {EVENT_BYTES_MAX} bytes")])


def _check_names(body: bytes, *, under: tuple[str, ...] = ()) -> None:
    """Refuse a name that is given twice, which pydantic reads as its last: asked of what is valid in all else."""
    try:
        way = repeated(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("json-invalid", [Fault(pointer(under), NOT_JSON)]) from error
    if way is not None:
        raise Unreadable("name-repeated", [_repetition((*under, *way))])


def _repetition(way: tuple[str, ...]) -> Fault:
    """Point to a name of ours; in an extension attribute, to that attribute, for all within is the sender's own."""
    steps = way if way[:1] == ("data",) else way[:1]
    detail = "a name is given more than once in one object: write each name once"
    return Fault(pointer(steps), detail, unknown=bool(steps) and steps[0] not in {*ATTRIBUTES, "data"})


def _event(attributes: Attributes, told: Any, trace: str | None = None) -> CloudEvent:
    return CloudEvent(
        id=attributes.id, source=attributes.source, told=told, subject=attributes.subject,
        traceparent=_well_formed(attributes.traceparent) or _well_formed(trace),
    )  # fmt: skip


def _well_formed(trace: Any) -> str | None:
    return trace if isinstance(trace, str) and TRACEPARENT.fullmatch(trace) else None


def _unreadable(error: ValidationError, *, under: tuple[str, ...] = ()) -> Unreadable:
    found = error.errors(include_url=False, include_input=False)
    first = found[0]["type"]
    if first == "json_invalid":
        return Unreadable("json-invalid", [Fault(pointer(under), NOT_JSON)])
    if first == "dict_type" or (first == "model_type" and not found[0]["loc"]):
        return Unreadable("not-an-object", [Fault(pointer(under), "not a JSON object")])
    if first.startswith("union_tag"):
        return Unreadable("type-unknown", [Fault("/type", UNTYPED[first])])
    faults = list(_faults(found[:FAULTS_MAX], under))
    return Unreadable("field-unknown" if faults[0].unknown else "field-invalid", faults)


def _faults(found: Sequence[Any], under: tuple[str, ...]) -> Iterator[Fault]:
    for each in found:
        path = each["loc"][1:] if each["loc"] and each["loc"][0] in TOLD else each["loc"]
        yield Fault(pointer((*under, *path)), remedy(each), unknown=each["type"] == "extra_forbidden")


def pointer(path: Sequence[str | int]) -> str:
    """Write a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
