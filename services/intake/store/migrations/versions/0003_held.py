"""An event that is held is not decided: why it waits, and since when."""

import sqlalchemy as sa
from alembic import op

from shared.database.migrations import TIMESTAMP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep both from now on; what was only held until now counts as decided no more."""
    op.add_column("received_event", sa.Column("held_reason", sa.String))
    op.add_column("received_event", sa.Column("held_at", TIMESTAMP))
    op.create_check_constraint("ck_received_event_held", "received_event", "(held_reason IS NULL) = (held_at IS NULL)")
    op.execute(
        "UPDATE received_event SET held_reason = 'not-decided-yet', held_at = decided_at, decisions = NULL,"
        " decided_at = NULL, decided_partition = NULL, decided_sequence = NULL WHERE decisions = '{MovementHeld}'"
    )
