"""Whatever the bytes are, the door reads an event or says which field is at fault, and never quotes what was sent."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.telling import CloudEvent
from services.intake.use_cases import door
from services.intake.use_cases.door import EVENT_BYTES_MAX, Unreadable, read_binary, read_structured, split
from shared.contracts.examples.told import TOLD_EXAMPLES
from shared.contracts.told import Told

CANARY = "Jeanne-Dupont"
DATA: dict[str, Any] = {
    "occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z", "reference": "R-1", "contract": "CV219",
    "exercise": 2016, "cost_cents": 1000, "state_cents": 400,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/citeslab", "type": "CommitmentDeclared", "data": DATA,
}  # fmt: skip


def bytes_of(event: Any) -> bytes:
    return json.dumps(event).encode()


def with_data(**fields: Any) -> bytes:
    return bytes_of(EVENT | {"data": DATA | fields})


def without_data(field: str) -> bytes:
    return bytes_of(EVENT | {"data": {k: v for k, v in DATA.items() if k != field}})


def raw_amount(text: str) -> bytes:
    return with_data(cost_cents=-7).replace(b"-7", text.encode())


BAD: list[tuple[str, bytes, str, str]] = [
    ("nothing", b"", "json-invalid", ""),
    ("not JSON", b"bonjour", "json-invalid", ""),
    ("half of an event", bytes_of(EVENT)[:-9], "json-invalid", ""),
    ("not UTF-8", bytes_of(EVENT).replace(b"R-1", b"\xff\xfe"), "json-invalid", ""),
    ("half a surrogate pair", bytes_of(EVENT).replace(b"R-1", b"\\ud800"), "json-invalid", ""),
    ("nesting of 10 000, closed", b'{"type":"CommitmentDeclared","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
     "json-invalid", ""),
    ("nesting of 10 000, open", b"[" * 10_000, "json-invalid", ""),
    ("an amount of 5 000 digits", raw_amount("9" * 5000), "json-invalid", ""),
    ("a number", b"42", "not-an-object", ""),
    ("null", b"null", "not-an-object", ""),
    ("a text", b'"CommitmentDeclared"', "not-an-object", ""),
    ("too large", b" " * EVENT_BYTES_MAX + bytes_of(EVENT), "too-large", ""),
    ("no type", bytes_of({k: v for k, v in EVENT.items() if k != "type"}), "type-unknown", "/type"),
    ("an unknown type", bytes_of(EVENT | {"type": CANARY}), "type-unknown", "/type"),
    ("a type that is a number", bytes_of(EVENT | {"type": 5}), "type-unknown", "/type"),
    ("a type that is a list", bytes_of(EVENT | {"type": [CANARY]}), "type-unknown", "/type"),
    ("another version of CloudEvents", bytes_of(EVENT | {"specversion": "0.3"}), "field-invalid", "/specversion"),
    ("an empty id", bytes_of(EVENT | {"id": ""}), "field-invalid", "/id"),
    ("an id with a space", bytes_of(EVENT | {"id": "1 2"}), "field-invalid", "/id"),
    ("an id too long", bytes_of(EVENT | {"id": "1" * 129}), "field-invalid", "/id"),
    ("an id that is a number", bytes_of(EVENT | {"id": 1}), "field-invalid", "/id"),
    ("a source that is null", bytes_of(EVENT | {"source": None}), "field-invalid", "/source"),
    ("a time that is none", bytes_of(EVENT | {"time": "yesterday"}), "field-invalid", "/time"),
    ("data of another content type", bytes_of(EVENT | {"datacontenttype": "text/xml"}), "field-invalid",
     "/datacontenttype"),
    ("data that is null", bytes_of(EVENT | {"data": None}), "field-invalid", "/data"),
    ("data that is a list", bytes_of(EVENT | {"data": [1]}), "field-invalid", "/data"),
    ("no data", bytes_of({k: v for k, v in EVENT.items() if k != "data"}), "field-invalid", "/data"),
    ("an unknown field", with_data(**{CANARY: 1}), "field-unknown", f"/data/{CANARY}"),
    ("a missing field", without_data("cost_cents"), "field-invalid", "/data/cost_cents"),
    ("a float", raw_amount("1000.0"), "field-invalid", "/data/cost_cents"),
    ("an exponent", raw_amount("1e3"), "field-invalid", "/data/cost_cents"),
    ("more than a float", raw_amount("1e400"), "field-invalid", "/data/cost_cents"),
    ("not a number", raw_amount("NaN"), "field-invalid", "/data/cost_cents"),
    ("infinity", raw_amount("-Infinity"), "field-invalid", "/data/cost_cents"),
    ("an amount past 64 bits", raw_amount("18446744073709551616"), "field-invalid", "/data/cost_cents"),
    ("an amount past the largest", raw_amount("10000000000001"), "field-invalid", "/data/cost_cents"),
    ("a negative amount", with_data(state_cents=-1), "field-invalid", "/data/state_cents"),
    ("euros instead of cents", with_data(cost_cents="10,00 €"), "field-invalid", "/data/cost_cents"),
    ("true for an amount", with_data(cost_cents=True), "field-invalid", "/data/cost_cents"),
    ("more asked than it costs", with_data(cost_cents=399), "field-invalid", "/data"),
    ("a contract badly written", with_data(contract="Lens"), "field-invalid", "/data/contract"),
    ("an exercise as text", with_data(exercise="2016"), "field-invalid", "/data/exercise"),
    ("a SIRET with a wrong key", with_data(beneficiary_siret="12345678200011"), "field-invalid",
     "/data/beneficiary_siret"),
    ("a day that is none", with_data(occurred_on="2016-02-30"), "field-invalid", "/data/occurred_on"),
    ("seconds instead of an instant", with_data(declared_at=1475452800), "field-invalid", "/data/declared_at"),
    ("an instant without its offset", with_data(declared_at="2016-10-04T08:42:00"), "field-invalid",
     "/data/declared_at"),
    ("an identifier that is none", bytes_of(EVENT | {"type": "CommitmentClosed", "data": {
        "occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z", "commitment_id": CANARY}}),
     "field-invalid", "/data/commitment_id"),
    ("neither reference nor identifier", bytes_of(EVENT | {"type": "CommitmentClosed", "data": {
        "occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z"}}), "field-invalid", "/data"),
    ("a bad SIREN", bytes_of(EVENT | {"type": "BusinessCreated", "data": {
        "occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z", "contract": "CV219",
        "entrepreneur_reference": "P-1", "business_reference": "B-1", "siren": "123456789"}}),
     "field-invalid", "/data/siren"),
    ("a bad QPV code", bytes_of(EVENT | {"type": "EntrepreneurWelcomed", "data": {
        "occurred_on": "2016-10-03", "declared_at": "2016-10-04T08:42:00Z", "contract": "CV219",
        "entrepreneur_reference": "P-1", "residence_qpv_code": "QP06"}}), "field-invalid", "/data/residence_qpv_code"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "body", "reason", "pointer"), BAD, ids=[bad[0] for bad in BAD])
def test_what_is_wrong_is_said_with_its_place(_: str, body: bytes, reason: str, pointer: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_structured(body)
    assert (caught.value.reason, caught.value.faults[0].pointer) == (reason, pointer)
    rejected = caught.value.rejected()
    assert CANARY not in f"{rejected.reason} {rejected.detail} {rejected.pointer}"
    assert "found `" not in rejected.detail


def test_every_fault_is_said_up_to_twenty_of_them() -> None:
    with pytest.raises(Unreadable) as caught:
        read_structured(with_data(contract="x", cost_cents=1.5, exercise="2016"))
    assert {fault.pointer for fault in caught.value.faults} == {"/data/contract", "/data/cost_cents", "/data/exercise"}
    with pytest.raises(Unreadable) as caught:
        read_structured(with_data(**{f"field{number}": 1 for number in range(100)}))
    assert len(caught.value.faults) == 20


def test_a_pointer_escapes_what_the_field_is_called() -> None:
    with pytest.raises(Unreadable) as caught:
        read_structured(with_data(**{"a/b~c": 1}))
    assert caught.value.faults[0].pointer == "/data/a~1b~0c"
    assert caught.value.rejected().pointer == "/data"


def twice(name: str, first: str, *, within: str = "data") -> bytes:
    """The event, with a name written a second time, before the first."""
    opening = '"data": {' if within == "data" else "{"
    return bytes_of(EVENT).replace(opening.encode(), f'{opening}"{name}": {first}, '.encode(), 1)


REPEATED: list[tuple[str, bytes, str, str]] = [
    ("an amount", twice("state_cents", "1"), "/data/state_cents", "/data/state_cents"),
    ("an amount with the same value", twice("state_cents", "400"), "/data/state_cents", "/data/state_cents"),
    ("a name that is escaped", twice("state\\u005fcents", "1"), "/data/state_cents", "/data/state_cents"),
    ("an attribute", twice("id", '"2"', within="event"), "/id", "/id"),
    ("the type", twice("type", '"CommitmentClosed"', within="event"), "/type", "/type"),
    ("the data", twice("data", '{"a": 1, "a": 2}', within="event"), "/data", "/data"),
    ("an extension", twice("x", '1, "x": 2', within="event"), "/x", ""),
    ("a name without letters", twice("", '1, "": 2', within="event"), "/", ""),
    ("within an extension", twice(CANARY, '{"a": 1, "a": 2}', within="event"), f"/{CANARY}", ""),
    ("within the trace", twice("traceparent", f'{{"{CANARY}": 1, "{CANARY}": 2}}', within="event"), "/traceparent",
     "/traceparent"),
    ("deep within", twice("x", '[[{"a": {"b": 1, "b": 2}}]]', within="event"), "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("_", "body", "pointer", "stored"), REPEATED, ids=[repeated[0] for repeated in REPEATED])
def test_a_name_given_twice_is_refused_for_readers_would_keep_different_ones(
    _: str, body: bytes, pointer: str, stored: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read_structured(body)
    rejected = caught.value.rejected()
    assert (caught.value.reason, caught.value.faults[0].pointer) == ("name-repeated", pointer)
    assert (rejected.reason, rejected.pointer) == ("name-repeated", stored)
    assert rejected.detail == "a name is given more than once in one object: write each name once"


def test_a_name_given_twice_is_refused_in_binary_mode_too() -> None:
    attributes = {name: value for name, value in EVENT.items() if name != "data"}
    body = bytes_of(DATA)
    assert read_binary(attributes, body).told == read_structured(bytes_of(EVENT)).told
    with pytest.raises(Unreadable) as caught:
        read_binary(attributes, body.replace(b"{", b'{"state_cents": 1, ', 1))
    assert (caught.value.reason, caught.value.faults[0].pointer) == ("name-repeated", "/data/state_cents")


@pytest.mark.parametrize(
    "extension",
    ['[{"a": 1}, {"a": 1}]', '{"id": {"id": {}}}', '"\\"a\\":1,\\"a\\":2"', "1e999", "-0", "9" * 400, '"\x7f"',
     "[" * 150 + "]" * 150],
)  # fmt: skip
def test_the_same_name_in_different_objects_is_no_repetition_nor_is_anything_else(extension: str) -> None:
    assert read_structured(twice("x", extension, within="event")) == read_structured(bytes_of(EVENT))


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_what_one_parser_reads_and_the_other_does_not_is_refused_too(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: bytes) -> None:
        raise error

    monkeypatch.setattr(door, "repeated", refuse)
    with pytest.raises(Unreadable) as caught:
        read_structured(bytes_of(EVENT))
    assert caught.value.reason == "json-invalid"


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_both_modes_read_the_same(told: Told) -> None:
    data = told.model_dump(mode="json", exclude_none=True)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    attributes = {"specversion": "1.0", "id": "1", "source": "/citeslab", "type": type(told).__name__, "subject": "é",
                  "time": "2016-10-03T09:30:00+02:00", "traceparent": trace}  # fmt: skip
    structured = read_structured(bytes_of(attributes | {"data": data}))
    assert structured == read_binary(attributes, bytes_of(data)) == CloudEvent("1", "/citeslab", told, "é", trace)


@pytest.mark.parametrize(
    ("attributes", "body", "reason", "pointer"),
    [
        ({"type": CANARY}, b"{}", "type-unknown", "/type"),
        ({}, b"{}", "type-unknown", "/type"),
        ({"type": "CommitmentDeclared"}, b"{}", "field-invalid", "/specversion"),
        ({k: v for k, v in EVENT.items() if k != "data"}, b"", "json-invalid", "/data"),
        ({k: v for k, v in EVENT.items() if k != "data"}, b"[]", "not-an-object", "/data"),
        ({k: v for k, v in EVENT.items() if k != "data"}, b"[" * 10_000, "json-invalid", "/data"),
        ({k: v for k, v in EVENT.items() if k != "data"}, b"{}", "field-invalid", "/data/cost_cents"),
    ],
)
def test_binary_mode_points_to_the_same_fields(
    attributes: dict[str, str], body: bytes, reason: str, pointer: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read_binary(attributes, body)
    assert (caught.value.reason, caught.value.faults[0].pointer) == (reason, pointer)


@pytest.mark.parametrize("trace", ["", "x", 5, None, {"a": 1}, "00-" + "g" * 32 + "-00f067aa0ba902b7-01"])
def test_a_malformed_trace_is_ignored(trace: Any) -> None:
    assert read_structured(bytes_of(EVENT | {"traceparent": trace})).traceparent is None


@given(st.binary())
def test_random_bytes_never_raise_anything_else(body: bytes) -> None:
    for read in (read_structured, split, lambda b: read_binary({"type": "CommitmentDeclared"}, b)):
        with suppress(Unreadable):
            read(body)  # type: ignore[operator]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(DATA)), JSON, st.sampled_from(sorted(EVENT)), JSON)
def test_any_value_in_any_place_is_read_or_refused(field: str, value: Any, attribute: str, other: Any) -> None:
    for event in (EVENT | {"data": DATA | {field: value}}, EVENT | {attribute: other}):
        with suppress(Unreadable):
            assert isinstance(read_structured(bytes_of(event)), CloudEvent)


def test_an_array_is_cut_into_its_items_and_anything_else_is_not() -> None:
    assert split(b' [1, {"a": [2]}]') == [b"1", b'{"a": [2]}']
    assert split(b"[]") == []
    assert split(b'{"a": 1}') is None
    for body in (b"[1", b"[1,]", b"[" * 10_000, b'["\x01"]x'):
        with pytest.raises(Unreadable):
            split(body)
