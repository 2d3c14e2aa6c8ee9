"""Draws the lives of businesses at random."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from shared.contracts.entrepreneur import CessationKind
from shared.contracts.fields import Fact
from tests.use_cases.reporting.records import told


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
