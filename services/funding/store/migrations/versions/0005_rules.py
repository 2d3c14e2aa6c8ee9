"""Versions of a programme's rules, which stay as they are, and whom each commitment is for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; of what was declared before nobody knows the beneficiary here."""
    op.create_table(
        "rule_set",
        sa.Column("contract", sa.String, primary_key=True),
        sa.Column("exercise", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("command_id", sa.Uuid, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_rule_set_version"),
    )
    op.execute(
        "CREATE TRIGGER rule_set_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_set"
        " FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
    )
    op.add_column("commitment", sa.Column("beneficiary_id", sa.Uuid))
    op.create_index(
        "ix_commitment_beneficiary", "commitment", ["contract", "exercise", "beneficiary_id"],
        postgresql_where=sa.text("beneficiary_id IS NOT NULL"),
    )  # fmt: skip
