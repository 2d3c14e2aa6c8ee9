"""Holds each committed example to its model and to its committed JSON Schema, and both to the same refusals."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.examples import EXAMPLES
from shared.contracts.fields import Fact
from shared.contracts.publication import DOCS
from shared.contracts.schemas import FAMILIES, PARTNER

Accepts = Callable[[str, str, Any], bool]
EVENTS = [
    pytest.param(family, model, id=f"{family}/{model.__name__}")
    for family, models in FAMILIES.items()
    for model in models
]
each_event = pytest.mark.parametrize(("family", "model"), EVENTS)
ODD: tuple[Any, ...] = (
    None, "", "x", "0", "é", "\u0660\u0661", "2016-02-30", "2016-10-03", "2016-10-03T09:30:00Z", "1475452800", "CV219",
    "CDC", "adie", 0, 1, -1, 1.5, 10**13, 10**14, 2**64, True, False, [], [1], {}, {"x": 1}, ["200072460"],
)  # fmt: skip
SEMANTIC = {"cost_cents", "cdc_cents", "state_cents"}
"""Fields whose sum is bounded, which JSON Schema cannot say."""


def example_of(family: str, model: type[Fact]) -> dict[str, Any]:
    """Read a committed example."""
    found: dict[str, Any] = json.loads((DOCS / "schemas/examples" / family / f"{model.__name__}.json").read_text())
    return found


def takes(model: type[Fact], document: Any, *, reader: bool = False) -> bool:
    """Say whether a model accepts a document, as its writer or as a reader."""
    try:
        model.model_validate_json(json.dumps(document), extra="ignore" if reader else None)
    except ValidationError:
        return False
    return True


def test_each_event_has_one_example() -> None:
    shown = {family: [type(fact) for fact in facts] for family, facts in EXAMPLES.items()}
    assert {family: set(models) for family, models in FAMILIES.items()} == {f: set(m) for f, m in shown.items()}
    assert all(len(models) == len(set(models)) for models in shown.values())


@each_event
def test_the_example_follows_the_model_and_the_schema(family: str, model: type[Fact], accepts: Accepts) -> None:
    example = example_of(family, model)
    fact = model.model_validate_json(json.dumps(example))
    assert json.loads(fact.model_dump_json()) == example
    assert accepts(family, model.__name__, example)


@each_event
def test_without_a_required_field_both_refuse(family: str, model: type[Fact], accepts: Accepts) -> None:
    example = example_of(family, model)
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    assert required
    for name in required:
        spoiled = {key: value for key, value in example.items() if key != name}
        assert not takes(model, spoiled, reader=True), name
        assert not accepts(family, model.__name__, spoiled), name


@each_event
def test_an_unknown_field_stops_the_writer_and_no_reader(family: str, model: type[Fact], accepts: Accepts) -> None:
    grown = {**example_of(family, model), "added_later": {"by": ["a newer writer"]}}
    assert not takes(model, grown)
    assert takes(model, grown, reader=True)
    assert accepts(family, model.__name__, grown) is (family != PARTNER)


def test_an_unknown_field_inside_a_figure_stops_no_reader_either(accepts: Accepts) -> None:
    (model,) = FAMILIES["reporting.survival.v1"]
    grown = example_of("reporting.survival.v1", model)
    grown["horizons"][0]["added_later"] = 1
    assert not takes(model, grown)
    assert takes(model, grown, reader=True)
    assert accepts("reporting.survival.v1", model.__name__, grown)


def spoiled(example: dict[str, Any], model: type[Fact]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Put every odd value in every field."""
    for name in model.model_fields:
        for value in ODD:
            yield name, value, {**example, name: value}


@each_event
def test_the_model_and_the_schema_accept_the_same_documents(family: str, model: type[Fact], accepts: Accepts) -> None:
    asks = {"cost_cents", "cdc_cents", "state_cents"} <= model.model_fields.keys()
    differ = []
    for name, value, document in spoiled(example_of(family, model), model):
        by_model, by_schema = takes(model, document), accepts(family, model.__name__, document)
        summed = asks and name in SEMANTIC and by_schema
        if by_model != by_schema and not summed:
            differ.append((name, value, by_model, by_schema))
    assert differ == []
