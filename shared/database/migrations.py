"""Runs the Alembic migrations of one service's database, and gives the first of them the spine's tables."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

TIMESTAMP = sa.DateTime(timezone=True)


def _config(folder: Path, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


async def upgrade(folder: Path, url: str) -> None:
    """Bring the database at `url` to the newest revision in `folder`."""
    await asyncio.to_thread(command.upgrade, _config(folder, url), "head")


def run_environment(metadata: list[sa.MetaData]) -> None:
    """Run what Alembic asked for; called by each service's `env.py`."""
    asyncio.run(_run(context.config.attributes["url"], metadata))


async def _run(url: str, metadata: list[sa.MetaData]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate, metadata)
    await engine.dispose()


def _migrate(connection: sa.Connection, metadata: list[sa.MetaData]) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('fabrique migrations'))"))
    with context.begin_transaction():
        context.run_migrations()


def create_spine_tables() -> None:
    """Create checkpoint, outbox_partition, outbox and quarantine, as they were in the first release."""
    op.create_table(
        "checkpoint",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("topic_id", sa.String),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("applied_at", TIMESTAMP),
        sa.CheckConstraint("next_offset >= 0", name="ck_checkpoint_next_offset"),
    )
    op.create_table(
        "outbox_partition",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("relayed_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_known_at", TIMESTAMP),
        sa.Column("parked", sa.String),
        sa.CheckConstraint("relayed_sequence <= last_sequence", name="ck_outbox_partition_relayed"),
    )
    _create_outbox()
    _create_quarantine()


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("cause", sa.Uuid),
        sa.Column("traceparent", sa.String),
        sa.Column("time", TIMESTAMP, nullable=False),
        sa.Column("committed_at", TIMESTAMP, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("pointer", sa.String, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("quarantined_at", TIMESTAMP, nullable=False),
        sa.Column("closed_at", TIMESTAMP),
        sa.UniqueConstraint("topic", "partition", "offset", name="uq_quarantine_origin"),
        sa.CheckConstraint("state IN ('open', 'retried', 'dropped')", name="ck_quarantine_state"),
    )
    op.create_index("ix_quarantine_open", "quarantine", ["quarantined_at"], postgresql_where=sa.text("state = 'open'"))


def keep_retries() -> None:
    """Let a retried record keep what was applied and where in the line; those retried before go to their old place."""
    op.add_column("quarantine", sa.Column("corrected", sa.LargeBinary))
    op.add_column("quarantine", sa.Column("applied_offset", sa.BigInteger))
    op.add_column("quarantine", sa.Column("applied_step", sa.Integer))
    op.execute("""UPDATE quarantine SET applied_offset = "offset" + 1, applied_step = 1 WHERE state = 'retried'""")
    op.create_check_constraint(
        "ck_quarantine_place", "quarantine",
        "(state = 'retried') = (applied_offset IS NOT NULL) AND (state = 'retried') = (applied_step IS NOT NULL)",
    )  # fmt: skip
    op.create_index(
        "ix_quarantine_retried", "quarantine", ["topic", "partition", "applied_offset"],
        postgresql_where=sa.text("state = 'retried'"),
    )  # fmt: skip
