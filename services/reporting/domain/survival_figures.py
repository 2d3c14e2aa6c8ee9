"""The survival figures of all strata as of a day, with what privacy hides already taken out.

Three tables of counts are published beside the rates: businesses, number at risk at each horizon, fixed cohort of each
horizon. All are views of the same people, so what one hides the finer and the later ones hide too: the number at risk
at 24 months lies between those at 12 and 36, and the cohort's rate times its size is nearly the number at risk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting.domain.suppression import THRESHOLD, suppress
from services.reporting.domain.survival import (
    HORIZON_MONTHS,
    BusinessLife,
    Cohort,
    Curve,
    Observation,
    fixed_cohort,
    horizon_days,
    horizon_figure,
    kaplan_meier,
    observe,
    recent_is_biased,
)
from shared.contracts.figures import HiddenReason

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonSurvival:
    """Survival of a stratum `months` after birth; rates between 0 and 1.

    `hidden` hides every number; `cohort_hidden`, which goes with it, is also set alone, for all strata at once. A None
    that is not hidden: `survival` when follow-up from birth does not reach the horizon, `lower` and `upper` where the
    interval is undefined, `cohort_rate` when the cohort is empty.
    """

    months: int
    at_risk: int | None = None
    survival: float | None = None
    lower: float | None = None
    upper: float | None = None
    cohort: int | None = None
    cohort_rate: float | None = None
    recent_is_biased: bool = False
    hidden: HiddenReason | None = None
    cohort_hidden: HiddenReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSurvival:
    """One stratum, or all of them; `size` counts the businesses that were ever at risk. Hidden: no number at all."""

    stratum: str
    size: int | None = None
    horizons: tuple[HorizonSurvival, ...] = ()
    hidden: HiddenReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalFigures:
    """The figure set: `overall` is the published total of `strata`, which are sorted by name."""

    as_of: date
    threshold: int
    overall: StratumSurvival
    strata: tuple[StratumSurvival, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    """Everything known of a stratum, before privacy: nothing of it leaves this module unfiltered."""

    observations: Counter[Observation]
    newest_birth: date | None
    cohorts: tuple[Cohort, ...]
    curve: Curve

    @property
    def size(self) -> int:
        return self.observations.total()


@dataclass(frozen=True, slots=True)
class _HiddenAt:
    """What is hidden at one horizon: strata, the total, and the column of the fixed cohort with its total."""

    strata: Mapping[str, HiddenReason]
    total: HiddenReason | None
    cohorts: HiddenReason | None


def state_survival(
    lives: Mapping[str, Iterable[BusinessLife]], *, as_of: date, threshold: int = THRESHOLD
) -> SurvivalFigures:
    """State the survival of each stratum of `lives` and of all, as of the end of a day, hiding small groups.

    A business belongs to one stratum, so the strata sum to `overall`. A stratum without businesses is stated as empty
    (size 0). The mapping's key counts, not `BusinessLife.stratum`.
    """
    measured = {name: _measure(list(lives[name]), as_of) for name in sorted(lives)}
    overall = _measure_all(list(measured.values()))
    by_size = suppress({name: one.size for name, one in measured.items()}, threshold=threshold)
    by_horizon = _suppress_horizons(measured, by_size.strata, threshold)

    def state(name: str, one: _Measured, hidden: HiddenReason | None, at: list[HiddenReason | None]) -> StratumSurvival:
        if hidden:
            return StratumSurvival(stratum=name, hidden=hidden)
        horizons = (
            _state_horizon(one, index, as_of, hidden=at[index], cohort_hidden=at[index] or by_horizon[index].cohorts)
            for index in range(len(HORIZON_MONTHS))
        )
        return StratumSurvival(stratum=name, size=one.size, horizons=tuple(horizons))

    return SurvivalFigures(
        as_of=as_of,
        threshold=threshold,
        overall=state(ALL, overall, by_size.total, [hidden.total for hidden in by_horizon]),
        strata=tuple(
            state(name, one, by_size.strata.get(name), [hidden.strata.get(name) for hidden in by_horizon])
            for name, one in measured.items()
        ),
    )


def _measure(lives: Sequence[BusinessLife], as_of: date) -> _Measured:
    seen = [(life.born_on, observation) for life in lives if (observation := observe(life, as_of))]
    observations = Counter(observation for _, observation in seen)
    return _Measured(
        observations=observations,
        newest_birth=max((born_on for born_on, _ in seen), default=None),
        cohorts=tuple(fixed_cohort(lives, as_of=as_of, months=months) for months in HORIZON_MONTHS),
        curve=kaplan_meier(observations),
    )


def _measure_all(strata: Sequence[_Measured]) -> _Measured:
    observations: Counter[Observation] = Counter()
    for one in strata:
        observations.update(one.observations)
    return _Measured(
        observations=observations,
        newest_birth=max((one.newest_birth for one in strata if one.newest_birth), default=None),
        cohorts=tuple(_add(one.cohorts[index] for one in strata) for index in range(len(HORIZON_MONTHS))),
        curve=kaplan_meier(observations),
    )


def _add(cohorts: Iterable[Cohort]) -> Cohort:
    parts = list(cohorts)
    return Cohort(size=sum(part.size for part in parts), alive=sum(part.alive for part in parts))


def _suppress_horizons(
    measured: Mapping[str, _Measured], by_size: Mapping[str, HiddenReason], threshold: int
) -> list[_HiddenAt]:
    """Protect both tables horizon after horizon; a stratum hidden once is hidden at all that follow."""
    hidden_before, answer = by_size, []
    for index, months in enumerate(HORIZON_MONTHS):
        at_risk = {name: one.curve.at_risk_on(horizon_days(months)) for name, one in measured.items()}
        cohorts = {name: one.cohorts[index].size for name, one in measured.items()}
        hidden = _suppress_horizon(at_risk, cohorts, hidden_before, threshold)
        hidden_before = hidden.strata
        answer.append(hidden)
    return answer


def _suppress_horizon(
    at_risk: Mapping[str, int], cohorts: Mapping[str, int], hidden: Mapping[str, HiddenReason], threshold: int
) -> _HiddenAt:
    """Hide the same strata in both tables, until each is safe with what the other needs hidden.

    In a stratum where few died both counts are nearly the same, so a protector in one table would be read in the other.
    If no choice of strata protects the cohorts (fewer than `threshold` in all: most entered late), their whole column
    goes, total included, and the curves stay.
    """
    while True:
        by_risk = suppress(at_risk, hidden_before=hidden, threshold=threshold)
        if by_risk.total:
            return _HiddenAt(by_risk.strata, by_risk.total, by_risk.total)
        grown = {**hidden, **by_risk.strata}
        by_cohort = suppress(cohorts, hidden_before=grown, threshold=threshold)
        if not by_cohort.total:
            grown |= by_cohort.strata
        if len(grown) == len(hidden):
            return _HiddenAt(hidden, None, by_cohort.total)
        hidden = grown


def _state_horizon(
    measured: _Measured, index: int, as_of: date, *, hidden: HiddenReason | None, cohort_hidden: HiddenReason | None
) -> HorizonSurvival:
    months, cohort = HORIZON_MONTHS[index], measured.cohorts[index]
    if hidden:
        return HorizonSurvival(months=months, hidden=hidden, cohort_hidden=cohort_hidden)
    figure = horizon_figure(measured.curve, months)
    return HorizonSurvival(
        months=months,
        at_risk=measured.curve.at_risk_on(horizon_days(months)),
        survival=figure.survival if figure else None,
        lower=figure.lower if figure else None,
        upper=figure.upper if figure else None,
        cohort=None if cohort_hidden else cohort.size,
        cohort_rate=None if cohort_hidden else cohort.rate,
        recent_is_biased=recent_is_biased(measured.newest_birth, as_of=as_of, months=months),
        cohort_hidden=cohort_hidden,
    )
