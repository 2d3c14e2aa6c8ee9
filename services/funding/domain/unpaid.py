"""What is engaged and not paid, since when, and the sixty days within which a grant is paid.

Law 2021-875 of 1 July 2021: a grant is paid within 60 days of its notification, unless the authority set other dates or
made the payment depend on an event. The day of the legal engagement, by the funder's word, stands here for the
notification: no event says when the beneficiary was told. Facts that say no day count from the day they were known.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

DAYS_TO_PAY = 60
YOUNG_DAYS = 30


class DeedKind(StrEnum):
    """What moves an amount that is owed."""

    ENGAGED = "AllocationEngaged"
    CERTIFIED = "CertificationRecorded"
    PAID = "PaymentRecorded"
    RETURNED = "PaymentReturnRecorded"
    GIVEN_UP = "AllocationDecommitted"


class Deed(NamedTuple):
    """One act of one funder on one commitment, the day on which it was known, and the day on which it happened."""

    kind: DeedKind
    on: date
    amount_cents: int
    occurred_on: date | None = None

    @property
    def since(self) -> date:
        """From which day its amount counts: never after it was known."""
        return self.on if self.occurred_on is None else min(self.on, self.occurred_on)


class Band(StrEnum):
    """How old an unpaid amount is; money that came back has no clock."""

    YOUNG = "to-30"
    MIDDLE = "to-60"
    LATE = "over-60"
    RETURNED = "returned"


class Part(NamedTuple):
    """An unpaid amount of one day: engaged then, or, when `came_back`, returned then."""

    since: date
    amount_cents: int
    came_back: bool = False

    @property
    def due_on(self) -> date:
        """The last day on which it may be paid in time."""
        return self.since + timedelta(days=DAYS_TO_PAY)

    def days(self, as_of: date) -> int:
        """How many days it has been unpaid."""
        return (as_of - self.since).days

    def band(self, as_of: date) -> Band:
        """How old it is."""
        if self.came_back:
            return Band.RETURNED
        days = self.days(as_of)
        if days > DAYS_TO_PAY:
            return Band.LATE
        return Band.MIDDLE if days > YOUNG_DAYS else Band.YOUNG


@dataclass(frozen=True, slots=True)
class Unpaid:
    """What one funder owes of one commitment: parts, oldest first; `certified` those whose service is certified."""

    parts: tuple[Part, ...] = ()
    certified: tuple[Part, ...] = ()

    @property
    def amount_cents(self) -> int:
        """Engaged and not paid."""
        return sum(part.amount_cents for part in self.parts)

    @property
    def certified_cents(self) -> int:
        """Certified and not paid."""
        return sum(part.amount_cents for part in self.certified)

    def by_band(self, as_of: date) -> dict[Band, int]:
        """The amount of each age, in cents."""
        amounts = dict.fromkeys(Band, 0)
        for part in self.parts:
            amounts[part.band(as_of)] += part.amount_cents
        return amounts


@dataclass(slots=True)
class _Account:
    """Parts as deeds come in, each list oldest first."""

    engaged: list[Part] = field(default_factory=list)
    returned: list[Part] = field(default_factory=list)
    certified: list[Part] = field(default_factory=list)
    paid: int = 0

    def apply(self, deed: Deed) -> None:
        amount = deed.amount_cents
        match deed.kind:
            case DeedKind.ENGAGED:
                self._put(self.engaged, Part(deed.since, amount))
            case DeedKind.CERTIFIED:
                self._put(self.certified, Part(deed.since, amount))
            case DeedKind.PAID:
                self.paid += amount
                _take_oldest(self.returned, _take_oldest(self.engaged, amount))
            case DeedKind.RETURNED:
                self._take_back(deed)
            case DeedKind.GIVEN_UP:
                _take_youngest(self.engaged, _take_youngest(self.returned, amount))

    @staticmethod
    def _put(parts: list[Part], part: Part) -> None:
        """Keep a list oldest first: what happened earlier may be known later."""
        insort(parts, part, key=lambda each: each.since)

    def _take_back(self, deed: Deed) -> None:
        """What was all paid is owed no more: certified falls with it, as the ledger has it."""
        certified = sum(part.amount_cents for part in self.certified)
        was_all_paid = certified <= self.paid
        self.paid -= deed.amount_cents
        self._put(self.returned, Part(deed.since, deed.amount_cents, came_back=True))
        if was_all_paid:
            _take_youngest(self.certified, max(0, certified - self.paid))


def unpaid(deeds: Iterable[Deed], as_of: date) -> Unpaid:
    """Tell what is unpaid at the end of a day, from the deeds known by then, in their order.

    A payment settles what was engaged first; what is given up is taken from what came back, then from what was engaged
    last. A certification counts as paid in the same order.
    """
    account = _Account()
    for deed in deeds:
        if deed.on <= as_of:
            account.apply(deed)
    _take_oldest(account.certified, account.paid)
    parts = sorted([*account.engaged, *account.returned], key=lambda part: part.since)
    return Unpaid(tuple(parts), tuple(account.certified))


def _take_oldest(parts: list[Part], amount: int) -> int:
    """Take an amount away from the front; return what is left of it."""
    return _take(parts, amount, 0)


def _take_youngest(parts: list[Part], amount: int) -> int:
    return _take(parts, amount, -1)


def _take(parts: list[Part], amount: int, end: int) -> int:
    while amount and parts:
        taken = min(amount, parts[end].amount_cents)
        amount -= taken
        if taken == parts[end].amount_cents:
            parts.pop(end)
        else:
            parts[end] = parts[end]._replace(amount_cents=parts[end].amount_cents - taken)
    return amount
