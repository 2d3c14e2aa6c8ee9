"""The spine's tables and the ledger's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.migrations import create_spine_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    create_spine_tables()
    _create_envelope()
    _create_commitment()
    op.create_table(
        "posting",
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("envelope_id", sa.String, nullable=False),
        sa.Column("commitment_id", sa.Uuid),
        sa.Column("credit", sa.String, nullable=False),
        sa.Column("debit", sa.String, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount_cents > 0", name="ck_posting_amount"),
        sa.CheckConstraint("credit <> debit", name="ck_posting_accounts"),
    )
    op.create_index("ix_posting_envelope", "posting", ["envelope_id"], postgresql_using="brin")
    op.create_table(
        "command",
        sa.Column("command_id", sa.Uuid, primary_key=True),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "envelope_statement",
        sa.Column("envelope_id", sa.String, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )


def _create_envelope() -> None:
    cents = ("authorised", "frozen", "reserved", "waitlisted", "engaged", "paid")
    op.create_table(
        "envelope",
        sa.Column("envelope_id", sa.String, primary_key=True),
        sa.Column("contract", sa.String, nullable=False),
        sa.Column("funder", sa.String, nullable=False),
        sa.Column("exercise", sa.Integer, nullable=False),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in cents),
        sa.Column("waiting_count", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "reserved_cents + engaged_cents <= authorised_cents - frozen_cents", name="ck_envelope_room"
        ),
        sa.CheckConstraint(
            "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, paid_cents) >= 0",
            name="ck_envelope_not_negative",
        ),
        sa.CheckConstraint("paid_cents <= engaged_cents", name="ck_envelope_paid"),
        sa.CheckConstraint("waiting_count >= 0", name="ck_envelope_waiting_count"),
        sa.CheckConstraint("(waitlisted_cents = 0) = (waiting_count = 0)", name="ck_envelope_waiting"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("ix_envelope_contract", "envelope", ["contract"])


def _create_commitment() -> None:
    op.create_table(
        "commitment",
        sa.Column("commitment_id", sa.Uuid, primary_key=True),
        sa.Column("contract", sa.String, nullable=False),
        sa.Column("exercise", sa.Integer, nullable=False),
        sa.Column("cdc_cents", sa.BigInteger, nullable=False),
        sa.Column("state_cents", sa.BigInteger, nullable=False),
        sa.Column("cost_cents", sa.BigInteger, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint(
            "least(cdc_cents, state_cents) >= 0 AND cdc_cents + state_cents > 0", name="ck_commitment_asks"
        ),
        sa.CheckConstraint("cdc_cents + state_cents <= cost_cents", name="ck_commitment_cost"),
        sa.CheckConstraint("state IN ('reserved', 'waitlisted', 'refused', 'released')", name="ck_commitment_state"),
    )
    op.create_index(
        "ix_commitment_waitlist", "commitment", ["contract", "exercise", "priority", "place"],
        postgresql_where=sa.text("state = 'waitlisted'"),
    )  # fmt: skip
