"""Declarations are read quickly where they are written as intake writes them, and never otherwise than their model."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.funding import reading
from services.funding.domain.declaring import Declaration
from shared.contracts.commitment import CommitmentDeclared

CANONICAL = "0c7d9a52-4f1e-5b8a-9c3d-2f6e8a1b4d70"
PLAIN: dict[str, Any] = {
    "commitment_id": CANONICAL, "contract": "CV219", "platform": "citeslab", "occurred_on": "2016-10-03",
    "declared_at": "2016-10-03T09:30:00Z", "known_at": "2016-10-03T09:30:01.250000Z", "cost_cents": 1_250_000,
    "cdc_cents": 400_000, "state_cents": 600_000, "priority": 5, "exercise": 2016, "beneficiary_id": None,
}  # fmt: skip
INSTANTS = (
    "2016-10-03T09:30:00Z", "2016-10-03T09:30:00.5Z", "2016-10-03T09:30:00.123456Z", "2016-10-03T09:30:00.1234567Z",
    "2016-10-03T09:30:00.123456789Z", "2016-10-03T09:30:00,123456Z", "2016-10-03t09:30:00Z", "2016-10-03 09:30:00Z",
    "2016-10-03T09:30:00z", "2016-10-03T09:30:00+02:00", "2016-10-03T09:30:00-00:00", "2016-10-03T09:30:00+0200",
    "2016-10-03T09:30:00", "2016-10-03T24:00:00Z", "2016-10-03T23:59:60Z", "2016-02-30T09:30:00Z",
    "2016-02-29T09:30:00Z", "2016-W40-1T09:30:00Z", "20161003T093000Z", "1899-12-31T23:59:59Z", "1900-01-01T00:00:00Z",
    "2100-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "٢٠١٦-10-03T09:30:00Z", "2016-10-03T09:30Z", "1475487000", "",
)  # fmt: skip
DAYS = ("2016-10-03", "2016-02-30", "2016-2-3", "20161003", "2016-W40-1", "1899-12-31", "2100-12-31", "2101-01-01", "")
IDENTIFIERS = (
    CANONICAL, CANONICAL.upper(), CANONICAL.replace("-", ""), f"{{{CANONICAL}}}", f"urn:uuid:{CANONICAL}",
    CANONICAL[:-1], CANONICAL.replace("4f1e-", "4-f1e"), CANONICAL[:-1] + "g", "",
)  # fmt: skip
AMOUNTS = (-1, 0, 1, 400_000, 1_250_000, 10**13, 10**13 + 1, 2**63, 10**400, True, 1.0, 1.5, "400000", None)
ODD: dict[str, tuple[Any, ...]] = {
    "commitment_id": IDENTIFIERS,
    "beneficiary_id": (None, *IDENTIFIERS),
    "contract": ("CV219", "cv219", "CV219 ", "CV", 5),
    "platform": ("citeslab", "Cités", "a", "citeslab\n", None),
    "occurred_on": DAYS,
    "declared_at": INSTANTS,
    "known_at": INSTANTS,
    "cost_cents": AMOUNTS,
    "cdc_cents": AMOUNTS,
    "state_cents": AMOUNTS,
    "priority": (0, 1, 9, 10, 5.0, "5", None),
    "exercise": (2013, 2014, 2016, 2100, 2101, "2016"),
}
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([[]]) | st.just({"a": 1})


def written(fields: Any) -> bytes:
    return json.dumps(fields).encode()


@st.composite
def told(draw: st.DrawFn) -> bytes:
    """A declaration with some of its fields written otherwise, left out, or beside strange ones; cut or not."""
    fields = dict(PLAIN)
    for name in draw(st.sets(st.sampled_from(sorted(ODD)), max_size=3)):
        fields[name] = draw(st.sampled_from(ODD[name]) | ANYTHING)
    for name in draw(st.sets(st.sampled_from(sorted(ODD)), max_size=1)):
        del fields[name]
    fields |= draw(st.dictionaries(st.text(max_size=3), ANYTHING, max_size=1))
    value = written(fields)
    return value[: draw(st.integers(0, len(value)))] if draw(st.integers(0, 9)) == 0 else value


def by_model(value: bytes) -> Declaration | None:
    """What the model reads of it; None when it refuses it."""
    try:
        fact = CommitmentDeclared.__pydantic_validator__.validate_json(value, extra="ignore")
    except ValidationError:
        return None
    return Declaration(**{name: getattr(fact, name) for name in Declaration.__struct_fields__})


def alike(value: bytes) -> None:
    expected = by_model(value)
    try:
        found: Declaration | None = reading.declaration(value)
    except ValidationError:
        found = None
    assert found == expected
    assert reading.quick(value) in (None, expected)
    if found is not None and expected is not None:
        assert (found.known_at.utcoffset(), type(found.commitment_id)) == (
            expected.known_at.utcoffset(), type(expected.commitment_id),
        )  # fmt: skip


@settings(max_examples=1_500)
@given(told())
@example(written(PLAIN).replace(b'"priority": 5', b'"priority": 5, "priority": 0'))
@example(written(PLAIN).replace(b"citeslab", b"\xff"))
@example(written(PLAIN).replace(b"citeslab", b"\\ud800"))
@example(b'{"commitment_id":' + b"[" * 10_000 + b"]" * 10_000 + b"}")
@example(written(PLAIN)[:-1] + b', "more": "\xff"}')
@example(written(PLAIN)[:-1] + b', "more": "\x01"}')
@example(written(PLAIN)[:-1] + b', "more": ' + b"[" * 10_000 + b"]" * 10_000 + b"}")
@example(written(PLAIN | {"cdc_cents": 0, "state_cents": 0}))
@example(written(PLAIN | {"cdc_cents": 650_000, "state_cents": 600_000}))
@example(written(PLAIN | {"cdc_cents": 650_001, "state_cents": 600_000}))
@example(b"\xef\xbb\xbf" + written(PLAIN))
@example(b" " + written(PLAIN) + b"\n")
@example(written(PLAIN) + b"x")
def test_what_is_read_and_what_is_refused_is_what_the_model_says(value: bytes) -> None:
    alike(value)


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in ODD.items() for way in ways])
def test_each_odd_way_to_write_a_field_is_read_as_the_model_reads_it(name: str, way: Any) -> None:
    alike(written(PLAIN | {name: way}))


@pytest.mark.parametrize("beneficiary", [None, UUID(CANONICAL)])
@pytest.mark.parametrize("declared_at", ["2016-10-03T09:30:00Z", "2016-10-03T11:30:00+02:00", "2016-10-03T09:30:00.5Z"])
def test_what_intake_writes_is_read_quickly(beneficiary: UUID | None, declared_at: str) -> None:
    fact = CommitmentDeclared.__pydantic_validator__.validate_json(written(PLAIN | {"declared_at": declared_at}))
    value = fact.model_copy(update={"beneficiary_id": beneficiary}).model_dump_json().encode()
    found = reading.quick(value)
    assert found == by_model(value)
    assert found is not None
    assert (found.beneficiary_id, found.cdc_cents, found.contract) == (beneficiary, 400_000, "CV219")


def test_what_intake_leaves_out_has_the_models_defaults() -> None:
    left_out = ("cdc_cents", "priority", "beneficiary_id")
    value = written({name: said for name, said in PLAIN.items() if name not in left_out})
    found = reading.quick(value)
    assert found is not None
    assert (found.cdc_cents, found.priority, found.beneficiary_id) == (0, 5, None)
    assert found == by_model(value)
