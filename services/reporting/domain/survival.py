"""How long businesses last: Kaplan–Meier with right censoring and left truncation, and the fixed-cohort rate beside it.

Time is in whole days since birth. All is counted in integers and then folded in the order of days, so a curve is the
same to the last digit whatever the order or the batches in which the observations came.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import exp, log, sqrt
from statistics import NormalDist

HORIZON_MONTHS = (12, 24, 36, 60)
DECLARATION_LAG_MONTHS = 12
CONFIDENCE = 0.95
_NORMAL_QUANTILE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_DAYS_PER_YEAR = 365.2425


class EndKind(StrEnum):
    """What an end was, as Eurostat defines death: dissolution with no other enterprise involved.

    Merger, takeover and break-up are `LEFT`: they censor. Leaving the micro regime is no end at all.
    """

    DEATH = "death"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessLife:
    """One business as reporting knows it. Only an end of kind `DEATH` is a death; any other censors at its date."""

    stratum: str
    born_on: date
    first_observed_on: date
    ended_on: date | None = None
    end_kind: EndKind | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One business in the estimator's terms, in days since birth; the key under which like ones are counted.

    At risk on day t if `entry_days` < t <= `exit_days` (left truncation: entry is the first day seen). Entry 0 means
    watched from the birth itself, so a business that ends on its day of birth was at risk on day 0; one that ends on a
    later day on which it was first seen never was. lifelines agrees, save when nobody enters before that later day.
    """

    entry_days: int
    exit_days: int
    is_death: bool

    @property
    def is_ever_at_risk(self) -> bool:
        """Whether there is a day on which this observation could die."""
        return self.entry_days < self.exit_days or self.entry_days == self.exit_days == 0


def observe(life: BusinessLife, as_of: date) -> Observation | None:
    """Say what was seen of a life up to the end of the day `as_of`; None when it was never at risk by then.

    An end after `as_of` is not known yet: censored at `as_of`. A business first seen before its birth (a project
    followed by a partner) enters at birth. Never at risk: born, or first seen, after the last day watched, or dates
    that contradict each other (ended before birth, or not after the first day seen).
    """
    has_ended = life.ended_on is not None and life.ended_on <= as_of
    last_seen_on = life.ended_on if life.ended_on is not None and has_ended else as_of
    observation = Observation(
        entry_days=max(0, (life.first_observed_on - life.born_on).days),
        exit_days=(last_seen_on - life.born_on).days,
        is_death=has_ended and life.end_kind is EndKind.DEATH,
    )
    return observation if observation.is_ever_at_risk else None


@dataclass(frozen=True, slots=True)
class Step:
    """One day on which the risk set changes. `greenwood` is the sum of d / (n (n - d)) so far, without the day n = d.

    `at_risk` counts those who could die on the day, `remaining` those who can on the next: deaths and censored are
    taken out (deaths first: who is censored on a day belongs to its risk set), entrants of the day are let in.
    """

    day: int
    at_risk: int
    deaths: int
    remaining: int
    survival: float
    greenwood: float

    @property
    def variance(self) -> float | None:
        """Greenwood's variance of the survival; None at survival 0, where the formula divides by zero."""
        return self.survival**2 * self.greenwood if self.survival > 0 else None


@dataclass(frozen=True, slots=True)
class Curve:
    """The survival function, right-continuous: S(t) = P(T > t). The first step is day 0, even when nothing happens.

    `covered_until` is the last day up to which the risk set was never empty and the product not yet 0. Beyond it the
    estimate says nothing about a life from birth: nobody was watched for a while (all entered late, or a gap), or one
    early death in a risk set of one sends the product to 0 for ever, however many enter later. lifelines refuses some
    of these sets (StatError) and carries the last value on in others; here `steps` carry it on, and no figure is read.
    """

    steps: tuple[Step, ...]
    covered_until: int

    def on(self, day: int) -> Step:
        """Return the last step on or before `day` (>= 0)."""
        return self.steps[bisect_right(self.steps, day, key=lambda step: step.day) - 1]

    def at_risk_on(self, day: int) -> int:
        """Count those with entry < day <= exit."""
        step = self.on(day)
        return step.at_risk if step.day == day else step.remaining


def kaplan_meier(observations: Mapping[Observation, int]) -> Curve:
    """Estimate the survival function from counted observations (product-limit, Kaplan and Meier 1958).

    Equal to `lifelines.KaplanMeierFitter.fit(durations, event_observed, entry=...)` on survival and on the Greenwood
    sum. Observations that are never at risk are left out. Raises ValueError on a negative count.
    """
    entries, exits, deaths = _tally(observations)
    steps: list[Step] = []
    at_risk, survival, greenwood = entries.pop(0, 0), 1.0, 0.0
    for day in sorted({0} | entries.keys() | exits.keys()):
        died = deaths[day]
        if died:
            survival *= (at_risk - died) / at_risk
            greenwood += died / (at_risk * (at_risk - died)) if at_risk > died else 0.0
        remaining = at_risk - exits[day] + entries[day]
        steps.append(Step(day, at_risk, died, remaining, survival, greenwood))
        at_risk = remaining
    last_covered = next(step.day for step in steps if step.remaining == 0 or step.survival == 0)
    return Curve(steps=tuple(steps), covered_until=last_covered)


