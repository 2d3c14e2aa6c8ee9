"""What is wrong with a field is said in words, with an example, and never with the value that was given."""

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts.fields import Cents, ContractCode, Siren, Word
from shared.contracts.remedies import remedy


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Word
    contract: ContractCode = "CV219"
    siren: Siren = "123456782"
    amount_cents: Cents = 0


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
        ({"amount_cents": -1}, "Input should be greater than or equal to 0"),
        ({"name": "Jeanne"}, "is not known here: remove it, or mend its spelling"),
    ],
)  # fmt: skip
def test_a_remedy_says_what_to_write(given: dict[str, object], words: str) -> None:
    assert said(**given).startswith(words)
    assert "Jeanne" not in said(**given)


def test_what_is_missing_is_to_be_added() -> None:
    with pytest.raises(ValidationError) as found:
        Form.model_validate({})
    assert [remedy(problem) for problem in found.value.errors(include_url=False)] == ["is missing: add it"]
