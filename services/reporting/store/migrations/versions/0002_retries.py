"""The place in the line of what was retried from quarantine, and how much of that the published figures hold."""

import sqlalchemy as sa
from alembic import op

from shared.database.migrations import keep_retries

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep both from now on."""
    keep_retries()
    op.add_column("publication", sa.Column("retried", sa.Integer, nullable=False, server_default="0"))
    op.alter_column("publication", "retried", server_default=None)
