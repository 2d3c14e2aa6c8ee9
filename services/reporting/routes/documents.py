"""The JSON documents of the API: each figure as it was published, with a link to what it means."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, Field

from services.reporting.domain.balances import share_of
from services.reporting.domain.suppression import THRESHOLD
from shared.contracts.figures import BudgetStated, PartitionRead, SurvivalStated

BUDGET_DEFINITION, SURVIVAL_DEFINITION = "/en/#budget-definition", "/en/#survival-definition"
AMOUNTS = (
    "authorised_cents", "frozen_cents", "reserved_cents", "waitlisted_cents", "engaged_cents", "lapsed_cents",
    "paid_cents", "available_cents", "payment_credits_cents", "payments_frozen_cents", "payable_cents",
)  # fmt: skip


class BudgetFigure(BudgetStated):
    """One envelope's budget, as published on `reporting.budget.v1`."""

    definition: str = Field(default=BUDGET_DEFINITION, description="Where its terms are defined.")


class BudgetTotal(BaseModel):
    """The sums of the figures listed, in whole euro cents."""

    authorised_cents: int
    frozen_cents: int
    reserved_cents: int
    waitlisted_cents: int
    engaged_cents: int
    lapsed_cents: int
    paid_cents: int = Field(description="Paid, net of returns, also by a funder that has no payment credits.")
    available_cents: int
    payment_credits_cents: int = Field(description="Of the envelopes that have such credits, as the two that follow.")
    payments_frozen_cents: int
    payable_cents: int
    share_used: float | None = Field(description="(reserved + engaged + lapsed) / (authorised - frozen); null when 0.")


class BudgetSet(BaseModel):
    """The budgets asked for, and their total; counts of commitments have none: one may ask both funders."""

    version: int = Field(description="Sum of the versions of the figures listed.")
    known_at: datetime | None = Field(description="The latest fact folded; null before the first.")
    read: list[PartitionRead] = Field(description="How far each partition of `funding.allocation.v1` was read.")
    definition: str = BUDGET_DEFINITION
    total: BudgetTotal
    figures: list[BudgetFigure]


class SurvivalFigure(SurvivalStated):
    """The survival of one stratum, as published on `reporting.survival.v1`."""

    definition: str = Field(default=SURVIVAL_DEFINITION, description="Where its terms are defined.")


class SurvivalSet(BaseModel):
    """The survival of all strata, the overall one first."""

    version: int = Field(description="Number of facts of `intake.entrepreneur.v1` folded; the same for all strata.")
    as_of: date | None = Field(description="Last complete month behind the watermark; null before the first fact.")
    known_at: datetime | None = Field(description="The latest fact folded; null before the first.")
    read: list[PartitionRead] = Field(description="How far each partition of `intake.entrepreneur.v1` was read.")
    threshold: int = Field(default=THRESHOLD, description="Groups under it are hidden, as is what would tell them.")
    definition: str = SURVIVAL_DEFINITION
    figures: list[SurvivalFigure]


def budget_total(budgets: Sequence[BudgetStated]) -> BudgetTotal:
    """Sum amounts; a share is of the sums."""
    sums = {name: sum(getattr(budget, name) for budget in budgets) for name in AMOUNTS}
    usable = sums["authorised_cents"] - sums["frozen_cents"]
    used = sums["reserved_cents"] + sums["engaged_cents"] + sums["lapsed_cents"]
    return BudgetTotal(**sums, share_used=share_of(used, usable))


def budget_set(budgets: Sequence[BudgetStated], read: list[PartitionRead]) -> BudgetSet:
    """Make the document of some budgets."""
    return BudgetSet(
        version=sum(budget.version for budget in budgets),
        known_at=max((budget.known_at for budget in budgets if budget.known_at), default=None),
        read=read, total=budget_total(budgets), figures=[BudgetFigure(**budget.model_dump()) for budget in budgets],
    )  # fmt: skip


def survival_set(figures: Sequence[SurvivalStated]) -> SurvivalSet:
    """Make the document of a whole set; the overall figure, stated most often, says how far it was read."""
    if not figures:
        return SurvivalSet(version=0, as_of=None, known_at=None, read=[], figures=[])
    overall = figures[0]
    return SurvivalSet(
        version=overall.version, as_of=overall.as_of, known_at=overall.known_at, read=overall.read,
        figures=[SurvivalFigure(**figure.model_dump()) for figure in figures],
    )  # fmt: skip
