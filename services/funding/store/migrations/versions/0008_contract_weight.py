"""What each contract weighs in the keys of the programme: managers try other keys on pages, without the file."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; a programme file that is sent again fills it for envelopes that were opened before."""
    op.create_table(
        "contract_weight",
        sa.Column("contract", sa.String, primary_key=True),
        sa.Column("qpv_population", sa.Integer, nullable=False),
        sa.Column("caseload", sa.Integer),
        sa.CheckConstraint("least(qpv_population, caseload) >= 0", name="ck_contract_weight_not_negative"),
    )
