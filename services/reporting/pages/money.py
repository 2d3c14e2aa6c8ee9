"""What the page shows of money: for one exercise, each funder's bar, and a table by contract and funder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from services.reporting.domain.balances import share_of
from shared.contracts.figures import BudgetStated
from shared.kernel.funders import Funder
from shared.web.contract_names import ContractName, contract_name

FUNDERS = list(Funder)
CREDITS = ("engaged", "lapsed", "reserved", "frozen", "available")
PAYMENTS = ("paid", "frozen", "available")


class Money(NamedTuple):
    """Cents and counts, summed over envelopes. Counts of two funders are not added: one request may ask both."""

    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    engaged: int = 0
    lapsed: int = 0
    paid: int = 0
    available: int = 0
    payment_credits: int = 0
    payments_frozen: int = 0
    payable: int = 0
    waitlisted: int = 0
    waiting_count: int = 0
    refused_count: int = 0

    @property
    def used(self) -> int:
        """Reserved, engaged or lapsed."""
        return self.reserved + self.engaged + self.lapsed

    @property
    def share_used(self) -> float | None:
        """The part that is used of what may be; None when there is none."""
        return share_of(self.used, self.authorised - self.frozen)

    @property
    def to_pay(self) -> int:
        """What payments are measured by: the payment credits or, for a funder without any, what is engaged."""
        return self.payment_credits or self.engaged


def summed(budgets: Iterable[BudgetStated]) -> Money:
    """Sum figures."""
    rows = [
        [getattr(b, name if name.endswith("_count") else f"{name}_cents") for name in Money._fields] for b in budgets
    ]
    return Money(*map(sum, zip(*rows, strict=True))) if rows else Money()


class Segment(NamedTuple):
    """A part of a bar, in percent of the widest bar's scale, from zero."""

    kind: str
    start: float
    width: float


def segments(money: Money, scale: int) -> list[Segment]:
    """Cut what is authorised into engaged, lapsed, reserved, frozen, available, in this order, on a scale in cents."""
    return _cut(money, CREDITS, scale)


def payments(money: Money, scale: int) -> list[Segment]:
    """Cut what is to be paid into paid, frozen and the rest, on the same scale."""
    if not (money.paid or money.payment_credits):
        return []
    rest = max(0, money.to_pay - money.payments_frozen - money.paid)
    return _cut(Money(paid=money.paid, frozen=money.payments_frozen, available=rest), PAYMENTS, scale)


def _cut(money: Money, kinds: Iterable[str], scale: int) -> list[Segment]:
    cut, start = [], 0
    for kind in kinds:
        amount = getattr(money, kind)
        if amount:
            cut.append(Segment(kind, round(100 * start / scale, 3), round(100 * amount / scale, 3)))
        start += amount
    return cut


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, or one funder's bars: of credits, and of payments."""

    funder: Funder | None
    money: Money
    bar: list[Segment]
    paid: list[Segment] = field(default_factory=list)
    closed: bool = False


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
        voted = budget.authorised_cents + budget.payment_credits_cents
        authorised[budget.exercise] = authorised.get(budget.exercise, 0) + voted
    exercises = sorted(exercise for exercise, cents in authorised.items() if cents)
    if not exercises:
        return None
    exercise = wanted if wanted in exercises else _to_open_on(budgets, exercises)
    mine = [budget for budget in budgets if budget.exercise == exercise]
    lines = {funder: summed(b for b in mine if b.funder is funder) for funder in Funder}
    scale = max(max(money.authorised, money.waitlisted, money.to_pay) for money in lines.values())
    total = summed(mine)
    return MoneyView(
        exercise=exercise,
        exercises=exercises,
        total=total,
        funders=[
            Line(funder, money, segments(money, scale), payments(money, scale))
            for funder, money in lines.items()
            if any(money)
        ],
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
            bar = segments(money, money.authorised) if money.authorised else []
            lines.append(Line(budget.funder, money, bar, closed=budget.closed))
        found.append(ContractLines(code, contract_name(code), lines))
    return found
