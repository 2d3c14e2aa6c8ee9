"""The life of one business: the fold of what partners tell of it, in whatever order they tell it.

What counts as a birth and an end follows Eurostat:
- created is a birth, on the day it occurred; observed from then, or from the first day its partner saw it;
- taken over is not a birth: the business is followed, and is in no survival figure unless its creation is told too;
- ceased by choice or liquidation is a death; taken over, merged or broken up is an end that is not a death (censored);
- leaving the micro regime is neither: the enterprise goes on under other rules, and stays at risk;
- seen active changes nothing: whoever is not known to have ended is taken to live.

A cessation may be told before its creation: it is kept, and joined when the creation comes. Of two words about the same
thing (two births; cessations and their annulments) the one its partner was told last counts (`declared_at`), whatever
the order of arrival; at equal times, the one that arrived last. The first day observed is the earliest told.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.reporting.domain.survival import BusinessLife, EndKind
from shared.contracts.entrepreneur import (
    BusinessCeased,
    BusinessCessationAnnulled,
    BusinessCreated,
    BusinessFact,
    CessationKind,
)

END_KINDS = {
    CessationKind.VOLUNTARY: EndKind.DEATH,
    CessationKind.LIQUIDATION: EndKind.DEATH,
    CessationKind.TAKEN_OVER: EndKind.LEFT,
    CessationKind.MERGED: EndKind.LEFT,
    CessationKind.BROKEN_UP: EndKind.LEFT,
}


class BusinessKey(NamedTuple):
    """A business as one input partition tells of it.

    Facts are keyed by person: a business that passes from one person to another may be told of in two partitions, as
    two lives: only one of them is a birth.
    """

    partition: int
    business_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """What is known of one business so far; without `born_on` it is followed, and counts in no figure."""

    key: BusinessKey
    contract: str | None = None
    born_on: date | None = None
    first_observed_on: date | None = None
    birth_told_at: datetime | None = None
    ended_on: date | None = None
    end_kind: EndKind | None = None
    end_told_at: datetime | None = None

    def after(self, fact: BusinessFact) -> "Business":
        """Return the business as it is known once `fact` is told."""
        match fact:
            case BusinessCreated():
                return self._born(fact)
            case BusinessCeased() | BusinessCessationAnnulled() if _is_older(fact, self.end_told_at):
                return self
            case BusinessCeased():
                return replace(
                    self, ended_on=fact.occurred_on, end_kind=END_KINDS[fact.cessation], end_told_at=fact.declared_at
                )
            case BusinessCessationAnnulled():
                return replace(self, ended_on=None, end_kind=None, end_told_at=fact.declared_at)
            case _:
                return self

    def _born(self, fact: BusinessCreated) -> "Business":
        observed_on = fact.first_observed_on or fact.occurred_on
        if self.first_observed_on is not None:
            observed_on = min(observed_on, self.first_observed_on)
        if _is_older(fact, self.birth_told_at):
            return replace(self, first_observed_on=observed_on)
        return replace(
            self, contract=fact.contract, born_on=fact.occurred_on, first_observed_on=observed_on,
            birth_told_at=fact.declared_at,
        )  # fmt: skip

    def life(self) -> BusinessLife | None:
        """Return the life that survival figures count; None without a birth."""
        if self.contract is None or self.born_on is None or self.first_observed_on is None:
            return None
        return BusinessLife(
            stratum=self.contract, born_on=self.born_on, first_observed_on=self.first_observed_on,
            ended_on=self.ended_on, end_kind=self.end_kind,
        )  # fmt: skip


def _is_older(fact: BusinessFact, told_at: datetime | None) -> bool:
    return told_at is not None and fact.declared_at < told_at
