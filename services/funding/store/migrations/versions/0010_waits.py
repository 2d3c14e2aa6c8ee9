"""A part of a commitment may wait while the rest is reserved or engaged: which funder's is kept beside its state."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WAITS = "waits IS NULL OR (waits IN ('CDC', 'STATE') AND state IN ('reserved', 'engaged'))"
WAITS_FOR = "CASE waits WHEN 'CDC' THEN cdc_cents WHEN 'STATE' THEN state_cents END > 0"


def upgrade() -> None:
    """Add the part that waits, and let the index of who waits find it."""
    op.add_column("commitment", sa.Column("waits", sa.String))
    op.create_check_constraint("ck_commitment_waits", "commitment", WAITS)
    op.create_check_constraint("ck_commitment_waits_for", "commitment", WAITS_FOR)
    op.drop_index("ix_commitment_waitlist", "commitment")
    op.create_index(
        "ix_commitment_waitlist", "commitment", ["contract", "exercise", "priority", "place"],
        postgresql_where=sa.text("state = 'waitlisted' OR waits IS NOT NULL"),
    )  # fmt: skip
