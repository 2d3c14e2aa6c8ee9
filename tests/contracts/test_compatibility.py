"""Proves that a breaking change of a schema is seen, in tables of cases and on the schemas as they were released."""

import copy
import json
from typing import Any

import pytest

from shared.contracts.compatibility import breaking_changes
from shared.contracts.publication import BASELINE
from shared.contracts.release import baseline_text, breaks, todays
from shared.contracts.schemas import FAMILIES, PARTNER

Schema = dict[str, Any]
Edits = list[tuple[tuple[str, ...], Any, str]]
"""Where to put what, and what it should be reproached with."""
WORDS = {"enum": ["cdc", "state"], "type": "string"}
OLD: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+$"},
        "cents": {"type": "integer", "minimum": 0, "maximum": 100},
        "funder": {"$ref": "#/$defs/Funder"},
        "note": {"anyOf": [{"type": "string", "maxLength": 10}, {"type": "null"}], "default": None},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1},
    },
    "required": ["id", "cents", "items"],
    "$defs": {
        "Funder": WORDS,
        "Item": {"type": "object", "properties": {"months": {"type": "integer"}}, "required": ["months"]},
    },
}
FIELDS = ("properties",)
CENTS, NOTE, ITEM = ("properties", "cents"), ("properties", "note"), ("$defs", "Item")
ABSENT = object()

BREAKING: dict[str, Edits] = {
    "a field removed": [((*FIELDS, "note"), ABSENT, "/note: the field is gone")],
    "a field renamed": [
        ((*FIELDS, "note"), ABSENT, "/note: the field is gone"), ((*FIELDS, "remark"), {"type": "string"}, ""),
    ],
    "a new field that is required": [
        ((*FIELDS, "by"), {"type": "string"}, ""),
        (("required",), ["id", "cents", "items", "by"], "/by: the field is now required"),
    ],
    "an optional field now required": [
        (("required",), ["id", "cents", "items", "note"], "/note: the field is now required")
    ],
    "a type changed": [((*CENTS, "type"), "number", "/cents: type integer became number")],
    "null no longer accepted": [
        ((*NOTE, "anyOf"), [{"type": "string", "maxLength": 10}], "/note: type null | string became string")
    ],
    "a word gone": [(("$defs", "Funder", "enum"), ["cdc"], "/funder: lost the words ['state']")],
    "a list of words where any was allowed": [
        ((*FIELDS, "id", "enum"), ["a"], "/id: any word was allowed, now only ['a']")
    ],
    "a minimum raised": [((*CENTS, "minimum"), 1, "/cents: minimum tightened from 0 to 1")],
    "a maximum lowered": [((*CENTS, "maximum"), 99, "/cents: maximum tightened from 100 to 99")],
    "a bound added": [((*FIELDS, "id", "maxLength"), 5, "/id: maxLength tightened from None to 5")],
    "a bound inside a nullable field": [
        ((*NOTE, "anyOf"), [{"type": "string", "maxLength": 9}, {"type": "null"}],
         "/note: maxLength tightened from 10 to 9")
    ],
    "a longer list asked for": [((*FIELDS, "items", "minItems"), 2, "/items: minItems tightened from 1 to 2")],
    "a pattern changed": [((*FIELDS, "id", "pattern"), "^a+$", "/id: pattern changed from '^[a-z]+$' to '^a+$'")],
    "a format added": [((*FIELDS, "id", "format"), "uuid", "/id: format changed from None to 'uuid'")],
    "a default changed": [((*NOTE, "default"), "none", "/note: default changed from None to 'none'")],
    "unknown fields refused": [
        (("additionalProperties",), False, "/: fields that are not named were True, are now False")
    ],
    "a field removed inside an item": [
        ((*ITEM, "properties"), {}, "/items/items/months: the field is gone"), ((*ITEM, "required"), [], ""),
    ],
    "a field of an item now required": [
        ((*ITEM, "properties", "rate"), {"type": "number"}, ""),
        ((*ITEM, "required"), ["months", "rate"], "/items/items/rate: the field is now required"),
    ],
    "a rule that this check does not know": [
        (("not",), {"type": "null"}, "/: not changed from None to {'type': 'null'}")
    ],
    "an alternative added": [
        (("oneOf",), [{"required": ["id"]}], "/: oneOf changed from None to [{'required': ['id']}]")
    ],
    "a rule between fields": [
        (("anyOf",), [{"required": ["note"]}], "/: anyOf changed from None to [{'required': ['note']}]")
    ],
}  # fmt: skip
BREAKING_ONLY_SUBSCRIBERS: dict[str, Edits] = {
    "a required field now optional": [(("required",), ["id", "items"], "/cents: the field may now be missing")],
    "null where it was not": [
        (CENTS, {"anyOf": [OLD["properties"]["cents"], {"type": "null"}]}, "/cents: type integer became integer | null")
    ],
    "a field of an item now optional": [((*ITEM, "required"), [], "/items/items/months: the field may now be missing")],
}
GROWTH: dict[str, Edits] = {
    "nothing": [],
    "a new optional field": [((*FIELDS, "by"), {"type": "string"}, "")],
    "a new word": [(("$defs", "Funder", "enum"), ["cdc", "state", "region"], "")],
    "wider bounds": [((*CENTS, "minimum"), -1, ""), ((*CENTS, "maximum"), 1000, "")],
    "a bound lifted": [((*CENTS, "maximum"), ABSENT, "")],
    "other remarks": [
        (("description",), "Better said.", ""), ((*CENTS, "examples"), [1], ""), (("title",), "Other", ""),
    ],
    "a definition written in place": [((*FIELDS, "funder"), WORDS, ""), (("$defs", "Funder"), ABSENT, "")],
    "a definition renamed": [
        (("$defs", "Payer"), WORDS, ""), ((*FIELDS, "funder"), {"$ref": "#/$defs/Payer"}, ""),
    ],
}  # fmt: skip


