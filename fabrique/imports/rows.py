"""What a reader yields for each line of a file, and the closed list of reasons for which a line is refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Event = dict[str, Any]
"""A CloudEvent 1.0 in structured mode: specversion, id, source, type, time?, data…"""


class Reason(StrEnum):
    """Why a line cannot be sent; the same words whatever the format."""

    NOT_UTF8 = "not-utf8"
    LINE_TOO_LONG = "line-too-long"
    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    NOT_A_CLOUDEVENT = "not-a-cloudevent"
    HEADER_UNKNOWN = "header-unknown"
    ROW_UNREADABLE = "row-unreadable"
    COLUMNS_MISMATCH = "columns-mismatch"
    REFERENCE_INVALID = "reference-invalid"
    EXERCISE_INVALID = "exercise-invalid"
    BENEFICIARY_MISSING = "beneficiary-missing"
    BENEFICIARY_NOT_A_SIRET = "beneficiary-not-a-siret"
    SIRET_KEY_INVALID = "siret-key-invalid"
    AMOUNT_INVALID = "amount-invalid"
    CONTRACT_MISSING = "contract-missing"
    CONTRACT_INVALID = "contract-invalid"


REMEDIES: dict[Reason, str] = {
    Reason.NOT_UTF8: "Save the file in UTF-8.",
    Reason.LINE_TOO_LONG: "Keep each event under 1 MiB, one on each line.",
    Reason.NOT_JSON: "Write one complete JSON object on each line (RFC 8259): each name once, no NaN, no Infinity.",
    Reason.NOT_AN_OBJECT: "Write an object {…} here.",
    Reason.NOT_A_CLOUDEVENT: 'Write "specversion": "1.0" and id, source and type as non-empty texts (CloudEvents 1.0).',
    Reason.HEADER_UNKNOWN: "Send NDJSON of CloudEvents, or a CSV whose header is that of the State's grants.",
    Reason.ROW_UNREADABLE: "Check the quotes: this row is not valid CSV.",
    Reason.COLUMNS_MISMATCH: "Give this row as many columns as the header.",
    Reason.REFERENCE_INVALID: "Fill dispositif and id_poste with letters, digits and . _ : / -, at most 64 in all.",
    Reason.EXERCISE_INVALID: "Write the exercise as a year of four digits, 2014 or later.",
    Reason.BENEFICIARY_MISSING: "Write the beneficiary's SIRET, fourteen digits.",
    Reason.BENEFICIARY_NOT_A_SIRET: "Replace this by the beneficiary's SIRET: fourteen digits, without spaces.",
    Reason.SIRET_KEY_INVALID: "Check the fourteen digits: their key is wrong, so one of them is.",
    Reason.AMOUNT_INVALID: "Write the amount in euros, more than 0, with a decimal point and at most two decimals.",
    Reason.CONTRACT_MISSING: "Write the code of the contrat de ville, like CV219.",
    Reason.CONTRACT_INVALID: "Write the code of the contrat de ville as CV and three to five digits or capitals.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The field at fault (a JSON pointer or a column's name, "" for the whole line) and why; never its content."""

    field: str
    reason: Reason

    @property
    def remedy(self) -> str:
        """What to do so that the line passes, in one sentence."""
        return REMEDIES[self.reason]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, counted from 1: either `event` or `refusal`, never both."""

    line: int
    event: Event | None = None
    refusal: Refusal | None = None


def refused(line: int, field: str, reason: Reason) -> Row:
    """Return the row of a line that cannot be sent."""
    return Row(line, refusal=Refusal(field, reason))
