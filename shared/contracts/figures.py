"""The figures of `reporting.survival.v1` and `reporting.budget.v1`: each a whole figure set, with its version."""

from enum import StrEnum

from pydantic import Field

from shared.contracts.fields import CentsTotal, ContractCode, Day, EnvelopeId, Exercise, Fact, Instant
from shared.kernel.funders import Funder


class HiddenReason(StrEnum):
    """Why a figure is not shown."""

    UNDER_THRESHOLD = "under-threshold"
    PROTECTS_ANOTHER = "protects-another"


class PartitionRead(Fact):
    """How far an input partition was read: the last sequence folded."""

    partition: int = Field(ge=0, description="Number of the partition of the topic that is folded.")
    sequence: int = Field(ge=0, description="`ce_sequence` of the last event folded; 0 before the first.")


class Figure(Fact):
    """What every published figure carries."""

    version: int = Field(ge=0, description="Number of facts folded; of two, the higher is right.")
    known_at: Instant | None = Field(description="The latest fact folded; null before the first.")
    read: list[PartitionRead] = Field(description="How far each partition of the topic that is folded was read.")


class HorizonFigure(Fact):
    """Survival at one horizon, in months, with its 95 % log-log interval and number at risk."""

    months: int = Field(ge=1, description="Age of the businesses, in months.", examples=[36])
    survival: float | None = Field(default=None, ge=0, le=1, description="Kaplan-Meier estimate, from 0 to 1.")
    lower: float | None = Field(default=None, ge=0, le=1, description="Lower end of the interval.")
    upper: float | None = Field(default=None, ge=0, le=1, description="Upper end of the interval.")
    at_risk: int | None = Field(default=None, ge=0, description="Businesses still followed at that age.")
    cohort_rate: float | None = Field(default=None, ge=0, le=1, description="Fixed-cohort rate, no censoring.")
    biased_upwards: bool = Field(default=False, description="Recent cohorts: cessations are declared late.")
    hidden: HiddenReason | None = Field(default=None, description="Why this horizon is not shown; null when it is.")


class SurvivalStated(Figure):
    """Survival of the businesses of one stratum: a contract, or `all`."""

    stratum: str = Field(
        pattern=r"^(all|CV[0-9A-Z]{3,5})$", description="A contract's code, or `all`.", examples=["CV219"]
    )
    as_of: Day | None = Field(description="Last complete month behind the watermark; null before the first fact.")
    size: int | None = Field(default=None, ge=0, description="Number of businesses of the stratum.")
    hidden: HiddenReason | None = Field(default=None, description="Why the stratum is not shown; null when it is.")
    horizons: list[HorizonFigure] = Field(description="One figure for each horizon, shortest first.")


class BudgetStated(Figure):
    """Where one envelope stands."""

    envelope_id: EnvelopeId
    contract: ContractCode
    funder: Funder = Field(description="Whose credits they are.")
    exercise: Exercise
    authorised_cents: CentsTotal = Field(description="What may be engaged, in whole euro cents.")
    frozen_cents: CentsTotal = Field(description="The part of it that may not be used for now.")
    reserved_cents: CentsTotal = Field(description="Promised to commitments, not engaged yet.")
    waitlisted_cents: CentsTotal = Field(description="Asked by commitments that wait for room.")
    engaged_cents: CentsTotal = Field(description="Engaged by a legal act.")
    paid_cents: CentsTotal = Field(description="Paid, net of returns.")
    available_cents: CentsTotal = Field(description="Authorised, less frozen, reserved, engaged and lapsed.")
    share_used: float | None = Field(
        ge=0, description="(reserved + engaged + lapsed) / (authorised - frozen); null when 0."
    )
    reserved_count: int = Field(ge=0, description="Number of commitments with an amount reserved, not engaged yet.")
    waiting_count: int = Field(ge=0, description="Number of commitments that wait.")
    refused_count: int = Field(ge=0, description="Number of commitments that were refused.")
    lapsed_cents: CentsTotal = Field(
        default=0, description="Engaged, then given up in a later exercise: the credit stays consumed."
    )
    has_payment_credits: bool = Field(default=False, description="Whether the funder has credits to pay (CP) here.")
    payment_credits_cents: CentsTotal = Field(default=0, description="What may be paid in the exercise (CP).")
    payments_frozen_cents: CentsTotal = Field(default=0, description="The part of it that may not be paid for now.")
    payable_cents: CentsTotal = Field(
        default=0, description="Payment credits, less those frozen and what is paid; 0 without such credits."
    )
    engaged_count: int = Field(default=0, ge=0, description="Number of commitments with an amount engaged, closed too.")
    closed: bool = Field(default=False, description="Whether the exercise is over for it.")
