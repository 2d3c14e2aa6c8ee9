"""Funders' acts are found in the outbox by their commitment and by their place; declarations pay nothing for it."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DEEDS = (
    "type IN ('AllocationEngaged', 'CertificationRecorded', 'PaymentRecorded', 'PaymentReturnRecorded',"
    " 'AllocationDecommitted')"
)


def upgrade() -> None:
    """Add two partial indexes."""
    op.execute(f"CREATE INDEX ix_outbox_deed_place ON outbox (topic, partition, sequence) WHERE {DEEDS}")
    op.execute(f"CREATE INDEX ix_outbox_deed_subject ON outbox (subject) WHERE {DEEDS}")
