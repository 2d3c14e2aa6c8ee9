"""The only source of chance: seeded generators and the few distributions that the simulation draws from."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from fabrique.demo.simulation.figures import LATE_DAYS, Survival

Choice = TypeVar("Choice")
HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
_MONTH_DAYS = 365.25 / 12


def generator(seed: int, stream: str) -> Random:
    """Return the generator of one stream, so that drawing more of one changes nothing in the others."""
    return Random(f"{seed}/{stream}")  # noqa: S311  a simulation is seeded on purpose: nothing here is a secret


def pick(rng: Random, weights: Mapping[Choice, float]) -> Choice:
    """Draw one of the keys, in proportion of their weights."""
    return rng.choices(list(weights), list(weights.values()))[0]


def happens(rng: Random, share: float) -> bool:
    """Draw whether something of this probability happens."""
    return rng.random() < share


def is_working_day(day: date) -> bool:
    """Tell whether offices are open: neither a week-end nor one of the French holidays of fixed date."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def office_instant(rng: Random, day: date) -> datetime:
    """Draw a second of the office hours (7 to 17, UTC) of a day, or of the next day when offices are open."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(7), UTC) + timedelta(seconds=rng.randrange(36_000))


def routine_days(rng: Random) -> int:
    """Draw how many days pass before a partner declares an ordinary fact: four on average, thirty at most."""
    return min(30, int(rng.expovariate(1 / 4)))


def late_days(rng: Random) -> int:
    """Draw how many days pass before a cessation is declared: a month at most for about half, years for a few."""
    _, least, most = rng.choices(LATE_DAYS, [share for share, _, _ in LATE_DAYS])[0]
    return rng.randint(least, most)


def lifetime_days(rng: Random, survival: Survival, *, lived_days: int = 0) -> int:
    """Draw a lifetime in days, longer than `lived_days`: the hazard is constant before and after 36 months."""
    alive = rng.random() * survives(survival, lived_days)
    if alive > survival.at_36_months:
        months = 36 * math.log(alive) / math.log(survival.at_36_months)
    else:
        ratio = survival.at_60_months / survival.at_36_months
        months = 36 + 24 * math.log(max(alive, 1e-9) / survival.at_36_months) / math.log(ratio)
    return max(lived_days + 1, round(months * _MONTH_DAYS))


def survives(survival: Survival, days: int) -> float:
    """Return the probability of living longer than `days`."""
    months = days / _MONTH_DAYS
    if months <= 36:
        return math.pow(survival.at_36_months, months / 36)
    return survival.at_36_months * math.pow(survival.at_60_months / survival.at_36_months, (months - 36) / 24)


def luhn_number(prefix: str) -> str:
    """Append its Luhn key to a number: numbers made from "999…" are nobody's SIREN."""
    digits = [int(digit) for digit in reversed(prefix)]
    total = sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return prefix + str(-total % 10)
