"""What happens in the simulation, before it is put in order: one event of one partner, labelled if it is bad."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from fabrique.demo.simulation.draws import office_instant, routine_days
from shared.contracts.told import Told


class Flaw(StrEnum):
    """What is wrong, on purpose, with an event."""

    UNKNOWN_FIELD = "unknown-field"
    FLOAT_AMOUNT = "float-amount"
    AMOUNT_AS_TEXT = "amount-as-text"
    BAD_SIRET = "bad-siret"
    SHARES_ABOVE_COST = "shares-above-cost"
    INSTANT_WITHOUT_ZONE = "instant-without-zone"
    UNKNOWN_TYPE = "unknown-type"
    MISSING_REFERENCE = "missing-reference"
    IDENTIFIER_REUSED = "identifier-reused"
    SOURCE_OF_ANOTHER = "source-of-another"
    UNKNOWN_CONTRACT = "unknown-contract"
    UNKNOWN_COMMITMENT = "unknown-commitment"
    DECLARED_TWICE = "declared-twice"


SEEN_BY_FUNDING = frozenset({Flaw.UNKNOWN_CONTRACT, Flaw.UNKNOWN_COMMITMENT, Flaw.DECLARED_TWICE})
"""Flaws of a valid event: refused by whoever knows the envelopes and the commitments."""
SEEN_BY_INTAKE = frozenset({Flaw.IDENTIFIER_REUSED, Flaw.SOURCE_OF_ANOTHER})
"""Flaws that the data does not show: refused by intake, which knows what it received and from whom. A schema sees the
others."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of one partner; `fields` are those of its model beside the two times."""

    platform: str
    type: str
    occurred_on: date
    declared_at: datetime
    fields: dict[str, Any]
    flaw: Flaw | None = None

    def content(self) -> dict[str, Any]:
        """Return the event's data as JSON values."""
        return {
            "occurred_on": self.occurred_on.isoformat(),
            "declared_at": instant_text(self.declared_at),
            **{name: value for name, value in self.fields.items() if value is not None},
        }


def instant_text(instant: datetime) -> str:
    """Write an instant in UTC: 2016-04-04T09:30:00Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


class Teller:
    """What one partner tells about one person or commitment, never in an order that makes no sense."""

    def __init__(self, rng: Random, platform: str, **fields: Any) -> None:
        self.rng = rng
        self.platform = platform
        self.fields = fields
        self.told: list[Happening] = []

    def tell(
        self, model: type[Told], occurred_on: date, *, delay_days: int | None = None, after: datetime | None = None,
        **fields: Any,
    ) -> datetime:  # fmt: skip
        """Add an event, declared `delay_days` after it occurred (drawn when not given) and not before `after`."""
        delay = routine_days(self.rng) if delay_days is None else delay_days
        declared_at = office_instant(self.rng, occurred_on + timedelta(days=delay))
        if after and declared_at <= after:
            declared_at = after + timedelta(seconds=self.rng.randint(30, 1800))
        return self.tell_at(model, occurred_on, declared_at, **fields)

    def tell_at(self, model: type[Told], occurred_on: date, declared_at: datetime, **fields: Any) -> datetime:
        """Add an event that is declared at a known instant; return that instant."""
        happening = Happening(self.platform, model.__name__, occurred_on, declared_at, {**self.fields, **fields})
        self.told.append(happening)
        return declared_at
