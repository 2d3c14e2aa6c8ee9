"""Reads the form of a what-if: what should be otherwise, and how it would be applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.funding.domain.alternative import Key, Wish
from services.funding.domain.command import Command
from services.funding.domain.reapportionment import nothing_yet
from services.funding.domain.rules import Funders, Order, Waitlist
from services.funding.pages.orders import cents_of
from services.funding.use_cases.weighing import Ground
from shared.contracts.fields import CENTS_MAX, Word
from shared.kernel.funders import Funder, envelope_id

WORD: TypeAdapter[str] = TypeAdapter(Word)
NO_LIMIT = "-"
"""What is written where a limit should be lifted; nothing written leaves it as it is."""
PERCENT_MAX = 100


@dataclass(slots=True)
class Asked:
    """A form that was read: the wish, who says why and from when, and the fields that are wrong."""

    wish: Wish
    how: Command
    displace: bool
    wrong: list[str] = field(default_factory=list)


def read_wish(fields: Mapping[str, str], code: str, exercise: int, at: Ground, *, by: str, today: date) -> Asked:
    """Read a form. What is not written stays as it is."""
    reading = _Reading(fields, at, exercise)
    wish = Wish(
        exercise,
        keys={f: key for f in Funder if (key := reading.one_of(f"key_{f.value}", Key)) is not None},
        totals={f: cents for f in Funder if (cents := reading.cents(f"total_{f.value}")) is not None},
        amounts=reading.others() | reading.own(code, "amount"), payments=reading.own(code, "payment"),
        rules=reading.rules(),
    )  # fmt: skip
    how = nothing_yet(
        by=by, reason=reading.taken("reason", WORD.validate_python) or "what-if",
        effective_on=reading.taken("effective_on", date.fromisoformat) or today,
    )  # fmt: skip
    return Asked(wish, how, bool(fields.get("displace")), reading.wrong)


class _Reading:
    """Takes fields one by one and notes those that are wrong."""

    def __init__(self, fields: Mapping[str, str], at: Ground, exercise: int) -> None:
        self._fields = fields
        self._at = at
        self._exercise = exercise
        self.wrong: list[str] = []

    def taken(self, name: str, read: Callable[[str], Any]) -> Any:
        """Read what is written; None when nothing is, or nothing that can be read."""
        text = self._fields.get(name, "").strip()
        if not text:
            return None
        try:
            return read(text)
        except (ValueError, TypeError, ValidationError):
            self.wrong.append(name)
            return None

    def cents(self, name: str) -> int | None:
        """Read an amount."""
        found: int | None = self.taken(name, _cents)
        return found

    def one_of(self, name: str, kind: Callable[[str], Any]) -> Any:
        """Read a choice."""
        return self.taken(name, kind)

    def own(self, code: str, what: str) -> dict[str, int]:
        """Read the amounts of one contract's envelopes."""
        found = {envelope_id(code, f, self._exercise): self.cents(f"{what}_{f.value}") for f in Funder}
        return {
            name: cents
            for name, cents in found.items()
            if cents is not None and self._known(name, f"{what}_{name.split('.')[1]}")
        }

    def others(self) -> dict[str, int]:
        """Read the lines of other contracts: `CV221 CDC 70 000,00`."""
        found: dict[str, int] = {}
        for line in self._fields.get("others", "").splitlines():
            if not line.strip():
                continue
            code, funder, amount = (*line.split(maxsplit=2), "", "", "")[:3]
            name, cents = f"{code.upper()}.{_funder(funder)}.{self._exercise}", cents_of(amount)
            if cents is None or cents > CENTS_MAX:
                self.wrong.append("others")
            elif self._known(name, "others"):
                found[name] = cents
        return found

    def rules(self) -> dict[str, Any]:
        """Read what should be otherwise of the rules."""
        changes: dict[str, Any] = {}
        for name, read in RULES.items():
            if self._fields.get(name, "").strip() == NO_LIMIT and name not in CHOICES:
                changes[RULE_FIELDS.get(name, name)] = None
            elif (found := self.taken(name, read)) is not None:
                changes[RULE_FIELDS.get(name, name)] = found
        return changes

    def _known(self, name: str, field_name: str) -> bool:
        known = name in self._at.credits
        if not known:
            self.wrong.append(field_name)
        return known


def _funder(word: str) -> str:
    """The CDC or the State, as people write them in both languages."""
    return "CDC" if word.upper() == "CDC" else "STATE"


def _cents(text: str) -> int:
    cents = cents_of(text)
    if cents is None or cents > CENTS_MAX:
        raise ValueError(text)
    return cents


def _percent(text: str) -> int:
    percent = int(text.removesuffix("%").strip())
    if not 0 <= percent <= PERCENT_MAX:
        raise ValueError(text)
    return percent


def _day(text: str) -> date:
    """Read a day as an address has it, or as people write it: 2016-10-01, 01/10/2016."""
    parts = text.split("/")
    return date.fromisoformat(text) if len(parts) == 1 else date(*map(int, reversed(parts)))


RULES: Mapping[str, Callable[[str], Any]] = {
    "order": Order, "waitlist": Waitlist, "funders": Funders, "cap_per_project": _cents, "cap_per_beneficiary": _cents,
    "cdc_share_max": _percent, "state_share_max": _percent, "public_aid_max": _percent,
    "eligible_from": _day, "eligible_until": _day,
}  # fmt: skip
CHOICES = ("order", "waitlist", "funders")
RULE_FIELDS = {"cap_per_project": "cap_per_project_cents", "cap_per_beneficiary": "cap_per_beneficiary_cents"}
