"""The score that a committee gave each commitment."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has one yet."""
    op.add_column("commitment", sa.Column("score", sa.Integer))
    op.create_index(
        "ix_command_score", "command", [sa.text("(content ->> 'commitment_id')")],
        postgresql_where=sa.text("kind = 'score'"),
    )  # fmt: skip
    op.create_check_constraint("ck_commitment_score", "commitment", "score BETWEEN 0 AND 1000")
