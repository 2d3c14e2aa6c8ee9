"""The tables of the ledger: envelope, commitment, posting, what managers commanded, and their keys."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, DateTime, Identity, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class FundingTable(SQLModel, registry=registry()):
    """Root of funding's tables."""


def _cents() -> int:
    return Field(default=0, sa_type=BigInteger)  # type: ignore[no-any-return]


class EnvelopeRow(FundingTable, table=True):
    """The balances of one envelope; each equals the sum of its postings."""

    __tablename__ = "envelope"
    __table_args__ = (
        CheckConstraint(
            "reserved_cents + engaged_cents + lapsed_cents <= authorised_cents - frozen_cents", name="ck_envelope_room"
        ),
        CheckConstraint(
            "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, lapsed_cents,"
            " paid_cents, payments_frozen_cents) >= 0",
            name="ck_envelope_not_negative",
        ),
        CheckConstraint(
            "paid_cents <= coalesce(payment_credits_cents - payments_frozen_cents, engaged_cents)",
            name="ck_envelope_paid",
        ),
        CheckConstraint("waiting_count >= 0", name="ck_envelope_waiting_count"),
        CheckConstraint("(waitlisted_cents = 0) = (waiting_count = 0)", name="ck_envelope_waiting"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    envelope_id: str = Field(primary_key=True)
    contract: str = Field(index=True)
    funder: str
    exercise: int
    authorised_cents: int = _cents()
    frozen_cents: int = _cents()
    reserved_cents: int = _cents()
    waitlisted_cents: int = _cents()
    engaged_cents: int = _cents()
    paid_cents: int = _cents()
    waiting_count: int = 0
    version: int = Field(default=0, sa_type=BigInteger)
    lapsed_cents: int = _cents()
    payment_credits_cents: int | None = Field(default=None, sa_type=BigInteger)
    payments_frozen_cents: int = _cents()
    payment_opened_cents: int = _cents()
    payment_carried_over_cents: int = _cents()
    closed: bool = False


class CommitmentRow(FundingTable, table=True):
    """What one commitment asks and where it stands."""

    __tablename__ = "commitment"
    __table_args__ = (
        CheckConstraint(
            "least(cdc_cents, state_cents) >= 0"
            " AND (cdc_cents + state_cents > 0 OR state IN ('engaged', 'closed'))",
            name="ck_commitment_asks",
        ),
        CheckConstraint("cdc_cents + state_cents <= cost_cents", name="ck_commitment_cost"),
        CheckConstraint(
            "state IN ('reserved', 'waitlisted', 'engaged', 'refused', 'released', 'closed')",
            name="ck_commitment_state",
        ),
        CheckConstraint("score BETWEEN 0 AND 1000", name="ck_commitment_score"),
        CheckConstraint(
            "waits IS NULL OR (waits IN ('CDC', 'STATE') AND state IN ('reserved', 'engaged'))",
            name="ck_commitment_waits",
        ),
        CheckConstraint(
            "CASE waits WHEN 'CDC' THEN cdc_cents WHEN 'STATE' THEN state_cents END > 0", name="ck_commitment_waits_for"
        ),
        Index(
            "ix_commitment_waitlist", "contract", "exercise", "priority", "place",
            postgresql_where=text("state = 'waitlisted' OR waits IS NOT NULL"),
        ),
        Index(
            "ix_commitment_beneficiary", "contract", "exercise", "beneficiary_id",
            postgresql_where=text("beneficiary_id IS NOT NULL"),
        ),
    )  # fmt: skip

    commitment_id: UUID = Field(primary_key=True)
    contract: str
    exercise: int
    cdc_cents: int = Field(sa_type=BigInteger)
    state_cents: int = Field(sa_type=BigInteger)
    cost_cents: int = Field(sa_type=BigInteger)
    priority: int
    place: int = Field(sa_type=BigInteger)
    state: str
    beneficiary_id: UUID | None = None
    score: int | None = None
    waits: str | None = None


class EngagementRow(FundingTable, table=True):
    """What one funder engaged of a commitment, certified and paid, net of what was given up and returned."""

    __tablename__ = "engagement"
    __table_args__ = (
        CheckConstraint("least(engaged_cents, certified_cents, paid_cents) >= 0", name="ck_engagement_not_negative"),
        CheckConstraint("paid_cents <= engaged_cents", name="ck_engagement_paid"),
        CheckConstraint("certified_cents <= engaged_cents", name="ck_engagement_certified"),
    )

    commitment_id: UUID = Field(primary_key=True)
    funder: str = Field(primary_key=True)
    engaged_cents: int = _cents()
    certified_cents: int = _cents()
    paid_cents: int = _cents()


class PaymentRow(FundingTable, table=True):
    """What one exercise's credits paid of an engagement, net of returns."""

    __tablename__ = "payment"
    __table_args__ = (CheckConstraint("paid_cents >= 0", name="ck_payment_not_negative"),)

    commitment_id: UUID = Field(primary_key=True)
    funder: str = Field(primary_key=True)
    exercise: int = Field(primary_key=True)
    paid_cents: int = _cents()


class HeldMovementRow(FundingTable, table=True):
    """A funder's act that waits for what it needs, whole, at its place in the line."""

    __tablename__ = "held_movement"
    __table_args__ = (Index("ix_held_movement_contract", "contract", "place"),)

    event_id: UUID = Field(primary_key=True)
    contract: str
    commitment_id: UUID
    type: str
    place: int = Field(sa_type=BigInteger)
    reason: str
    fact: str


class PostingRow(FundingTable, table=True):
    """One movement between two accounts of an envelope, by the allocation fact (partition, sequence) that says it."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="ck_posting_amount"),
        CheckConstraint("credit <> debit", name="ck_posting_accounts"),
        Index("ix_posting_envelope", "envelope_id", postgresql_using="brin"),
    )

    partition: int = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    line: int = Field(primary_key=True)
    envelope_id: str
    commitment_id: UUID | None = None
    credit: str
    debit: str
    amount_cents: int = Field(sa_type=BigInteger)


class Command(FundingTable, table=True):
    """What a manager commanded, who agreed, what came of it, and between which offsets of the log it was applied.

    It has a place once it is decided; a transfer between contracts of two partitions has one in each. A trigger keeps
    what was decided as it is (migration 0004).
    """

    __tablename__ = "command"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'applied', 'refused', 'rejected')", name="ck_command_state"),
        CheckConstraint(
            "(state IN ('applied', 'refused')) = (partition IS NOT NULL AND next_offset IS NOT NULL"
            " AND step IS NOT NULL AND applied_at IS NOT NULL)",
            name="ck_command_place",
        ),
        CheckConstraint(
            "(to_partition IS NULL) = (to_next_offset IS NULL) AND (to_partition IS NULL) = (to_step IS NULL)",
            name="ck_command_second_place",
        ),
        CheckConstraint("approved_by <> proposed_by", name="ck_command_four_eyes"),
        CheckConstraint("(state = 'rejected') = (rejected_by IS NOT NULL)", name="ck_command_rejected"),
        Index("uq_command_number", "number", unique=True),
        Index("ix_command_envelope", "envelope_id"),
        Index("ix_command_proposed", "number", postgresql_where=text("state = 'proposed'")),
        Index("ix_command_score", text("(content ->> 'commitment_id')"), postgresql_where=text("kind = 'score'")),
    )

    command_id: UUID = Field(primary_key=True)
    partition: int | None = None
    next_offset: int | None = Field(default=None, sa_type=BigInteger)
    step: int | None = None
    kind: str
    by: str
    content: dict[str, object] = Field(sa_type=JSONB)
    applied_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    state: str
    envelope_id: str | None = None
    to_envelope_id: str | None = None
    reason: str
    effective_on: date
    content_hash: bytes = Field(sa_type=LargeBinary)
    proposed_by: str
    proposed_at: datetime = Field(sa_type=DateTime(timezone=True))
    approved_by: str | None = None
    rejected_by: str | None = None
    rejection_reason: str | None = None
    to_partition: int | None = None
    to_next_offset: int | None = Field(default=None, sa_type=BigInteger)
    to_step: int | None = None
    outcome: dict[str, object] | None = Field(default=None, sa_type=JSONB)


class RuleSetRow(FundingTable, table=True):
    """One version of the rules of a contract and exercise, and the command that put it in force, at its place."""

    __tablename__ = "rule_set"
    __table_args__ = (CheckConstraint("version > 0", name="ck_rule_set_version"),)

    contract: str = Field(primary_key=True)
    exercise: int = Field(primary_key=True)
    version: int = Field(primary_key=True)
    content: dict[str, object] = Field(sa_type=JSONB)
    hash: bytes = Field(sa_type=LargeBinary)
    command_id: UUID
    partition: int
    next_offset: int = Field(sa_type=BigInteger)
    step: int


class ContractWeight(FundingTable, table=True):
    """What a contract weighs in the keys that split credits, as the last programme file that names it says."""

    __tablename__ = "contract_weight"
    __table_args__ = (CheckConstraint("least(qpv_population, caseload) >= 0", name="ck_contract_weight_not_negative"),)

    contract: str = Field(primary_key=True)
    qpv_population: int
    caseload: int | None = None


class TerritoryChange(FundingTable, table=True):
    """One thing told of the territory: who, why, when it was known, and which facts were announced for it."""

    __tablename__ = "territory_change"
    __table_args__ = (
        CheckConstraint("number > 0", name="ck_territory_change_number"),
        CheckConstraint("kind IN ('attach', 'merge', 'annul')", name="ck_territory_change_kind"),
        Index("uq_territory_change_command", "command_id", unique=True),
        Index("uq_territory_change_subject", "kind", "subject", unique=True),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    command_id: UUID
    kind: str
    subject: str
    content: dict[str, object] = Field(sa_type=JSONB)
    facts: list[list[str]] = Field(sa_type=JSONB)
    by: str
    told_by: str
    reason: str
    known_at: datetime = Field(sa_type=DateTime(timezone=True))


class ManagerKey(FundingTable, table=True):
    """A key of a manager, as its hash, and what it may command; `contracts` null is all of them."""

    __tablename__ = "manager_key"

    prefix: str = Field(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary)
    name: str
    role: str
    funders: list[str] = Field(sa_type=ARRAY(String))
    contracts: list[str] | None = Field(default=None, sa_type=ARRAY(String))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class EnvelopeStatement(FundingTable, table=True):
    """The version of each envelope that was last stated on `funding.envelope.v1`."""

    __tablename__ = "envelope_statement"

    envelope_id: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
