"""What no event may carry: other numbers than whole cents, other texts than dates, codes and references."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts import commitment, told
from shared.contracts.examples import example
from shared.contracts.fields import CENTS_MAX, Fact
from shared.contracts.schemas import FAMILIES

Accepts = Callable[[str, str, Any], bool]
AMOUNTS = [
    pytest.param(family, model, name, id=f"{family}/{model.__name__}/{name}")
    for family, models in FAMILIES.items()
    for model in models
    for name in model.model_fields
    if name.endswith("_cents")
]
NOT_CENTS = (12.5, -1, -0.5, CENTS_MAX * 1000, 10**400, True, False, "1200", None, [1200], {"cents": 1200})
NOT_FINITE = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400")
DEEP = 10_000


def document(family: str, model: type[Fact]) -> dict[str, Any]:
    """Return an event's example as a JSON document."""
    return example(family, model.__name__).model_dump(mode="json")


def refused(model: type[Fact], text: str | bytes, *, reader: bool = False) -> bool:
    """Say whether a model refuses a JSON text."""
    try:
        model.model_validate_json(text, extra="ignore" if reader else None)
    except ValidationError:
        return True
    return False


def test_there_are_amounts() -> None:
    assert len(AMOUNTS) > 60


@pytest.mark.parametrize(("family", "model", "name"), AMOUNTS)
def test_an_amount_is_whole_cents_within_bounds(family: str, model: type[Fact], name: str, accepts: Accepts) -> None:
    good = document(family, model)
    for value in NOT_CENTS:
        spoiled = {**good, name: value}
        assert refused(model, json.dumps(spoiled)), value
        assert not accepts(family, model.__name__, spoiled), value
    for text in (*NOT_FINITE, "12.0", "1e3"):  # JSON Schema takes 12.0 for an integer; we do not
        assert refused(model, json.dumps({**good, name: "@"}).replace('"@"', text)), text


@pytest.mark.parametrize("name", ["cost_cents", "cdc_cents", "state_cents"])
def test_the_largest_amount_is_a_hundred_billion_euros(name: str, accepts: Accepts) -> None:
    good = {**document("partner", told.CommitmentDeclared), "cost_cents": CENTS_MAX, "cdc_cents": 1, "state_cents": 1}
    if name != "cost_cents":
        good[name] = CENTS_MAX - 1
    assert not refused(told.CommitmentDeclared, json.dumps(good))
    assert accepts("partner", "CommitmentDeclared", good)
    over = {**good, name: CENTS_MAX + 1}
    assert refused(told.CommitmentDeclared, json.dumps(over))
    assert not accepts("partner", "CommitmentDeclared", over)


@pytest.mark.parametrize(
    ("cost", "cdc", "state", "fits"),
    [(100, 60, 40, True), (100, 100, 0, True), (100, 0, 1, True), (100, 60, 41, False), (100, 0, 0, False)],
)
def test_what_is_asked_is_something_and_within_the_cost(*, cost: int, cdc: int, state: int, fits: bool) -> None:
    for family, model in (("partner", told.CommitmentDeclared), ("intake.commitment.v1", commitment.CommitmentAmended)):
        asked = {**document(family, model), "cost_cents": cost, "cdc_cents": cdc, "state_cents": state}
        assert refused(model, json.dumps(asked)) is not fits


@pytest.mark.parametrize(
    "spoiled",
    [
        {"reference": None, "commitment_id": None},
        {"reference": "2016-0042", "commitment_id": "00000000-0000-0000-0000-000000000000"},
    ],
    ids=["neither", "both"],
)
def test_a_commitment_is_named_once(spoiled: dict[str, Any], accepts: Accepts) -> None:
    told_of = [model for model in told.TOLD_OF_COMMITMENTS if "commitment_id" in model.model_fields]
    assert len(told_of) == len(told.TOLD_OF_COMMITMENTS) - 1
    for model in told_of:
        named = {**document("partner", model), **spoiled}
        assert refused(model, json.dumps(named)), model
        assert not accepts("partner", model.__name__, named), model


