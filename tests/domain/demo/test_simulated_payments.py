"""The simulated life after the legal act, against a plain reading of the rulebook (docs/ledger-rules.md, section 2)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from fabrique.demo.simulation import Told
from tests.domain.demo.test_simulated_money import POPULATIONS, STATE_CENTS, commitments


@dataclass
class Part:
    """What one funder has engaged on one commitment, and what followed; `paid` by the exercise that paid."""

    engaged: int = 0
    certified: int = 0
    paid: Counter[int] = field(default_factory=Counter)

    @property
    def unpaid(self) -> int:
        """Engaged and not paid."""
        return self.engaged - self.paid.total()

    def refusal(self, kind: str, content: dict[str, Any]) -> str | None:
        """Why an act of its funder would be refused or held, amounts and exercises alone; None when it is taken."""
        cents, exercise, state = content["amount_cents"], content["exercise"], content["funder"] == "STATE"
        payer = exercise if state else 2016
        match kind:
            case "CommitmentEngaged":
                self.engaged += cents
                return None if exercise == 2016 else "wrong-exercise"
            case "ServiceCertified":
                self.certified += cents
                return None if self.certified <= self.engaged else "exceeds-engaged"
            case "PaymentMade":
                due = self.certified - self.paid.total() if content["kind"] == "balance" else self.unpaid
                self.paid[payer] += cents
                return None if cents <= due and exercise >= 2016 else "not-certified"
            case "PaymentReturned":
                self.paid[payer] -= cents
                self.certified = max(0, self.certified - cents)
                return None if self.paid[payer] >= 0 else "exceeds-paid"
            case _:
                self.engaged -= cents
                return None if self.engaged >= max(self.certified, self.paid.total()) else "exceeds-engaged"


@dataclass
class Life:
    """What a plain reader of the rulebook answers to a whole stream."""

    answers: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    parts: defaultdict[tuple[str, str], Part] = field(default_factory=lambda: defaultdict(Part))
    paid: Counter[tuple[str, int]] = field(default_factory=Counter)
    """What the State paid, by contract and exercise."""


@pytest.fixture(scope="module")
def life(good: tuple[Told, ...]) -> Life:
    """The default simulation, read."""
    read, contracts = Life(), {}
    for kind, name, content in commitments(good):
        contracts.setdefault(name, content.get("contract", ""))
        if kind == "CommitmentClosed":
            unsettled = any(p.certified > p.paid.total() for (who, _), p in read.parts.items() if who == name)
            read.answers["held"] += unsettled
            read.taken[kind] += 1
        elif "funder" in content:
            refusal = read.parts[name, content["funder"]].refusal(kind, content)
            read.answers[refusal or "taken"] += 1
            when = "same" if content["exercise"] == 2016 else "later"
            read.taken[f"{kind} {content.get('kind') or when}"] += 1
            if kind.startswith("Payment") and content["funder"] == "STATE":
                sign = 1 if kind == "PaymentMade" else -1
                read.paid[contracts[name], content["exercise"]] += sign * content["amount_cents"]
    return read


def test_what_funders_tell_is_within_what_they_engaged_and_in_the_exercise_that_the_rulebook_wants(life: Life) -> None:
    assert set(life.answers) - {"held"} == {"taken"}
    assert life.answers["held"] == 0
    assert life.answers["taken"] > 1_000


def test_a_whole_life_is_told(life: Life) -> None:
    for step, least in {
        "CommitmentEngaged same": 200, "PaymentMade advance": 200, "PaymentMade instalment": 10,
        "ServiceCertified same": 5, "ServiceCertified later": 100, "PaymentMade balance": 150,
        "CommitmentDecommitted same": 2, "CommitmentDecommitted later": 5, "CommitmentClosed": 100,
    }.items():  # fmt: skip
        assert life.taken[step] >= least, (step, life.taken)
    assert sum(times for step, times in life.taken.items() if step.startswith("PaymentReturned")) >= 3
    assert any(part.certified > part.paid.total() for part in life.parts.values()), "an unpaid euro to age"


def test_payment_credits_as_large_as_those_to_engage_suffice_each_year(life: Life) -> None:
    inhabitants = sum(POPULATIONS.values())
    assert {exercise for _, exercise in life.paid} == {2016, 2017, 2018}
    for (contract, _), cents in life.paid.items():
        assert 0 <= cents <= STATE_CENTS * POPULATIONS[contract] // inhabitants
