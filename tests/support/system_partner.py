"""A partner's life, drawn at random from a seed: what it tells, in its own references, in an order that makes sense."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]
SOURCES = {"citeslab": "/citeslab/lens", "adie": "/adie/bethune"}
FUNDERS = ("CDC", "STATE")
FIRST_DAY = date(2012, 1, 1)


@dataclass
class Partner:
    """Tells events; whoever has the same seed, name and terms tells the same.

    Commitments are many and small in tight envelopes, so that each rule of the ledger is met again and again.
    """

    chance: random.Random
    name: str
    platform: str
    contracts: Sequence[str]
    exercises: Sequence[int] = (2016, 2017)
    standing: list[str] = field(default_factory=list)
    businesses: int = 0
    number: int = 0

    @property
    def source(self) -> str:
        """Where the platform's events come from."""
        return SOURCES[self.platform]

    def events(self, count: int) -> list[Json]:
        """The next `count` events, as CloudEvents in structured form."""
        return [self.next() for _ in range(count)]

    def next(self) -> Json:
        """The next event."""
        self.number += 1
        fate = self.chance.random()
        if fate < 0.2:
            return self._of_business()
        if fate < 0.25:
            return self._event("EntrepreneurWelcomed", entrepreneur_reference=self._person(), contract=self._contract())
        if not self.standing or fate < 0.65:
            return self._declare()
        reference = self.chance.choice(self.standing)
        if fate < 0.78:
            return self._event("CommitmentAmended", reference=reference, **self._asks())
        if fate < 0.96:
            self.standing.remove(reference)
            return self._event("CommitmentWithdrawn", reference=reference, reason="abandoned")
        terms = {"funder": self.chance.choice(FUNDERS), "exercise": 2016, "amount_cents": 100}
        return self._event("CommitmentEngaged", reference=reference, **terms)

    def _declare(self) -> Json:
        reference = f"{self.name}-{self.number}"
        self.standing.append(reference)
        return self._event(
            "CommitmentDeclared", reference=reference, contract=self._contract(),
            exercise=self.chance.choice(self.exercises), priority=self.chance.choice((1, 5, 5, 9)), **self._asks(),
        )  # fmt: skip

    def _of_business(self) -> Json:
        """A birth, or an end of a business told of before; sometimes the end is told first."""
        ends = self.businesses > 3 and self.chance.random() < 0.4
        if not ends:
            self.businesses += 1
        number = self.chance.randint(1, self.businesses + 1) if ends else self.businesses
        born_on = FIRST_DAY + timedelta(days=number * 37 % 1500)
        told = {
            "entrepreneur_reference": f"{self.name}-P{number}", "business_reference": f"{self.name}-B{number}",
            "contract": self.contracts[number % len(self.contracts)],
        }  # fmt: skip
        if not ends:
            seen_on = born_on + timedelta(days=self.chance.choice((0, 0, 90)))
            return self._event("BusinessCreated", on=born_on, first_observed_on=seen_on.isoformat(), **told)
        if self.chance.random() < 0.2:
            return self._event("BusinessCessationAnnulled", on=born_on + timedelta(days=400), **told)
        cessation = self.chance.choice(("voluntary", "liquidation", "taken-over"))
        ended_on = born_on + timedelta(days=self.chance.randint(1, 2000))
        return self._event("BusinessCeased", on=ended_on, cessation=cessation, **told)

    def _event(self, type_: str, /, *, on: date = date(2016, 10, 3), **data: Any) -> Json:
        declared_on = max(on, FIRST_DAY) + timedelta(days=self.chance.randint(1, 60))
        told = {"occurred_on": on.isoformat(), "declared_at": f"{declared_on.isoformat()}T09:30:00Z"} | data
        return {
            "specversion": "1.0", "id": f"{self.name}-{self.number}", "source": self.source, "type": type_,
            "datacontenttype": "application/json", "data": told,
        }  # fmt: skip

    def _asks(self) -> Json:
        cdc, state = self.chance.choice(((1, 0), (0, 1), (1, 1)))
        most = self.chance.choice((600, 2_000, 4_500, 13_000))
        asked = {"cdc_cents": cdc * self.chance.randint(1, most), "state_cents": state * self.chance.randint(1, most)}
        return asked | {"cost_cents": sum(asked.values()) + self.chance.randint(0, 5_000)}

    def _contract(self) -> str:
        return self.chance.choice(self.contracts)

    def _person(self) -> str:
        return f"{self.name}-P{self.chance.randint(1, self.businesses + 5)}"


def programme(contracts: Sequence[str], credits: Sequence[tuple[str, int, str]]) -> str:  # noqa: A002  what they are
    """A programme file: each credit is (funder, exercise, euros for each contract)."""
    lines = ['[programme]\nid = "proof"\nname = "A programme that proves"\n']
    lines += [
        f'[[contract]]\ncode = "{code}"\nname = "Contract {code}"\nepci_siren = "200072460"\npriority = true\n'
        "qpv_population = 1000\n"
        for code in contracts
    ]
    lines += [
        f'[[credit]]\nfunder = "{funder}"\nexercise = {exercise}\namount_per_contract = "{euros}"\n'
        for funder, exercise, euros in credits
    ]
    return "\n".join(lines)
