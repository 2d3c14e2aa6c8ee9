"""The whole life of a commitment: what is engaged, certified, paid and lapsed, and credits to pay."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen envelopes and commitments."""
    for name in ("lapsed", "payments_frozen", "payment_opened", "payment_carried_over"):
        op.add_column("envelope", sa.Column(f"{name}_cents", sa.BigInteger, nullable=False, server_default="0"))
        op.alter_column("envelope", f"{name}_cents", server_default=None)
    op.add_column("envelope", sa.Column("payment_credits_cents", sa.BigInteger))
    op.add_column("envelope", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("envelope", "closed", server_default=None)
    _replace_checks()
    _create_engagement()
    op.create_table(
        "held_movement",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("contract", sa.String, nullable=False),
        sa.Column("commitment_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("fact", sa.String, nullable=False),
    )
    op.create_index("ix_held_movement_contract", "held_movement", ["contract", "place"])


def _create_engagement() -> None:
    op.create_table(
        "engagement",
        sa.Column("commitment_id", sa.Uuid, primary_key=True),
        sa.Column("funder", sa.String, primary_key=True),
        sa.Column("engaged_cents", sa.BigInteger, nullable=False),
        sa.Column("certified_cents", sa.BigInteger, nullable=False),
        sa.Column("paid_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("least(engaged_cents, certified_cents, paid_cents) >= 0", name="ck_engagement_not_negative"),
        sa.CheckConstraint("paid_cents <= engaged_cents", name="ck_engagement_paid"),
        sa.CheckConstraint("certified_cents <= engaged_cents", name="ck_engagement_certified"),
    )
    op.create_table(
        "payment",
        sa.Column("commitment_id", sa.Uuid, primary_key=True),
        sa.Column("funder", sa.String, primary_key=True),
        sa.Column("exercise", sa.Integer, primary_key=True),
        sa.Column("paid_cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("paid_cents >= 0", name="ck_payment_not_negative"),
    )


def _replace_checks() -> None:
    _replace_check(
        "envelope", "ck_envelope_room",
        "reserved_cents + engaged_cents + lapsed_cents <= authorised_cents - frozen_cents",
    )  # fmt: skip
    _replace_check(
        "envelope", "ck_envelope_not_negative",
        "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, lapsed_cents,"
        " paid_cents, payments_frozen_cents) >= 0",
    )  # fmt: skip
    _replace_check(
        "envelope", "ck_envelope_paid",
        "paid_cents <= coalesce(payment_credits_cents - payments_frozen_cents, engaged_cents)",
    )  # fmt: skip
    _replace_check(
        "commitment", "ck_commitment_asks",
        "least(cdc_cents, state_cents) >= 0 AND (cdc_cents + state_cents > 0 OR state IN ('engaged', 'closed'))",
    )  # fmt: skip
    _replace_check(
        "commitment", "ck_commitment_state",
        "state IN ('reserved', 'waitlisted', 'engaged', 'refused', 'released', 'closed')",
    )  # fmt: skip


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, condition)
