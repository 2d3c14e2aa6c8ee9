"""A programme's own rules for one exercise of a contract: who may ask how much, and how the waitlist is served."""

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from services.funding.domain.commitment import Asked
from shared.contracts.reasons import RefusalReason

RULE_REASONS = (
    RefusalReason.NOT_ELIGIBLE, RefusalReason.EXCEEDS_PROJECT_CAP, RefusalReason.EXCEEDS_BENEFICIARY_CAP,
    RefusalReason.EXCEEDS_PROGRAMME_CAP, RefusalReason.EXCEEDS_SHARE, RefusalReason.EXCEEDS_PUBLIC_AID,
)  # fmt: skip
"""What rules may refuse for, in the order in which it is looked at."""


class Waitlist(StrEnum):
    """What one who does not fit means for those behind it."""

    STRICT = "strict"
    SKIP = "skip"


class Order(StrEnum):
    """Who is served first."""

    PRIORITY = "priority"
    FIRST_COME = "first-come"
    SCORE = "score"


class Funders(StrEnum):
    """Whether what is asked of both funders is reserved or waits together, or what is asked of each by itself."""

    TOGETHER = "together"
    EACH = "each"


class Rules(Struct, frozen=True, omit_defaults=True):
    """What a programme says of one exercise; amounts in cents, shares in percent of the cost, None is no limit.

    `right_cents` is what this contract may give a beneficiary of the programme's cap, which binds nobody by itself.
    """

    eligible: bool = True
    eligible_from: date | None = None
    eligible_until: date | None = None
    cap_per_project_cents: int | None = None
    cap_per_beneficiary_cents: int | None = None
    programme_cap_cents: int | None = None
    right_cents: int | None = None
    cdc_share_max: int | None = None
    state_share_max: int | None = None
    public_aid_max: int | None = None
    convention_from_cents: int | None = None
    waitlist: Waitlist = Waitlist.STRICT
    order: Order = Order.PRIORITY
    funders: Funders = Funders.TOGETHER

    @property
    def apart(self) -> bool:
        """Whether what is asked of each funder is reserved, or waits, by itself."""
        return self.funders is Funders.EACH

    @property
    def skips(self) -> bool:
        """Whether one who does not fit closes nothing to those behind it."""
        return self.waitlist is Waitlist.SKIP

    @property
    def looks_at_beneficiaries(self) -> bool:
        """Whether it matters what else was asked for the same beneficiary."""
        return self.cap_per_beneficiary_cents is not None or self.right_cents is not None


class RuleSet(Struct, frozen=True):
    """One version of the rules of a contract and exercise."""

    contract: str
    exercise: int
    version: int
    rules: Rules

    @property
    def pair(self) -> tuple[str, int]:
        """Where they are in force."""
        return self.contract, self.exercise


class Request(NamedTuple):
    """What is judged, in cents; `others_cents` is what others ask for the same beneficiary, None without one.

    `occurred_on` is None for an amendment: the period is the declaration's. One that does not grow is judged by its
    shares alone.
    """

    asked: Asked
    cost: int
    others_cents: int | None = None
    occurred_on: date | None = None
    grows: bool = True


def next_version(in_force: RuleSet | None, contract: str, exercise: int, rules: Rules) -> RuleSet | None:
    """Number rules after those in force; None when they say the same, so that nothing changes."""
    if in_force is not None and in_force.rules == rules:
        return None
    return RuleSet(contract, exercise, 1 if in_force is None else in_force.version + 1, rules)


def unmet(rules: Rules, request: Request) -> RefusalReason | None:
    """Return the first reason that rules give against a request."""
    asked, cost, total = request.asked, request.cost, sum(request.asked)
    if request.grows and (reason := _not_for_it(rules, request, total)):
        return reason
    if _above(rules.cdc_share_max, asked.cdc, cost) or _above(rules.state_share_max, asked.state, cost):
        return RefusalReason.EXCEEDS_SHARE
    return RefusalReason.EXCEEDS_PUBLIC_AID if _above(rules.public_aid_max, total, cost) else None


def _not_for_it(rules: Rules, request: Request, total: int) -> RefusalReason | None:
    """Say why no amount so large may be asked, whatever the project costs."""
    first, last, cap = rules.eligible_from, rules.eligible_until, rules.cap_per_project_cents
    day = request.occurred_on
    early, late = day and first and day < first, day and last and day > last
    if not rules.eligible or early or late:
        return RefusalReason.NOT_ELIGIBLE
    if cap is not None and total > cap:
        return RefusalReason.EXCEEDS_PROJECT_CAP
    return None if request.others_cents is None else _too_much_for_one(rules, request.others_cents + total)


def _too_much_for_one(rules: Rules, total: int) -> RefusalReason | None:
    """Say which limit for a beneficiary is passed by all that is asked for it in the contract."""
    if rules.cap_per_beneficiary_cents is not None and total > rules.cap_per_beneficiary_cents:
        return RefusalReason.EXCEEDS_BENEFICIARY_CAP
    if rules.right_cents is not None and total > rules.right_cents:
        return RefusalReason.EXCEEDS_PROGRAMME_CAP
    return None


def _above(percent: int | None, amount: int, cost: int) -> bool:
    return percent is not None and amount * 100 > percent * cost


class Waits(Protocol):
    """What the order of a waitlist is made of."""

    @property
    def priority(self) -> int:
        """The declaration's, 1 the most urgent."""

    @property
    def place(self) -> int:
        """In the line."""

    @property
    def score(self) -> int | None:
        """The committee's, None without one."""


Waiting = TypeVar("Waiting", bound=Waits)


def in_order(waiting: Iterable[Waiting], rules: Rules | None) -> list[Waiting]:
    """Put who waits in the order in which it is served."""
    order = Order.PRIORITY if rules is None else rules.order
    return sorted(waiting, key=_RANKS[order])


_RANKS: dict[Order, Callable[[Waits], tuple[int, ...]]] = {
    Order.PRIORITY: lambda c: (c.priority, c.place),
    Order.FIRST_COME: lambda c: (c.place,),
    Order.SCORE: lambda c: (c.score is None, -(c.score or 0), c.place),
}