def _tally(observations: Mapping[Observation, int]) -> tuple[Counter[int], Counter[int], Counter[int]]:
    entries: Counter[int] = Counter()
    exits: Counter[int] = Counter()
    deaths: Counter[int] = Counter()
    for observation, count in observations.items():
        if count < 0:
            raise ValueError("a count of observations is never negative")
        if count and observation.is_ever_at_risk:
            entries[observation.entry_days] += count
            exits[observation.exit_days] += count
            if observation.is_death:
                deaths[observation.exit_days] += count
    return entries, exits, deaths


def confidence_interval(step: Step) -> tuple[float, float] | None:
    """Return the 95 % log-log interval (exponential Greenwood): S ** exp(±z √greenwood / log S).

    Source: Kalbfleisch and Prentice 1980; the default of lifelines and, as `log-log`, of R. None where it is undefined:
    at S = 1 (nobody has died: lifelines says [1, 1]) and at S = 0 (lifelines says [0, 0]).
    """
    if not 0 < step.survival < 1:
        return None
    hazard = -log(step.survival)
    spread = exp(_NORMAL_QUANTILE * sqrt(step.greenwood) / hazard)
    return exp(-hazard * spread), exp(-hazard / spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonFigure:
    """Survival `months` after birth, with its 95 % interval (None when undefined) and the number at risk that day."""

    months: int
    survival: float
    lower: float | None
    upper: float | None
    at_risk: int


def horizon_days(months: int) -> int:
    """Turn months into days of the mean Gregorian year: 12, 24, 36, 60 are 365, 730, 1096, 1826."""
    return round(months * _DAYS_PER_YEAR / 12)


def horizon_figure(curve: Curve, months: int) -> HorizonFigure | None:
    """Read the curve at a horizon; None when follow-up from birth does not reach it (see `Curve.covered_until`).

    So None when nobody is at risk on that day, also because the last ones died before it: no number at risk stands
    behind such a 0, and the fixed-cohort rate, which needs none, says it.
    """
    day = horizon_days(months)
    if day > curve.covered_until:
        return None
    step = curve.on(day)
    lower, upper = confidence_interval(step) or (None, None)
    return HorizonFigure(months=months, survival=step.survival, lower=lower, upper=upper, at_risk=curve.at_risk_on(day))


@dataclass(frozen=True, slots=True)
class Cohort:
    """Businesses old enough to have reached a horizon and watched from birth, and those of them alive at it."""

    size: int
    alive: int

    @property
    def rate(self) -> float | None:
        """The share alive, between 0 and 1; None for nobody."""
        return self.alive / self.size if self.size else None


def fixed_cohort(lives: Iterable[BusinessLife], *, as_of: date, months: int) -> Cohort:
    """Count the fixed cohort of a horizon: born at least that long before `as_of`, and seen from birth (entry 0).

    Those who left (not dead) before the horizon are in neither number: nobody knows whether they were alive at it. A
    death on the day of the horizon is a death before it, as in the curve, so without censoring both rates are equal.
    """
    day = horizon_days(months)
    old_enough = (life for life in lives if (as_of - life.born_on).days >= day)
    seen = [observe(life, as_of) for life in old_enough]
    from_birth = [observation for observation in seen if observation is not None and observation.entry_days == 0]
    dead = sum(one.is_death and one.exit_days <= day for one in from_birth)
    left = sum(not one.is_death and one.exit_days < day for one in from_birth)
    return Cohort(size=len(from_birth) - left, alive=len(from_birth) - left - dead)


def recent_is_biased(newest_birth: date | None, *, as_of: date, months: int) -> bool:
    """Whether the deaths behind a figure may not all be declared yet, so that it stands too high.

    Cessations are declared late: INSEE gave 82 % at 3 years for the cohort of 2018, and 76.7 % is implied two years
    later (programme.md, section 5). All deaths of a business before the horizon are older than the lag only if it was
    born at least horizon + 12 months before `as_of`; one younger business in the figure is enough to flag it.
    """
    youngest_safe_age = horizon_days(months + DECLARATION_LAG_MONTHS)
    return newest_birth is not None and (as_of - newest_birth).days < youngest_safe_age


def as_of_month_end(watermark: date) -> date:
    """Return the last day of the last complete month strictly behind the watermark (31 March gives 28 February)."""
    return watermark.replace(day=1) - timedelta(days=1)
