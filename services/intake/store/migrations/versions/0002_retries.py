"""The place in the line of what was retried from quarantine."""

from shared.database.migrations import keep_retries

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep it from now on."""
    keep_retries()
