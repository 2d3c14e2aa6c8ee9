"""What makes two events the same: what they say, not how they are written nor when they are sent."""

import json
from random import Random
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.keyring import Keyring, Kind, Name, canonical
from services.intake.use_cases.door import read_structured
from shared.contracts.examples.told import TOLD_EXAMPLES
from shared.contracts.told import Told

KEYRING = Keyring(b"a secret of at least thirty-two characters")
OTHER = Keyring(b"another secret of thirty-two characters.")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(max_codepoint=127))
LEAVES = TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=8)


def written(told: Told, *, rng: Random, **attributes: Any) -> bytes:
    """Write an event as some partner might: any order of its names, any spaces, any extension."""
    data = list(told.model_dump(mode="json", exclude_none=True).items())
    rng.shuffle(data)
    event = [
        ("specversion", "1.0"), ("id", "1"), ("source", "/citeslab"), ("type", type(told).__name__),
        ("data", dict(data)), *attributes.items(),
    ]  # fmt: skip
    rng.shuffle(event)
    return json.dumps(dict(event), indent=rng.choice([None, 1, 3]), ensure_ascii=rng.choice([True, False])).encode()


@given(st.sampled_from(TOLD_EXAMPLES), st.randoms(use_true_random=False), st.datetimes())
def test_neither_the_order_of_names_nor_spaces_nor_time_nor_extensions_count(told: Told, rng: Random, at: Any) -> None:
    plain = read_structured(written(told, rng=Random(0)))
    year = 2000 + at.year % 100
    dressed = read_structured(
        written(told, rng=rng, time=f"{year}-06-01T10:00:00Z", datacontenttype="application/json", partnerkey="x",
                traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    )  # fmt: skip
    assert KEYRING.content(plain) == KEYRING.content(dressed)


@settings(max_examples=50)
@given(st.dictionaries(NAMES, VALUES))
def test_our_writing_is_that_of_rfc_8785(value: dict[str, Any]) -> None:
    assert msgspec.json.encode(value, order="deterministic") == rfc8785.dumps(value)


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_each_type_is_written_as_rfc_8785_says(told: Told) -> None:
    event = read_structured(written(told, rng=Random(0), subject="é\u2028"))
    said = {"type": event.type, "subject": "é\u2028", "data": told.model_dump(mode="json", exclude_defaults=True)}
    assert canonical(event) == rfc8785.dumps(said)


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_each_field_counts_and_so_does_the_subject(told: Told) -> None:
    first = KEYRING.content(read_structured(written(told, rng=Random(0))))
    moved = told.model_copy(update={"declared_at": told.declared_at.replace(minute=59)})
    assert KEYRING.content(read_structured(written(moved, rng=Random(0)))) != first
    assert KEYRING.content(read_structured(written(told, rng=Random(0), subject="x"))) != first


def test_a_field_left_out_is_the_same_as_its_default_so_that_schemas_may_grow() -> None:
    declared = next(told for told in TOLD_EXAMPLES if type(told).__name__ == "CommitmentDeclared")
    said = json.loads(written(declared.model_copy(update={"priority": 5}), rng=Random(0)))
    explicit = read_structured(json.dumps(said).encode())
    del said["data"]["priority"]
    assert KEYRING.content(read_structured(json.dumps(said).encode())) == KEYRING.content(explicit)


@given(TEXT, TEXT, TEXT)
def test_what_recognises_depends_on_the_secret_the_use_and_every_part(a: str, b: str, c: str) -> None:
    keys = {
        KEYRING.door_key("p", "s", a), KEYRING.door_key("p", "t", a), KEYRING.door_key("q", "s", a),
        OTHER.door_key("p", "s", a), KEYRING.pseudonym_key(Name(Kind.PERSON, "s", a)),
        KEYRING.pseudonym_key(Name(Kind.BUSINESS, "s", a)), OTHER.pseudonym_key(Name(Kind.PERSON, "s", a)),
    }  # fmt: skip
    assert len(keys) == 7
    assert a.encode() not in keys
    assert (KEYRING.door_key(b, "s", "i") == KEYRING.door_key(c, "s", "i")) is (b == c)
