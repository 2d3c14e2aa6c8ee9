"""What tables of the programme file are made of, the table of rules, and those of the territory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.funding.domain.rules import Funders, Order, Rules, Waitlist
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
    """The rules of one exercise; without a key there is no such limit, without `contracts` all are eligible.

    With `priority_only` those alone that the file says have priority; else the others may have a later first day.
    """

    exercise: Exercise
    contracts: list[ContractCode] | None = None
    priority_only: bool = Field(default=False, strict=True)
    eligible_from: date | None = None
    others_eligible_from: date | None = None
    eligible_until: date | None = None
    cap_per_project: Euros | None = None
    cap_per_beneficiary: Euros | None = None
    programme_cap_per_beneficiary: Euros | None = None
    rights: dict[ContractCode, Euros] | None = None
    cdc_share_max: Percent | None = None
    state_share_max: Percent | None = None
    public_aid_max: Percent | None = None
    convention_from: Euros | None = None
    waitlist: Literal["strict", "skip"] = "strict"
    order: Literal["priority", "first-come", "score"] = "priority"
    funders: Literal["together", "each"] = "together"

    def of(self, contract: str, *, priority: bool) -> Rules:
        """What they say of one contract, that has priority or has not."""
        listed = (self.contracts is None or contract in self.contracts) and (priority or not self.priority_only)
        first = self.eligible_from if priority else self.others_eligible_from or self.eligible_from
        right = None if self.rights is None else cents(self.rights.get(contract, "0.00"))
        return Rules(
            programme_cap_cents=_cents(self.programme_cap_per_beneficiary), right_cents=right,
            eligible=listed, eligible_from=first, eligible_until=self.eligible_until,
            cap_per_project_cents=_cents(self.cap_per_project),
            cap_per_beneficiary_cents=_cents(self.cap_per_beneficiary),
            cdc_share_max=self.cdc_share_max, state_share_max=self.state_share_max, public_aid_max=self.public_aid_max,
            convention_from_cents=_cents(self.convention_from), waitlist=Waitlist(self.waitlist),
            order=Order(self.order), funders=Funders(self.funders),
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
        yield from (((*here, field), said) for field, said in _period_problems(rules))
        yield from (((*here, *field), said) for field, said in _right_problems(rules, codes))


def _period_problems(rules: RuleTerms) -> Iterator[tuple[str, str]]:
    """Say which days of a table do not go together."""
    first, others, last = rules.eligible_from, rules.others_eligible_from, rules.eligible_until
    if first and last and last < first:
        yield "eligible_until", f"it is before eligible_from, {first}: mend one of them"
    if others and last and last < others:
        yield "eligible_until", f"it is before others_eligible_from, {others}: mend one of them"
    if others and first and others < first:
        yield (
            "others_eligible_from",
            f"it is before eligible_from, {first}, the priority contracts' day: mend one of them",
        )
    if others and rules.priority_only:
        yield "others_eligible_from", "with priority_only no others are eligible: remove one of them"


def _right_problems(rules: RuleTerms, codes: Sequence[str]) -> Iterator[tuple[Location, str]]:
    """Say what is wrong with how a cap is split over contracts."""
    cap, rights = rules.programme_cap_per_beneficiary, rules.rights
    if cap is not None and rights is None:
        yield ("programme_cap_per_beneficiary",), 'split it: rights = { CV219 = "60000.00", CV221 = "40000.00" }'
    if rights is not None and cap is None:
        yield ("rights",), 'say of what they are parts: programme_cap_per_beneficiary = "100000.00"'
    for code in sorted({*(rights or ())} - {*codes}):
        yield ("rights", code), f"{code} is not a contract of this file: list it or remove it"
    total = sum(map(cents, (rights or {}).values()))
    if cap is not None and total > cents(cap):
        said = f"they add up to {Decimal(total).scaleb(-2)}, programme_cap_per_beneficiary is {cap}: grant less"
        yield ("rights",), said
