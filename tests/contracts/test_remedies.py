"""What is wrong with a field is said in words, with an example, and never with the value that was given."""

import re

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.fields import Cents, CentsTotal, ContractCode, Exercise, PositiveCents, Siren, Word
from shared.contracts.remedies import remedy
from shared.contracts.told import CommitmentDeclared


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Word
    contract: ContractCode = "CV219"
    siren: Siren = "123456782"
    amount_cents: Cents = 0
    paid_cents: PositiveCents | None = None
    sum_cents: CentsTotal = 0
    exercise: Exercise = 2016
    count: int = Field(default=1, ge=1, le=9)


def said(**given: object) -> str:
    with pytest.raises(ValidationError) as found:
        Form.model_validate({"reason": "reprogramming"} | given)
    [problem] = found.value.errors(include_url=False)
    return remedy(problem)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reason": "We need it now."}, "write it like reprogramming (A word of small letters, digits and dashes"),
        ({"contract": "219"}, "write it like CV219 (Code of the contrat de ville): String should match pattern '^CV"),
        ({"siren": "Jeanne"}, "write it like 123456782 (SIREN, nine digits with a valid Luhn key): String"),
        ({"siren": "123456789"}, "not a SIREN: nine digits with a valid Luhn key"),
        ({"name": "Jeanne"}, "is not known here: remove it, or mend its spelling"),
    ],
)  # fmt: skip
def test_a_remedy_says_what_to_write(given: dict[str, object], words: str) -> None:
    assert said(**given).startswith(words)
    assert "Jeanne" not in said(**given)


CENTS = "write whole euro cents, without quotes or decimal point: 125000 "


@pytest.mark.parametrize(
    "value", ["4321.87", "4321", 4321.87, 4321.0, -4321, True, None, float("nan"), 10**20, 4321 * 10**16]
)
@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("amount_cents", f"{CENTS}(from 0 to 10 000 000 000 000)"),
        ("paid_cents", f"{CENTS}(from 1 to 10 000 000 000 000)"),
        ("sum_cents", f"{CENTS}(from 0 to 9 007 199 254 740 991)"),
        ("exercise", "write a whole number from 2014 to 2100, without quotes or decimal point"),
    ],
)
def test_a_whole_number_is_asked_for_with_its_bounds_whatever_was_sent(field: str, words: str, value: object) -> None:
    if (field, value) != ("paid_cents", None):
        assert said(**{field: value}) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("4321", "write a whole number, without quotes or decimal point"),
        (43.21, "write a whole number, without quotes or decimal point"),
        (0, "write 1 or more"),
        (4321, "write 9 or less"),
    ],
)
def test_any_other_whole_number_is_asked_for_in_words_too(value: object, words: str) -> None:
    assert said(count=value) == words


@pytest.mark.parametrize("name", ["cost_cents", "state_cents", "exercise", "priority"])
def test_a_partner_is_told_the_bounds_of_each_number_of_a_declaration(name: str) -> None:
    declared = {"cost_cents": 1, "exercise": 2016} | {name: "4321,87"}
    with pytest.raises(ValidationError) as found:
        CommitmentDeclared.model_validate(declared)
    [problem] = [each for each in found.value.errors(include_url=False) if each["loc"] == (name,)]
    assert re.fullmatch(r"write .* from \d+ to [\d ]+.*|write whole euro cents.*", remedy(problem))


def test_what_is_missing_is_to_be_added() -> None:
    with pytest.raises(ValidationError) as found:
        Form.model_validate({})
    assert [remedy(problem) for problem in found.value.errors(include_url=False)] == ["is missing: add it"]
