"""The spine's tables and the register's."""

import sqlalchemy as sa
from alembic import op

from shared.database.migrations import create_spine_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything."""
    create_spine_tables()
    _create_keys()
    _create_known()
    _create_received_event()
    _create_progress()


def _create_keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("prefix", sa.String, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("event_types", sa.ARRAY(sa.String), nullable=False),
        sa.Column("funders", sa.ARRAY(sa.String), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("revoked_at", TIMESTAMP),
    )
    op.create_index("ix_api_key_platform", "api_key", ["platform"], postgresql_where=sa.text("revoked_at IS NULL"))
    op.create_table(
        "secret_fingerprint",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_secret_fingerprint_single"),
    )


def _create_known() -> None:
    op.create_table(
        "known_contract",
        sa.Column("contract", sa.String, primary_key=True),
        sa.Column("known_at", TIMESTAMP, nullable=False),
    )
    op.create_table(
        "commitment_owner",
        sa.Column("commitment_id", sa.Uuid, primary_key=True),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("contract", sa.String, nullable=False),
        sa.Column("exercise", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
    )
    op.create_table(
        "pseudonym",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("identifier", sa.Uuid, nullable=False),
        sa.CheckConstraint("kind IN ('person', 'business', 'beneficiary')", name="ck_pseudonym_kind"),
    )


def _create_received_event() -> None:
    op.create_table(
        "received_event",
        sa.Column("door_key", sa.LargeBinary, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("commitment_id", sa.Uuid),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.Column("accepted_at", TIMESTAMP, nullable=False),
        sa.Column("decisions", sa.ARRAY(sa.String)),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_partition", sa.Integer),
        sa.Column("decided_sequence", sa.BigInteger),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("uq_received_event_event_id", "received_event", ["event_id"], unique=True)


def _create_progress() -> None:
    op.create_table(
        "progress",
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("at", TIMESTAMP, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.CheckConstraint("stage IN ('published', 'reported')", name="ck_progress_stage"),
    )
    op.create_index("ix_progress_sequence", "progress", ["stage", "topic", "partition", "sequence"])
