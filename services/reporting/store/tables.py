"""The tables of reporting: what was folded, and what was stated of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class ReportingTable(SQLModel, registry=registry()):
    """Root of reporting's tables."""


def _cents() -> int:
    return Field(sa_type=BigInteger)  # type: ignore[no-any-return]


def _instant(*, nullable: bool = False) -> Any:
    return Field(default=None if nullable else ..., sa_type=DateTime(timezone=True), nullable=nullable)


class BudgetRow(ReportingTable, table=True):
    """The balances of one envelope; `version` counts the facts that touched it."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint(
            "reserved_cents + engaged_cents + lapsed_cents <= authorised_cents - frozen_cents", name="ck_budget_room"
        ),
        CheckConstraint(
            "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, lapsed_cents,"
            " paid_cents, payment_credits_cents, payments_frozen_cents) >= 0",
            name="ck_budget_not_negative",
        ),
        CheckConstraint(
            "paid_cents <= CASE WHEN has_payment_credits THEN payment_credits_cents - payments_frozen_cents"
            " ELSE engaged_cents END",
            name="ck_budget_payable",
        ),
        CheckConstraint(
            "has_payment_credits OR payment_credits_cents + payments_frozen_cents = 0",
            name="ck_budget_payment_credits",
        ),
        CheckConstraint(
            "NOT closed OR frozen_cents + reserved_cents + waitlisted_cents + payments_frozen_cents = 0",
            name="ck_budget_closed",
        ),
        CheckConstraint(
            "least(reserved_count, waiting_count, engaged_count, refused_count) >= 0"
            " AND (reserved_count = 0) = (reserved_cents = 0) AND (waiting_count = 0) = (waitlisted_cents = 0)"
            " AND (engaged_count = 0) = (engaged_cents = 0)",
            name="ck_budget_counts",
        ),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    envelope_id: str = Field(primary_key=True)
    contract: str
    funder: str
    exercise: int
    authorised_cents: int = _cents()
    frozen_cents: int = _cents()
    reserved_cents: int = _cents()
    waitlisted_cents: int = _cents()
    engaged_cents: int = _cents()
    paid_cents: int = _cents()
    reserved_count: int
    waiting_count: int
    refused_count: int
    version: int = Field(sa_type=BigInteger)
    known_at: datetime = _instant()
    lapsed_cents: int = _cents()
    payment_credits_cents: int = _cents()
    payments_frozen_cents: int = _cents()
    engaged_count: int
    has_payment_credits: bool
    closed: bool


class StakeRow(ReportingTable, table=True):
    """What one commitment has of one funder, over all exercises; one that has nothing has no row."""

    __tablename__ = "stake"
    __table_args__ = (
        CheckConstraint(
            "least(reserved_cents, waitlisted_cents, engaged_cents, paid_cents) >= 0", name="ck_stake_not_negative"
        ),
        CheckConstraint("paid_cents <= engaged_cents", name="ck_stake_paid"),
        CheckConstraint("waitlisted_cents = 0 OR reserved_cents + engaged_cents = 0", name="ck_stake_waits"),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    commitment_id: UUID = Field(primary_key=True, sa_type=Uuid)
    funder: str = Field(primary_key=True)
    reserved_cents: int = _cents()
    waitlisted_cents: int = _cents()
    engaged_cents: int = _cents()
    paid_cents: int = _cents()


class BusinessRow(ReportingTable, table=True):
    """One business as one input partition tells of it; without a birth it is followed and not counted."""

    __tablename__ = "business"
    __table_args__ = (
        CheckConstraint("end_kind IN ('death', 'left')", name="ck_business_end_kind"),
        CheckConstraint("(ended_on IS NULL) = (end_kind IS NULL)", name="ck_business_end"),
        CheckConstraint(
            "(born_on IS NULL) = (contract IS NULL) AND (born_on IS NULL) = (first_observed_on IS NULL)",
            name="ck_business_birth",
        ),
    )

    partition: int = Field(primary_key=True)
    business_id: UUID = Field(primary_key=True, sa_type=Uuid)
    contract: str | None = None
    born_on: date | None = None
    first_observed_on: date | None = None
    birth_told_at: datetime | None = _instant(nullable=True)
    ended_on: date | None = None
    end_kind: str | None = None
    end_told_at: datetime | None = _instant(nullable=True)


class StratumRow(ReportingTable, table=True):
    """A contract of which an input partition told; each has its survival figure, be it empty."""

    __tablename__ = "stratum"

    partition: int = Field(primary_key=True)
    contract: str = Field(primary_key=True)


class WatermarkRow(ReportingTable, table=True):
    """What was folded of one partition of `intake.entrepreneur.v1`: how many facts, told and known until when."""

    __tablename__ = "watermark"

    partition: int = Field(primary_key=True)
    facts: int = Field(sa_type=BigInteger)
    declared_at: datetime = _instant()
    known_at: datetime = _instant()


class StatementRow(ReportingTable, table=True):
    """The figure that was last stated under a key of an output topic, byte for byte; what people and the API are shown.

    `restate`: after a rebuild, it is stated once more as soon as the fold has caught up with its version.
    """

    __tablename__ = "statement"

    topic: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    value: bytes = Field(sa_type=LargeBinary)
    restate: bool


class PublicationRow(ReportingTable, table=True):
    """When an output topic was last stated: how far its input was read, {partition: sequence}, how much was retried."""

    __tablename__ = "publication"

    topic: str = Field(primary_key=True)
    read: dict[str, int] = Field(sa_type=JSONB)
    retried: int
