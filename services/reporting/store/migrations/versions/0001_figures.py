"""The spine's tables, what is folded, and what is stated."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.migrations import TIMESTAMP, create_spine_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    create_spine_tables()
    _create_budget()
    _create_business()
    op.create_table(
        "stratum",
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("contract", sa.String, primary_key=True),
    )
    op.create_table(
        "watermark",
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("facts", sa.BigInteger, nullable=False),
        sa.Column("declared_at", TIMESTAMP, nullable=False),
        sa.Column("known_at", TIMESTAMP, nullable=False),
    )
    op.create_table(
        "statement",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("restate", sa.Boolean, nullable=False),
    )
    op.create_table(
        "publication",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("read", JSONB, nullable=False),
    )


def _create_budget() -> None:
    cents = ("authorised", "frozen", "reserved", "waitlisted", "engaged", "paid")
    op.create_table(
        "budget",
        sa.Column("envelope_id", sa.String, primary_key=True),
        sa.Column("contract", sa.String, nullable=False),
        sa.Column("funder", sa.String, nullable=False),
        sa.Column("exercise", sa.Integer, nullable=False),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in cents),
        *(sa.Column(f"{name}_count", sa.Integer, nullable=False) for name in ("reserved", "waiting", "refused")),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("known_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("reserved_cents + engaged_cents <= authorised_cents - frozen_cents", name="ck_budget_room"),
        sa.CheckConstraint(
            "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, paid_cents) >= 0",
            name="ck_budget_not_negative",
        ),
        sa.CheckConstraint("least(reserved_count, waiting_count, refused_count) >= 0", name="ck_budget_counts"),
        postgresql_with={"fillfactor": "50"},
    )


def _create_business() -> None:
    op.create_table(
        "business",
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("business_id", sa.Uuid, primary_key=True),
        sa.Column("contract", sa.String),
        sa.Column("born_on", sa.Date),
        sa.Column("first_observed_on", sa.Date),
        sa.Column("birth_told_at", TIMESTAMP),
        sa.Column("ended_on", sa.Date),
        sa.Column("end_kind", sa.String),
        sa.Column("end_told_at", TIMESTAMP),
        sa.CheckConstraint("end_kind IN ('death', 'left')", name="ck_business_end_kind"),
        sa.CheckConstraint("(ended_on IS NULL) = (end_kind IS NULL)", name="ck_business_end"),
        sa.CheckConstraint(
            "(born_on IS NULL) = (contract IS NULL) AND (born_on IS NULL) = (first_observed_on IS NULL)",
            name="ck_business_birth",
        ),
    )
