"""Draws whole logs at random: allocation facts of a ledger that never overdraws, and lives of businesses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from shared.contracts.allocation import HeldReason, RefusalReason, Standing
from shared.contracts.entrepreneur import CessationKind
from shared.contracts.fields import Fact
from tests.use_cases.reporting.records import START, decided, envelope, told

PLENTY = 10**9


@dataclass
class Ledger:
    """Draws what funding would say of some contracts; `open_commitments` maps a name to where it stands."""

    chance: random.Random
    contracts: tuple[str, ...]
    exercises: tuple[int, ...] = (2016, 2017)
    open_commitments: dict[str, tuple[str, int, Standing, int, int]] = field(default_factory=dict)
    count: int = 0

    def facts(self, count: int) -> list[Fact]:
        """The envelopes, which have plenty, then `count` facts."""
        opened = [
            envelope("EnvelopeOpened", f"{contract}.{funder}.{exercise}", PLENTY, known_at=START)
            for contract in self.contracts
            for exercise in self.exercises
            for funder in ("CDC", "STATE")
        ]
        return [*opened, *(self._fact() for _ in range(count))]

    def _fact(self) -> Any:
        self.count += 1
        fate = self.chance.random()
        if not self.open_commitments or fate < 0.4:
            return self._declared()
        if fate < 0.5:
            return self._act_on_envelope()
        name = self.chance.choice(sorted(self.open_commitments))
        contract, exercise, standing, cdc, state = self.open_commitments[name]
        told_of: dict[str, Any] = {"contract": contract, "exercise": exercise, "known_at": self._known_at()}
        if fate < 0.6:
            return decided("MovementHeld", name, **told_of, movement="PaymentMade", reason=HeldReason.NOT_DECIDED_YET)
        if fate < 0.7 and standing is Standing.WAITLISTED:
            self.open_commitments[name] = (contract, exercise, Standing.RESERVED, cdc, state)
            return decided("AllocationPromoted", name, **told_of, cdc_cents=cdc, state_cents=state)
        if fate < 0.85:
            new = self._amounts()
            self.open_commitments[name] = (contract, exercise, standing, *new)
            return decided("AllocationAmended", name, **told_of, cdc_cents=new[0], state_cents=new[1],
                           standing=standing, previous_cdc_cents=cdc, previous_state_cents=state)  # fmt: skip
        del self.open_commitments[name]
        return decided("AllocationReleased", name, **told_of, cdc_cents=cdc, state_cents=state, standing=standing)

    def _declared(self) -> Any:
        name = f"{self.contracts[0]}-{self.count}"
        contract, exercise = self.chance.choice(self.contracts), self.chance.choice((*self.exercises, 2099))
        amounts = self._amounts()
        told_of: dict[str, Any] = {"contract": contract, "exercise": exercise, "known_at": self._known_at(),
                   "cdc_cents": amounts[0], "state_cents": amounts[1]}  # fmt: skip
        if exercise == 2099:
            return decided("AllocationRefused", name, **told_of, reason=RefusalReason.ENVELOPE_UNKNOWN)
        standing = self.chance.choice((Standing.RESERVED, Standing.RESERVED, Standing.WAITLISTED))
        self.open_commitments[name] = (contract, exercise, standing, *amounts)
        kind = "AllocationReserved" if standing is Standing.RESERVED else "AllocationWaitlisted"
        return decided(kind, name, **told_of)

    def _act_on_envelope(self) -> Any:
        name = f"{self.chance.choice(self.contracts)}.CDC.{self.chance.choice(self.exercises)}"
        kind = self.chance.choice(("EnvelopeIncreased", "EnvelopeReduced", "EnvelopeFrozen"))
        return envelope(kind, name, self.chance.randint(0, 100), known_at=self._known_at())

    def _amounts(self) -> tuple[int, int]:
        cdc, state = self.chance.choice(((1, 0), (0, 1), (1, 1)))
        return cdc * self.chance.randint(1, 90), state * self.chance.randint(1, 90)

    def _known_at(self) -> object:
        return START + timedelta(seconds=self.count)


def lives(chance: random.Random, count: int, contracts: tuple[str, ...]) -> Iterator[Fact]:
    """Yield facts of about `count` businesses and of people without one, some told before what came first."""
    for number in range(count):
        contract = chance.choice(contracts)
        born = date(2010, 1, 1) + timedelta(days=chance.randint(0, 2500))
        ended = born + timedelta(days=chance.randint(1, 2600))
        seen = born + timedelta(days=chance.choice((0, 0, 400)))
        facts = [told("EntrepreneurWelcomed", number, on=born, contract=contract)]
        birth = chance.choice(("BusinessCreated",) * 9 + ("BusinessTakenOver",))
        facts.append(told(birth, number, on=born, contract=contract, first_observed_on=seen))
        if chance.random() < 0.5:
            kind = chance.choice(list(CessationKind))
            facts.append(told("BusinessCeased", number, on=ended, contract=contract, cessation=kind))
        if chance.random() < 0.1:
            facts.append(told("BusinessCessationAnnulled", number, on=ended, contract=contract, late_days=9))
        if chance.random() < 0.3:
            facts.append(told("BusinessRegimeLeft", number, on=seen, contract=contract))
        if chance.random() < 0.3:
            chance.shuffle(facts)
        yield from facts
