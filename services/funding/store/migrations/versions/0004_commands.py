"""Managers' keys, commands that can be proposed and approved, and an audit trail that cannot be changed."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHECKS = {
    "ck_command_state": "state IN ('proposed', 'applied', 'refused', 'rejected')",
    "ck_command_place": "(state IN ('applied', 'refused')) = (partition IS NOT NULL AND next_offset IS NOT NULL"
    " AND step IS NOT NULL AND applied_at IS NOT NULL)",
    "ck_command_second_place": "(to_partition IS NULL) = (to_next_offset IS NULL)"
    " AND (to_partition IS NULL) = (to_step IS NULL)",
    "ck_command_four_eyes": "approved_by <> proposed_by",
    "ck_command_rejected": "(state = 'rejected') = (rejected_by IS NOT NULL)",
}
KEPT = """
CREATE FUNCTION kept_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the audit trail cannot be changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""
COMMAND_KEPT = """
CREATE FUNCTION command_answered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'proposed' OR (OLD.command_id, OLD.number, OLD.kind, OLD."by", OLD.content, OLD.content_hash,
        OLD.envelope_id, OLD.to_envelope_id, OLD.reason, OLD.effective_on, OLD.proposed_by, OLD.proposed_at)
        IS DISTINCT FROM (NEW.command_id, NEW.number, NEW.kind, NEW."by", NEW.content, NEW.content_hash,
        NEW.envelope_id, NEW.to_envelope_id, NEW.reason, NEW.effective_on, NEW.proposed_by, NEW.proposed_at)
    THEN
        RAISE EXCEPTION 'command % is refused another answer: the audit trail cannot be changed', OLD.command_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGERS = (
    (
        "CREATE TRIGGER command_answered_once BEFORE UPDATE ON command"
        " FOR EACH ROW EXECUTE FUNCTION command_answered_once()"
    ),
    (
        "CREATE TRIGGER command_kept BEFORE DELETE OR TRUNCATE ON command"
        " FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
    ),
    (
        "CREATE TRIGGER posting_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON posting"
        " FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
    ),
)


def upgrade() -> None:
    """Widen commands, then close the trail; what was commanded before is told as the operator's."""
    _widen_command()
    op.create_table(
        "manager_key",
        sa.Column("prefix", sa.String, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("funders", sa.ARRAY(sa.String), nullable=False),
        sa.Column("contracts", sa.ARRAY(sa.String)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    for statement in (KEPT, COMMAND_KEPT, *TRIGGERS):
        op.execute(statement)


def _widen_command() -> None:
    for name in ("partition", "next_offset", "step", "applied_at"):
        op.alter_column("command", name, nullable=True)
    op.add_column("command", sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False))
    _add_filled("state", sa.String, "'applied'")
    op.add_column("command", sa.Column("envelope_id", sa.String))
    op.add_column("command", sa.Column("to_envelope_id", sa.String))
    _add_filled("reason", sa.String, "'programme'")
    _add_filled("effective_on", sa.Date, "applied_at::date")
    _add_filled("content_hash", sa.LargeBinary, "sha256(convert_to(content::text, 'UTF8'))")
    _add_filled("proposed_by", sa.String, '"by"')
    _add_filled("proposed_at", sa.DateTime(timezone=True), "applied_at")
    for name in ("approved_by", "rejected_by", "rejection_reason"):
        op.add_column("command", sa.Column(name, sa.String))
    for name, kind in (("to_partition", sa.Integer), ("to_next_offset", sa.BigInteger), ("to_step", sa.Integer)):
        op.add_column("command", sa.Column(name, kind))
    op.add_column("command", sa.Column("outcome", JSONB))
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "command", condition)
    op.create_index("uq_command_number", "command", ["number"], unique=True)
    op.create_index("ix_command_envelope", "command", ["envelope_id"])
    op.create_index("ix_command_proposed", "command", ["number"], postgresql_where=sa.text("state = 'proposed'"))


def _add_filled(name: str, kind: Any, filled: str) -> None:
    """Add a column that is never null, and say what it is in the rows that are there."""
    op.add_column("command", sa.Column(name, kind))
    op.execute(f"UPDATE command SET {name} = {filled}")  # noqa: S608  constants
    op.alter_column("command", name, nullable=False)
