"""Other credits, and other rules, as a manager words them: amounts, a whole that a key splits, what is otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from msgspec import structs

from services.funding.domain.command import parts
from services.funding.domain.reapportionment import Given
from services.funding.domain.rehearsal import Credit, Pair
from services.funding.domain.rules import Rules
from services.funding.domain.split import split_amount
from shared.kernel.funders import Funder


class Key(StrEnum):
    """What splits a funder's credit over the contracts."""

    PRESENT = "present"
    EQUAL = "equal"
    POPULATION = "population"
    CASELOAD = "caseload"


Weights = Mapping[str, Mapping[Key, int | None]]
"""What each contract weighs in the keys that the programme file feeds; None where it does not say."""


class Unweighed(ValueError):
    """A key cannot split: nobody said what the contracts weigh in it."""

    def __init__(self, funder: Funder, key: Key) -> None:
        super().__init__(f"{key} of {funder}")
        self.funder = funder


@dataclass(frozen=True, slots=True)
class Wish:
    """What should be otherwise in one exercise: each funder's key and whole, then single envelopes, then rules.

    `amounts` and `payments` are by envelope, in cents; `rules` are the fields that change in those of all contracts.
    """

    exercise: int
    keys: Mapping[Funder, Key] = field(default_factory=dict)
    totals: Mapping[Funder, int] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)
    payments: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be otherwise."""
        return not (self.keys or self.totals or self.amounts or self.payments or self.rules)


def credits_wished(
    wish: Wish, now: Mapping[str, Credit], weights: Weights, earlier: Iterable[Given]
) -> dict[str, Credit]:
    """Say the credits of each envelope that a replay must open otherwise than they are `now`.

    With an envelope that changes come those that an `earlier` what-if touched together with it: the replay leaves that
    command out, and gives both what they have now. Raises Unweighed.
    """
    wished = dict(now)
    for funder in Funder:
        if funder in wish.keys or funder in wish.totals:
            wished |= _split(wish, funder, now, weights)
    for name, credit in wished.items():
        payment = None if credit.payment is None else wish.payments.get(name, credit.payment)
        wished[name] = Credit(wish.amounts.get(name, credit.amount), payment)
    touched = {name for name, credit in wished.items() if credit != now[name]}
    return {name: wished[name] for name in sorted(_together(touched, earlier))}


def _split(wish: Wish, funder: Funder, now: Mapping[str, Credit], weights: Weights) -> dict[str, Credit]:
    """Place a funder's whole by a key, every cent; what may be paid goes with it."""
    mine = {name: each for name, each in now.items() if parts(name)[1:] == (funder, wish.exercise)}
    key = wish.keys.get(funder, Key.PRESENT)
    weighed = {name: _weight(key, name, credit, weights) for name, credit in mine.items()}
    known = {name: weight for name, weight in weighed.items() if weight is not None}
    if known.keys() != weighed.keys() or not any(known.values()):
        raise Unweighed(funder, key)
    whole = sum(each.amount for each in mine.values())
    total = wish.totals.get(funder, whole)
    amounts = split_amount(total, known).shares
    payable = {name: each.payment for name, each in mine.items() if each.payment is not None}
    if payable == {name: mine[name].amount for name in payable}:
        return {name: Credit(cents, cents if name in payable else None) for name, cents in amounts.items()}
    given = {name: known[name] for name in payable}
    payments = split_amount(sum(payable.values()), given).shares if any(given.values()) else payable
    return {name: Credit(cents, payments.get(name)) for name, cents in amounts.items()}


def _weight(key: Key, name: str, credit: Credit, weights: Weights) -> int | None:
    if key is Key.PRESENT:
        return credit.amount
    return 1 if key is Key.EQUAL else weights.get(parts(name)[0], {}).get(key)


def _together(names: set[str], earlier: Iterable[Given]) -> set[str]:
    """Add whatever a command that is left out would have touched beside them."""
    commands = [{*each.command.concerned} for each in earlier]
    found, size = set(names), -1
    while len(found) != size:
        size = len(found)
        for concerned in commands:
            if concerned & found:
                found |= concerned
    return found


def rules_wished(wish: Wish, contracts: Iterable[str], in_force: Mapping[Pair, Rules]) -> dict[Pair, Rules]:
    """Change what is wished of the rules of each contract; none, when nothing is."""
    if not wish.rules:
        return {}
    pairs = [(contract, wish.exercise) for contract in contracts]
    return {pair: structs.replace(in_force.get(pair, Rules()), **wish.rules) for pair in pairs}
