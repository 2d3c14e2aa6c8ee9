"""Turns what was folded into the figures of `reporting.budget.v1` and `reporting.survival.v1`."""

from collections.abc import Mapping

from services.reporting.domain.budget import Budget
from services.reporting.domain.survival import HORIZON_MONTHS
from services.reporting.domain.survival_figures import HorizonSurvival, StratumSurvival, SurvivalFigures
from services.reporting.store.queries import Folded
from shared.contracts.figures import BudgetStated, HorizonFigure, PartitionRead, SurvivalStated


def partitions_read(marks: Mapping[str, int]) -> list[PartitionRead]:
    """Say how far each partition was read."""
    return [
        PartitionRead(partition=partition, sequence=sequence)
        for partition, sequence in sorted((int(partition), sequence) for partition, sequence in marks.items())
    ]


def budget_stated(budget: Budget, read: list[PartitionRead]) -> BudgetStated:
    """State one envelope's budget."""
    balances = budget.balances
    return BudgetStated(
        version=budget.version, known_at=budget.known_at, read=read, envelope_id=budget.envelope.envelope_id,
        contract=budget.envelope.contract, funder=budget.envelope.funder, exercise=budget.envelope.exercise,
        authorised_cents=balances.authorised, frozen_cents=balances.frozen, reserved_cents=balances.reserved,
        waitlisted_cents=balances.waitlisted, engaged_cents=balances.engaged, paid_cents=balances.paid,
        available_cents=balances.available, share_used=balances.share_used, reserved_count=balances.reserved_count,
        waiting_count=balances.waiting_count, refused_count=balances.refused_count, lapsed_cents=balances.lapsed,
        has_payment_credits=budget.has_payment_credits, payment_credits_cents=balances.payment_credits,
        payments_frozen_cents=balances.payments_frozen, payable_cents=budget.payable or 0,
        engaged_count=balances.engaged_count, closed=budget.closed,
    )  # fmt: skip


def survival_stated(figures: SurvivalFigures, folded: Folded, read: list[PartitionRead]) -> list[SurvivalStated]:
    """State the survival of all strata, the overall one first; all are of one version: the facts folded."""
    return [
        SurvivalStated(
            version=folded.facts, known_at=folded.known_at, read=read, stratum=stratum.stratum, as_of=figures.as_of,
            size=stratum.size, hidden=stratum.hidden, horizons=_horizons(stratum),
        )
        for stratum in (figures.overall, *figures.strata)
    ]  # fmt: skip


def _horizons(stratum: StratumSurvival) -> list[HorizonFigure]:
    """State every horizon; those of a hidden stratum are hidden for its reason."""
    if stratum.hidden is not None:
        return [HorizonFigure(months=months, hidden=stratum.hidden) for months in HORIZON_MONTHS]
    return [_horizon(horizon) for horizon in stratum.horizons]


def _horizon(horizon: HorizonSurvival) -> HorizonFigure:
    return HorizonFigure(
        months=horizon.months, survival=horizon.survival, lower=horizon.lower, upper=horizon.upper,
        at_risk=horizon.at_risk, cohort_rate=horizon.cohort_rate, biased_upwards=horizon.recent_is_biased,
        hidden=horizon.hidden,
    )  # fmt: skip