CODES: list[tuple[type[Fact], str, list[str], list[str]]] = [
    (told.BusinessCreated, "siren", ["123456782", "356000000"],
     ["123456789", "12345678", "1234567820", "123 456 782", "12345678２", "", "x" * 100_000]),
    (told.CommitmentDeclared, "beneficiary_siret", ["12345678200010", "35600000000048", "35600000049837"],
     ["12345678200011", "35600000049838", "1234567820001", "123456782", "123.456.782.00010"]),
    (told.BusinessCreated, "business_qpv_code", ["QP062001", "QP02A001", "QN06202M", "QN02B01I"],
     ["QP62001", "QP02C001", "QN06202X", "QN06202", "qn06202m", "QP٠٦٢٠٠١", "QN06202M "]),
    (told.BusinessCreated, "ape", ["56.10A"], ["5610A", "56.10", "56.10a", "٥٦.10A"]),
    (told.CommitmentDeclared, "contract", ["CV219", "CV2A1B2"], ["cv219", "CV", "CN06202I", "CV219\n"]),
    (told.CommitmentDeclared, "reference", ["2016-0042", "A", "a/b:c.d_e", "a" * 64],
     ["", "-1", "a b", "é", "a" * 65, "a\u0000"]),
    (told.CommitmentDeclared, "occurred_on", ["1900-01-01", "2016-02-29", "2100-12-31"],
     ["1899-12-31", "2101-01-01", "2015-02-29", "2016-1-1", "03/10/2016", "1475452800", "2016-10-03T00:00:00Z"]),
    (told.CommitmentDeclared, "declared_at",
     ["2016-10-03T09:30:00Z", "2016-10-03T11:30:00+02:00", "2016-10-03T09:30:00.123456789Z"],
     ["2016-10-03T09:30:00", "2016-10-03 09:30:00Z", "2016-10-03T09:30Z", "2016-10-03", "1475452800",
      "2016-10-03T24:00:00Z", "0001-01-01T00:00:00+23:59",
      "9999-12-31T23:59:59-23:59", "2016-10-03T09:30:60Z", "2016-02-30T09:30:00Z"]),
]  # fmt: skip


@pytest.mark.parametrize(("model", "name", "good", "bad"), CODES, ids=[f"{c[0].__name__}/{c[1]}" for c in CODES])
def test_codes_and_dates_are_written_in_one_way(
    model: type[Fact], name: str, good: list[str], bad: list[str], accepts: Accepts
) -> None:
    event = document("partner", model)
    for value in good:
        assert not refused(model, json.dumps({**event, name: value})), value
        assert accepts("partner", model.__name__, {**event, name: value}), value
    for value in bad:
        assert refused(model, json.dumps({**event, name: value})), value


def test_what_partners_tell_refuses_a_share_that_is_not_a_number() -> None:
    (stated,) = FAMILIES["reporting.budget.v1"]
    good = document("reporting.budget.v1", stated)
    assert not refused(stated, json.dumps(good))
    for text in NOT_FINITE:
        assert refused(stated, json.dumps({**good, "share_used": "@"}).replace('"@"', text)), text


@pytest.mark.parametrize("field", ["added_later", "occurred_on"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_nested_ten_thousand_deep_is_refused(field: str, opening: str, closing: str) -> None:
    event = json.dumps({**document("partner", told.CommitmentDeclared), field: "@"})

    def nested(depth: int) -> str:
        return event.replace('"@"', opening * depth + "1" + closing * depth)

    for reader in (True, False):
        assert refused(told.CommitmentDeclared, nested(DEEP), reader=reader)
        assert refused(told.CommitmentDeclared, opening * DEEP + "1" + closing * DEEP, reader=reader)
    assert refused(told.CommitmentDeclared, nested(20), reader=True) is (field == "occurred_on")


@pytest.mark.parametrize(
    "text", [b"", b"\x00", b"\xff\xfe", b"null", b"1", b"[]", b'"x"', b"{", b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}"]
)
def test_what_is_not_a_json_object_is_refused(text: bytes) -> None:
    assert refused(told.CommitmentDeclared, text)
    assert refused(told.CommitmentDeclared, text, reader=True)
