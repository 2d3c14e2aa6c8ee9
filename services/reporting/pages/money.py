"""What the page shows of money: for one exercise, each funder's bar, and a table by contract and funder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from shared.contracts.figures import BudgetStated
from shared.kernel.funders import Funder
from shared.web.contract_names import ContractName, contract_name

FUNDERS = list(Funder)


class Money(NamedTuple):
    """Cents and counts, summed over envelopes. Counts of two funders are not added: one request may ask both."""

    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    engaged: int = 0
    paid: int = 0
    available: int = 0
    waitlisted: int = 0
    waiting_count: int = 0
    refused_count: int = 0

    @property
    def used(self) -> int:
        """Reserved or engaged."""
        return self.reserved + self.engaged

    @property
    def share_used(self) -> float | None:
        """The part that is reserved or engaged of what may be; None when there is none."""
        usable = self.authorised - self.frozen
        return self.used / usable if usable > 0 else None


def summed(budgets: Iterable[BudgetStated]) -> Money:
    """Sum figures."""
    rows = [
        (b.authorised_cents, b.frozen_cents, b.reserved_cents, b.engaged_cents, b.paid_cents, b.available_cents,
         b.waitlisted_cents, b.waiting_count, b.refused_count)
        for b in budgets
    ]  # fmt: skip
    return Money(*map(sum, zip(*rows, strict=True))) if rows else Money()


class Segment(NamedTuple):
    """A part of a bar, in percent of the widest bar's scale, from zero."""

    kind: str
    start: float
    width: float


def segments(money: Money, scale: int) -> list[Segment]:
    """Cut what is authorised into engaged, reserved, frozen and available, in this order, on a scale in cents."""
    cut, start = [], 0
    for kind, amount in (
        ("engaged", money.engaged), ("reserved", money.reserved), ("frozen", money.frozen),
        ("available", money.available),
    ):  # fmt: skip
        if amount:
            cut.append(Segment(kind, round(100 * start / scale, 3), round(100 * amount / scale, 3)))
        start += amount
    return cut


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, or one funder's bar."""

    funder: Funder | None
    money: Money
    bar: list[Segment]


@dataclass(frozen=True, slots=True)
class ContractLines:
    """A contract and its envelopes."""

    code: str
    name: ContractName
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Unfunded:
    """Requests refused in an exercise for which nothing was ever authorised; each funder asked counts one."""

    exercise: int
    refused_count: int


@dataclass(frozen=True, slots=True)
class MoneyView:
    """Everything that is shown of one exercise; `used_columns` are those that are not zero everywhere."""

    exercise: int
    exercises: list[int]
    total: Money
    funders: list[Line]
    waiting_width: dict[Funder, float]
    contracts: list[ContractLines]
    used_columns: frozenset[str]
    unfunded: list[Unfunded]
    version: int
    known_at: datetime | None

    @property
    def has_requests(self) -> bool:
        """Whether anybody ever asked for anything in this exercise."""
        return bool(self.total.used or self.total.waiting_count or self.total.refused_count)


def money_view(budgets: Sequence[BudgetStated], wanted: int | None) -> MoneyView | None:
    """Show the exercise that is wanted, else the one to open on; None before anything is authorised."""
    authorised: dict[int, int] = {}
    for budget in budgets:
        authorised[budget.exercise] = authorised.get(budget.exercise, 0) + budget.authorised_cents
    exercises = sorted(exercise for exercise, cents in authorised.items() if cents)
    if not exercises:
        return None
    exercise = wanted if wanted in exercises else _to_open_on(budgets, exercises)
    mine = [budget for budget in budgets if budget.exercise == exercise]
    lines = {funder: summed(b for b in mine if b.funder is funder) for funder in Funder}
    scale = max(max(money.authorised, money.waitlisted) for money in lines.values())
    total = summed(mine)
    return MoneyView(
        exercise=exercise,
        exercises=exercises,
        total=total,
        funders=[Line(funder, money, segments(money, scale)) for funder, money in lines.items() if any(money)],
        waiting_width={funder: round(100 * money.waitlisted / scale, 3) for funder, money in lines.items()},
        contracts=_by_contract(mine),
        used_columns=frozenset(name for name, amount in total._asdict().items() if amount),
        unfunded=[
            Unfunded(year, sum(b.refused_count for b in budgets if b.exercise == year))
            for year in sorted(authorised.keys() - set(exercises))
        ],
        version=sum(budget.version for budget in mine),
        known_at=max((budget.known_at for budget in mine if budget.known_at), default=None),
    )


def _to_open_on(budgets: Sequence[BudgetStated], exercises: Sequence[int]) -> int:
    """Choose the last of the exercises for which the most funders voted credits: the programme is one of co-funding.

    So a new exercise is opened on when its last funder has voted, and not before. No clock is asked.
    """
    voters = {
        exercise: {b.funder for b in budgets if b.exercise == exercise and b.authorised_cents} for exercise in exercises
    }
    return max(exercises, key=lambda exercise: (len(voters[exercise]), exercise))


def _by_contract(budgets: Sequence[BudgetStated]) -> list[ContractLines]:
    """Group by contract, in the order of their codes; each bar is on the scale of its own envelope: a share."""
    order = sorted(budgets, key=lambda budget: (budget.contract, FUNDERS.index(budget.funder)))
    found = []
    for code, mine in groupby(order, key=lambda budget: budget.contract):
        lines = []
        for budget in mine:
            money = summed([budget])
            lines.append(Line(budget.funder, money, segments(money, money.authorised) if money.authorised else []))
        found.append(ContractLines(code, contract_name(code), lines))
    return found
