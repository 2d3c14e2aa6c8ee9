"""What was told of the territory, kept for ever: contracts attached to EPCI, mergers, annulments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; contracts are attached when the programme file is put again."""
    op.create_table(
        "territory_change",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("command_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("told_by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name="ck_territory_change_number"),
        sa.CheckConstraint("kind IN ('attach', 'merge', 'annul')", name="ck_territory_change_kind"),
    )
    op.create_index("uq_territory_change_command", "territory_change", ["command_id"], unique=True)
    op.create_index("uq_territory_change_subject", "territory_change", ["kind", "subject"], unique=True)
    op.execute(
        "CREATE TRIGGER territory_change_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON territory_change"
        " FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
    )
