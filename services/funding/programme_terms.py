"""What tables of the programme file are made of, the table of rules, and those of the territory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.funding.domain.rules import Order, Rules, Waitlist
from services.funding.domain.territory import (
    Annulment,
    Attachment,
    Merger,
    TerritoryObjection,
    objection,
    territory_of,
    with_change,
)
from shared.contracts.fields import CENTS_MAX, ContractCode, Exercise, SirenOfEpci, Word

_EUROS = re.compile(r"[0-9]+\.[0-9]{2}")
Location = tuple[int | str, ...]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]


def checked_euros(amount: str) -> str:
    """Let euros pass that are written as they should be. Raises ValueError."""
    if not _EUROS.fullmatch(amount):
        raise ValueError('write euros as text with two decimals: "100000.00"')
    if int(amount.replace(".", "")) > CENTS_MAX:
        raise ValueError("at most 100 billion euros")
    return amount


Euros = Annotated[str, AfterValidator(checked_euros)]


def cents(amount: str) -> int:
    """Turn validated euros into cents."""
    return int(Decimal(amount) * 100)


class Closed(BaseModel):
    """A table in which nothing unknown may stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleTerms(Closed):
    """The rules of one exercise; without a key there is no such limit, without `contracts` all are eligible."""

    exercise: Exercise
    contracts: list[ContractCode] | None = None
    eligible_from: date | None = None
    eligible_until: date | None = None
    cap_per_project: Euros | None = None
    cap_per_beneficiary: Euros | None = None
    cdc_share_max: Percent | None = None
    state_share_max: Percent | None = None
    public_aid_max: Percent | None = None
    convention_from: Euros | None = None
    waitlist: Literal["strict", "skip"] = "strict"
    order: Literal["priority", "first-come"] = "priority"

    def of(self, contract: str) -> Rules:
        """What they say of one contract."""
        return Rules(
            eligible=self.contracts is None or contract in self.contracts,
            eligible_from=self.eligible_from, eligible_until=self.eligible_until,
            cap_per_project_cents=_cents(self.cap_per_project),
            cap_per_beneficiary_cents=_cents(self.cap_per_beneficiary),
            cdc_share_max=self.cdc_share_max, state_share_max=self.state_share_max, public_aid_max=self.public_aid_max,
            convention_from_cents=_cents(self.convention_from), waitlist=Waitlist(self.waitlist),
            order=Order(self.order),
        )  # fmt: skip


class MergerTerms(Closed):
    """EPCI that became one; `day_is_known = false` when `effective_on` stands for a day that nobody knows."""

    name: Word
    predecessors: list[SirenOfEpci] = Field(min_length=1)
    successor: SirenOfEpci
    successor_name: str = Field(min_length=1)
    effective_on: date
    day_is_known: bool = True

    def told(self) -> Merger:
        """As funding is told it."""
        return Merger(self.name, tuple(sorted({*self.predecessors})), self.successor, self.successor_name,
                      self.effective_on, self.day_is_known)  # fmt: skip


class AnnulmentTerms(Closed):
    """A merger that counts no more from `annulled_from` on; without it, that never counted."""

    merger: Word
    annulled_from: date | None = None
    day_is_known: bool = True


TERRITORY_REMEDIES = {
    TerritoryObjection.ATTACHED_ELSEWHERE: "is attached to another EPCI, or by another name: tell a merger instead",
    TerritoryObjection.MERGER_TOLD_OTHERWISE: "was told otherwise: annul it, and tell another by a new name",
    TerritoryObjection.NO_CONTRACT_CONCERNED: "no contract belongs to these EPCI on that day: mend SIREN or day",
    TerritoryObjection.MERGER_UNKNOWN: "no merger has this name: tell it first",
    TerritoryObjection.ALREADY_ANNULLED: "is annulled already, from another day on: it is annulled once",
    TerritoryObjection.ANNULLED_BEFORE_MERGER: "ends before it begins: annul it from its own day on, or later",
}


def territory_problems(
    attachments: Sequence[Attachment], mergers: Sequence[MergerTerms], annulments: Sequence[AnnulmentTerms]
) -> Iterator[tuple[Location, str]]:
    """Say which mergers and annulments of a file nobody could be told."""
    territory = territory_of(attachments)
    for place, terms in enumerate(mergers):
        merger = replace(terms.told(), number=place + 1)
        if wrong := objection(territory, merger):
            yield ("merger", place), f"{terms.name}: {TERRITORY_REMEDIES[wrong]}"
        else:
            territory = with_change(territory, merger)
    for place, each in enumerate(annulments):
        annulment = annulment_told(each, mergers)
        if wrong := objection(territory, annulment):
            yield ("annulment", place), f"{each.merger}: {TERRITORY_REMEDIES[wrong]}"
        else:
            territory = with_change(territory, annulment)


def annulment_told(terms: AnnulmentTerms, mergers: Sequence[MergerTerms]) -> Annulment:
    """An annulment as funding is told it: its day is the merger's own when the file says none."""
    own = next((merger.effective_on for merger in mergers if merger.name == terms.merger), date.min)
    return Annulment(terms.merger, terms.annulled_from or own, terms.day_is_known)


def _cents(amount: str | None) -> int | None:
    return None if amount is None else cents(amount)


def rule_problems(
    tables: Sequence[RuleTerms], codes: Sequence[str], exercises: Sequence[int]
) -> Iterator[tuple[Location, str]]:
    """Say what one table of rules alone cannot show, given the contracts and the exercises of the credits."""
    for place, rules in enumerate(tables):
        here = ("rules", place)
        if rules.exercise in [each.exercise for each in tables[:place]]:
            yield (*here, "exercise"), f"{rules.exercise} has rules above: make them one"
        if rules.exercise not in exercises:
            said = f"no credit of {rules.exercise} is in this file: add one, or mend the exercise"
            yield (*here, "exercise"), said
        for code in sorted({*(rules.contracts or ())} - {*codes}):
            yield (*here, "contracts"), f"{code} is not a contract of this file: list it or remove it"
        if rules.eligible_from and rules.eligible_until and rules.eligible_until < rules.eligible_from:
            yield (*here, "eligible_until"), f"it is before eligible_from, {rules.eligible_from}: mend one of them"
