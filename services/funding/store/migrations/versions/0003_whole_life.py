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