def edited(edits: Edits) -> Schema:
    """Return OLD with some nodes set, or removed."""
    new = copy.deepcopy(OLD)
    for path, value, _ in edits:
        node = new
        for step in path[:-1]:
            node = node[step]
        if value is ABSENT:
            del node[path[-1]]
        else:
            node[path[-1]] = copy.deepcopy(value)
    return new


def expected(edits: Edits) -> list[str]:
    """Return what the edits should be reproached with."""
    return [said for _, _, said in edits if said]


@pytest.mark.parametrize("case", BREAKING)
@pytest.mark.parametrize("published", [True, False])
def test_a_breaking_change_is_named(case: str, *, published: bool) -> None:
    assert breaking_changes(OLD, edited(BREAKING[case]), published=published) == expected(BREAKING[case])


@pytest.mark.parametrize("case", BREAKING_ONLY_SUBSCRIBERS)
def test_what_subscribers_count_on_may_only_be_loosened_for_partners(case: str) -> None:
    edits = BREAKING_ONLY_SUBSCRIBERS[case]
    assert breaking_changes(OLD, edited(edits), published=True) == expected(edits)
    assert breaking_changes(OLD, edited(edits), published=False) == []


@pytest.mark.parametrize("case", GROWTH)
@pytest.mark.parametrize("published", [True, False])
def test_growth_is_not_a_breaking_change(case: str, *, published: bool) -> None:
    assert breaking_changes(OLD, edited(GROWTH[case]), published=published) == []


@pytest.fixture(scope="module")
def baseline() -> dict[str, Any]:
    """Read the released schemas."""
    found: dict[str, Any] = json.loads(BASELINE.read_text())
    return found


def test_the_schemas_only_grow(baseline: dict[str, Any]) -> None:
    assert breaks(baseline, todays()) == []


def test_the_baseline_is_not_empty(baseline: dict[str, Any]) -> None:
    released = {name.partition("/")[0] for name in baseline["schemas"]}
    assert released == set(FAMILIES)
    assert all(schema["required"] for schema in baseline["schemas"].values())


def test_losing_any_field_of_any_released_schema_is_noticed(baseline: dict[str, Any]) -> None:
    current = todays()
    for name, schema in baseline["schemas"].items():
        for field in schema["properties"]:
            damaged = copy.deepcopy(dict(current[name]))
            del damaged["properties"][field]
            noticed = breaks({"schemas": {name: schema}}, {name: damaged})
            assert noticed == [f"{name}/{field}: the field is gone"]


def test_requiring_any_field_of_any_released_schema_is_noticed(baseline: dict[str, Any]) -> None:
    current = todays()
    for name, schema in baseline["schemas"].items():
        damaged = {**current[name], "required": list(schema["properties"])}
        optional = sorted(schema["properties"].keys() - set(schema["required"]))
        noticed = breaks({"schemas": {name: schema}}, {name: damaged})
        assert [f"{name}/{field}: the field is now required" for field in optional] == noticed


def test_losing_an_event_is_noticed(baseline: dict[str, Any]) -> None:
    current = todays()
    name = f"{PARTNER}/PaymentMade"
    assert breaks(baseline, {key: value for key, value in current.items() if key != name}) == [
        f"{name}: the event is gone"
    ]


def test_a_baseline_is_read_as_it_was_written() -> None:
    current = todays()
    written = json.loads(baseline_text("9.9.9", current))
    assert written == {"release": "9.9.9", "schemas": current}
    assert breaks(written, current) == []
