"""What happens to a grant once its legal act is signed: advance, instalment, certificate, balance, and accidents."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from fabrique.demo.simulation import figures
from fabrique.demo.simulation.draws import happens
from fabrique.demo.simulation.happenings import Teller
from shared.contracts import told
from shared.contracts.commitment import PaymentKind
from shared.kernel.funders import Funder


@dataclass(frozen=True, slots=True)
class Grant:
    """What one funder engaged on one commitment, on a day."""

    funder: Funder
    cents: int
    engaged_on: date
    engaged_at: datetime


class End(NamedTuple):
    """Where one funder's payments end: whether all that was certified is paid, and the last act's two times."""

    is_settled: bool
    occurred_on: date
    declared_at: datetime


def follow_grants(teller: Teller, grants: list[Grant]) -> None:
    """Tell all that follows the legal acts of one commitment, up to its closing, which waits for what is still due."""
    followed = [_follow(teller, grant) for grant in grants]
    _, last_on, last = max(followed, key=lambda end: end.declared_at)
    if all(end.is_settled for end in followed) and happens(teller.rng, 0.85):
        teller.tell(told.CommitmentClosed, last_on + timedelta(days=teller.rng.randint(10, 120)), after=last)


def _follow(teller: Teller, grant: Grant) -> End:
    """Tell one funder's payments, each in the exercise in which it is paid."""
    rng = teller.rng
    advance = grant.cents * rng.choice((30, 40, 50)) // 100
    advance_on = grant.engaged_on + timedelta(days=_payment_days(rng))
    last = _pay(teller, grant, PaymentKind.ADVANCE, advance, advance_on, after=grant.engaged_at)
    certified_on = advance_on + timedelta(days=rng.randint(60, 300))
    given_up = _given_up(rng, grant.cents - advance)
    due = grant.cents - advance - given_up
    if grant.cents > figures.CONVENTION_CENTS:
        instalment_on = advance_on + timedelta(days=rng.randint(30, 58))
        last = _pay(teller, grant, PaymentKind.INSTALMENT, due // 2, instalment_on, after=last)
        due -= due // 2
    last = _act(teller, told.ServiceCertified, grant, grant.cents - given_up, certified_on, after=last)
    if given_up:
        last = _act(teller, told.CommitmentDecommitted, grant, given_up, certified_on, after=last)
    if happens(rng, 0.03):
        return End(False, certified_on, last)  # the balance is never paid: an unpaid euro to age
    balance_on = certified_on + timedelta(days=_payment_days(rng))
    last = _pay(teller, grant, PaymentKind.BALANCE, due, balance_on, after=last)
    return _returned(teller, grant, due, balance_on, last)


def _given_up(rng: Random, most: int) -> int:
    """Draw what the funder gives up of what it engaged, in cents: something for one grant in twelve."""
    return most * rng.randint(10, 40) // 100 if happens(rng, 1 / 12) else 0


def _payment_days(rng: Random) -> int:
    """Draw the days between what gives right to a payment and the payment: one in eight is past the legal limit."""
    late = happens(rng, 1 / 8)
    return figures.PAYMENT_DAYS_MAX + rng.randint(1, 120) if late else rng.randint(12, figures.PAYMENT_DAYS_MAX)


def _returned(teller: Teller, grant: Grant, paid: int, paid_on: date, last: datetime) -> End:
    """Tell, rarely, that a part of the balance came back: to the credits that paid it, those of that payment's year."""
    if not happens(teller.rng, 0.03):
        return End(True, paid_on, last)
    returned_on = paid_on + timedelta(days=teller.rng.randint(30, 200))
    returned = {"exercise": paid_on.year, "amount_cents": max(1, paid // 5)}
    last = teller.tell(told.PaymentReturned, returned_on, after=last, funder=grant.funder.value, **returned)
    return End(True, returned_on, last)


def _pay(teller: Teller, grant: Grant, kind: PaymentKind, cents: int, day: date, *, after: datetime) -> datetime:
    return _act(teller, told.PaymentMade, grant, cents, day, after=after, kind=kind.value)


def _act(
    teller: Teller, model: type[told.Told], grant: Grant, cents: int, day: date, *, after: datetime, **fields: Any
) -> datetime:
    """Tell one act of a funder, in the exercise of its day: the year."""
    return teller.tell(
        model, day, after=after, funder=grant.funder.value, exercise=day.year, amount_cents=cents, **fields
    )
