"""The whole life of a commitment: what is lapsed, credits to pay, closed envelopes, and what each commitment has."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STILL_RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name,"
    " 'reporting/') AND EXISTS (SELECT FROM budget)"
)
CHECKS = {
    "room": "reserved_cents + engaged_cents + lapsed_cents <= authorised_cents - frozen_cents",
    "not_negative": "least(authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents,"
    " lapsed_cents, paid_cents, payment_credits_cents, payments_frozen_cents) >= 0",
    "payable": "paid_cents <= CASE WHEN has_payment_credits THEN payment_credits_cents - payments_frozen_cents"
    " ELSE engaged_cents END",
    "payment_credits": "has_payment_credits OR payment_credits_cents + payments_frozen_cents = 0",
    "closed": "NOT closed OR frozen_cents + reserved_cents + waitlisted_cents + payments_frozen_cents = 0",
    "counts": "least(reserved_count, waiting_count, engaged_count, refused_count) >= 0"
    " AND (reserved_count = 0) = (reserved_cents = 0) AND (waiting_count = 0) = (waitlisted_cents = 0)"
    " AND (engaged_count = 0) = (engaged_cents = 0)",
}
FORGET = (
    "TRUNCATE budget",
    "DELETE FROM checkpoint WHERE topic = 'funding.allocation.v1'",
    "DELETE FROM publication WHERE topic = 'reporting.budget.v1'",
    "UPDATE statement SET restate = true WHERE topic = 'reporting.budget.v1'",
)


def upgrade() -> None:
    """Widen budgets, and forget those that were folded: only the topic knows what each commitment has.

    Reporting folds them again when it starts, as after a rebuild.
    """
    if op.get_bind().scalar(sa.text(STILL_RUNNING)):
        raise RuntimeError("reporting still runs: stop it, then migrate, since its budgets are folded again")
    for statement in FORGET:
        op.execute(statement)
    for name in ("lapsed", "payment_credits", "payments_frozen"):
        op.add_column("budget", sa.Column(f"{name}_cents", sa.BigInteger, nullable=False))
    op.add_column("budget", sa.Column("engaged_count", sa.Integer, nullable=False))
    op.add_column("budget", sa.Column("has_payment_credits", sa.Boolean, nullable=False))
    op.add_column("budget", sa.Column("closed", sa.Boolean, nullable=False))
    _check_budgets()
    _create_stake()


def _check_budgets() -> None:
    for name in ("room", "not_negative", "counts"):
        op.drop_constraint(f"ck_budget_{name}", "budget")
    for name, condition in CHECKS.items():
        op.create_check_constraint(f"ck_budget_{name}", "budget", condition)


def _create_stake() -> None:
    cents = ("reserved", "waitlisted", "engaged", "paid")
    op.create_table(
        "stake",
        sa.Column("commitment_id", sa.Uuid, primary_key=True),
        sa.Column("funder", sa.String, primary_key=True),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in cents),
        sa.CheckConstraint(
            "least(reserved_cents, waitlisted_cents, engaged_cents, paid_cents) >= 0", name="ck_stake_not_negative"
        ),
        sa.CheckConstraint("paid_cents <= engaged_cents", name="ck_stake_paid"),
        sa.CheckConstraint("waitlisted_cents = 0 OR reserved_cents + engaged_cents = 0", name="ck_stake_waits"),
        postgresql_with={"fillfactor": "80"},
    )
