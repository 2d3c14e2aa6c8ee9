"""Draws whole logs of allocation facts: a ledger that never overdraws, through the whole life of its commitments."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.contracts.fields import Fact
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.kernel.funders import Funder
from tests.use_cases.reporting.records import START, decided, envelope

PLENTY, UNKNOWN = 10**9, 2099
KINDS = ("Increased", "Reduced", "Frozen", "Transferred", "Received", "CarriedOver", "Closed", "Closed")
CENTS = {Funder.CDC: "cdc_cents", Funder.STATE: "state_cents"}


@dataclass
class Drawn:
    """One commitment as the ledger knows it; cents by funder, and what each exercise's credits paid."""

    name: str
    contract: str
    exercise: int
    standing: Standing
    asked: Counter[Funder]
    engaged: Counter[Funder] = field(default_factory=Counter)
    paid: Counter[tuple[Funder, int]] = field(default_factory=Counter)

    def promised(self, funder: Funder) -> int:
        """Asked and not engaged."""
        return self.asked[funder] - self.engaged[funder]

    def unpaid(self, funder: Funder) -> int:
        """Engaged and not paid."""
        return self.engaged[funder] - sum(cents for (payer, _), cents in self.paid.items() if payer is funder)


@dataclass
class Ledger:
    """Draws what funding would say of some contracts: the State has payment credits, the Caisse des Dépôts has none."""

    chance: random.Random
    contracts: tuple[str, ...]
    exercises: tuple[int, ...] = (2015, 2016, 2017)
    standing: dict[str, Drawn] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    frozen: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def facts(self, count: int) -> list[Fact]:
        """The envelopes, which have plenty, then `count` facts."""
        names = [f"{c}.{funder}.{e}" for c in self.contracts for e in self.exercises for funder in Funder]
        opened = [
            envelope("EnvelopeOpened", name, PLENTY, payment_cents=PLENTY if "STATE" in name else 0, known_at=START)
            for name in names
        ]
        return [*opened, *(self._fact() for _ in range(count))]

    def _fact(self) -> Any:
        self.count += 1
        if not self.standing or self.chance.random() < 0.3:
            return self._declared()
        if self.chance.random() < 0.12:
            return self._act_on_envelope()
        drawn = self.standing[self.chance.choice(sorted(self.standing))]
        acts: list[Callable[[Drawn, Funder], Any]] = [
            self._held, self._amended, self._released, self._moved_in_line, self._engaged, self._engaged, self._paid,
            self._paid, self._returned, self._decommitted, self._closed, self._closed,
        ]  # fmt: skip
        self.chance.shuffle(acts)
        funder = self.chance.choice(list(Funder))
        return next(fact for act in [*acts, self._held] if (fact := act(drawn, funder)) is not None)

    def _declared(self) -> Any:
        contract, exercise = (
            self.chance.choice(self.contracts),
            self.chance.choice((*self.exercises, *self.exercises[1:] * 3, UNKNOWN)),
        )
        asked = self._amounts()
        drawn = Drawn(f"{self.contracts[0]}-{self.count}", contract, exercise, Standing.RESERVED, asked)
        if exercise == UNKNOWN or any(f"{contract}.{funder}.{exercise}" in self.closed for funder in Funder):
            return self._told("AllocationRefused", drawn, asked, reason=RefusalReason.ENVELOPE_UNKNOWN)
        drawn.standing = self.chance.choice((Standing.RESERVED, Standing.RESERVED, Standing.WAITLISTED))
        self.standing[drawn.name] = drawn
        waits = drawn.standing is Standing.WAITLISTED
        return self._told("AllocationWaitlisted" if waits else "AllocationReserved", drawn, asked)

    def _held(self, drawn: Drawn, _: Funder) -> Any:
        return self._told("MovementHeld", drawn, Counter(), movement="PaymentMade", reason=HeldReason.NOT_ENGAGED)

    def _amended(self, drawn: Drawn, _: Funder) -> Any:
        before, fresh = drawn.asked, self._amounts()
        if not any(f"{drawn.contract}.{funder}.{drawn.exercise}" in self.closed for funder in Funder):
            drawn.asked = Counter({funder: fresh[funder] + drawn.engaged[funder] for funder in Funder})
            previous = {f"previous_{CENTS[funder]}": before[funder] for funder in Funder}
            return self._told("AllocationAmended", drawn, drawn.asked, standing=drawn.standing, **previous)
        return None

    def _released(self, drawn: Drawn, _: Funder) -> Any:
        if drawn.engaged or self.chance.random() < 0.5:
            return None
        del self.standing[drawn.name]
        return self._told("AllocationReleased", drawn, drawn.asked, standing=drawn.standing)

    def _moved_in_line(self, drawn: Drawn, _: Funder) -> Any:
        """Promote who waits, displace who does not."""
        if drawn.engaged:
            return None
        waits = drawn.standing is Standing.WAITLISTED
        drawn.standing = Standing.RESERVED if waits else Standing.WAITLISTED
        return self._told("AllocationPromoted" if waits else "AllocationDisplaced", drawn, drawn.asked)

    def _engaged(self, drawn: Drawn, funder: Funder) -> Any:
        promised = drawn.promised(funder)
        if drawn.standing is Standing.WAITLISTED or not promised:
            return None
        cents = self.chance.choice((promised, self.chance.randint(1, promised)))
        drawn.engaged[funder] += cents
        return self._told("AllocationEngaged", drawn, Counter({funder: cents}), funder=funder)

    def _paid(self, drawn: Drawn, funder: Funder) -> Any:
        payer = f"{drawn.contract}.{funder}.{self.chance.choice([e for e in self.exercises if e >= drawn.exercise])}"
        if not drawn.unpaid(funder) or (funder is Funder.STATE and payer in self.closed):
            return None
        cents = self.chance.choice((drawn.unpaid(funder), self.chance.randint(1, drawn.unpaid(funder))))
        return self._money("PaymentRecorded", drawn, funder, payer, cents)

    def _returned(self, drawn: Drawn, funder: Funder) -> Any:
        payers = [exercise for (payer, exercise), cents in drawn.paid.items() if payer is funder and cents]
        if not payers:
            return None
        exercise = self.chance.choice(payers)
        cents = self.chance.randint(1, drawn.paid[funder, exercise])
        return self._money("PaymentReturnRecorded", drawn, funder, f"{drawn.contract}.{funder}.{exercise}", -cents)

    def _money(self, type_: str, drawn: Drawn, funder: Funder, payer: str, cents: int) -> Any:
        """Book money on the exercise that pays: without payment credits, the commitment's own, be it told or not."""
        state = funder is Funder.STATE
        exercise = int(payer[-4:]) if state else drawn.exercise
        drawn.paid[funder, exercise] += cents
        told: dict[str, Any] = {"funder": funder, "from_payment_credits": state}
        if state or self.chance.random() < 0.5:
            told["credit_exercise"] = exercise
        return self._told(type_, drawn, Counter({funder: abs(cents)}), **told)

    def _decommitted(self, drawn: Drawn, funder: Funder) -> Any:
        if not drawn.unpaid(funder):
            return None
        cents, same = self.chance.randint(1, drawn.unpaid(funder)), self.chance.random() < 0.5
        drawn.engaged[funder] -= cents
        drawn.asked[funder] -= cents
        return self._told("AllocationDecommitted", drawn, Counter({funder: cents}), funder=funder, same_exercise=same)

    def _closed(self, drawn: Drawn, _: Funder) -> Any:
        """Close what is paid in full: what was promised besides is given back, and it stays engaged."""
        if any(drawn.unpaid(funder) for funder in Funder) or not any(drawn.engaged.values()):
            return None
        promised = Counter({funder: drawn.promised(funder) for funder in Funder})
        del self.standing[drawn.name]
        return self._told("AllocationClosed", drawn, promised)

    def _act_on_envelope(self) -> Any:
        contract, exercise = self.chance.choice(self.contracts), self.chance.choice(self.exercises)
        name = f"{contract}.{self.chance.choice(list(Funder))}.{exercise}"
        giver = f"{name[:-4]}{exercise - 1}"
        if name in self.closed:
            return self._declared()
        kind = self.chance.choice(KINDS)
        if kind == "Closed" and (exercise != self.exercises[0] or self._is_promised(name)):
            kind = "Increased"
        if kind == "CarriedOver" and (giver in self.closed or exercise == self.exercises[0]):
            kind = "Received"
        cents = self.chance.randint(0, 100)
        if self.frozen[name] and kind in ("Closed", "Frozen", "Reduced", "Transferred"):
            kind, cents = "Unfrozen", self.frozen[name]
        self.frozen[name] += {"Frozen": cents, "Unfrozen": -cents}.get(kind, 0)
        self.closed |= {name} if kind == "Closed" else set()
        elsewhere = {"Transferred": ("to", "CV999.CDC.2016"), "Received": ("from", "CV999.CDC.2016"),
                     "CarriedOver": ("from", giver)}  # fmt: skip
        other = {f"{way}_envelope_id": named for way, named in (elsewhere[kind],)} if kind in elsewhere else {}
        payment = cents if "STATE" in name else 0
        return envelope(f"Envelope{kind}", name, cents, payment_cents=payment, known_at=self._known_at(), **other)

    def _is_promised(self, name: str) -> bool:
        """Whether somebody is promised something there, or waits for it."""
        return any(
            f"{each.contract}.{funder}.{each.exercise}" == name and each.promised(funder)
            for each in self.standing.values()
            for funder in Funder
        )

    def _told(self, type_: str, drawn: Drawn, cents: Counter[Funder], **fields: Any) -> Any:
        return decided(type_, drawn.name, **self._fields(drawn, cents), **fields)

    def _fields(self, drawn: Drawn, cents: Counter[Funder]) -> dict[str, Any]:
        amounts = {CENTS[funder]: cents[funder] for funder in Funder}
        return {"contract": drawn.contract, "exercise": drawn.exercise, "known_at": self._known_at(), **amounts}

    def _amounts(self) -> Counter[Funder]:
        cdc, state = self.chance.choice(((1, 0), (0, 1), (1, 1)))
        return Counter({Funder.CDC: cdc * self.chance.randint(1, 90), Funder.STATE: state * self.chance.randint(1, 90)})

    def _known_at(self) -> object:
        return START + timedelta(seconds=self.count)
