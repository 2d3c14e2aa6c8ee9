"""The four tables that every service's database has: checkpoint, outbox_partition, outbox, quarantine."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class SpineTable(SQLModel, registry=registry()):
    """Root of the spine's tables, apart from any service's."""


class Checkpoint(SpineTable, table=True):
    """How far one input partition is applied: the position, the fence and the inbox."""

    __table_args__ = (CheckConstraint("next_offset >= 0", name="ck_checkpoint_next_offset"),)

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    next_offset: int = Field(default=0, sa_type=BigInteger)
    step: int = 0
    topic_id: str | None = None
    epoch: int = 0
    last_sequence: int = Field(default=0, sa_type=BigInteger)
    applied_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class OutboxPartition(SpineTable, table=True):
    """The last sequence given out, and relayed, of one output partition."""

    __tablename__ = "outbox_partition"
    __table_args__ = (CheckConstraint("relayed_sequence <= last_sequence", name="ck_outbox_partition_relayed"),)

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    epoch: int = 0
    last_sequence: int = Field(default=0, sa_type=BigInteger)
    relayed_sequence: int = Field(default=0, sa_type=BigInteger)
    last_known_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    parked: str | None = None


class OutboxEvent(SpineTable, table=True):
    """One event to publish, whole but for its constant headers."""

    __tablename__ = "outbox"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    key: bytes = Field(sa_type=LargeBinary)
    event_id: UUID
    type: str
    subject: str
    cause: UUID | None = None
    traceparent: str | None = None
    time: datetime = Field(sa_type=DateTime(timezone=True))
    committed_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
    value: bytes = Field(sa_type=LargeBinary)


class QuarantineState(StrEnum):
    """Open until a person retries it with success, or drops it."""

    OPEN = "open"
    RETRIED = "retried"
    DROPPED = "dropped"


class Quarantined(SpineTable, table=True):
    """One record that could not be applied; `record` and `corrected` are sealed where the service says so.

    A retried one keeps what was applied instead of it (None: it was applied as it came) and its place in the line: at
    which next offset of its partition, as which step there.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("topic", "partition", "offset", name="uq_quarantine_origin"),
        CheckConstraint("state IN ('open', 'retried', 'dropped')", name="ck_quarantine_state"),
        CheckConstraint(
            "(state = 'retried') = (applied_offset IS NOT NULL) AND (state = 'retried') = (applied_step IS NOT NULL)",
            name="ck_quarantine_place",
        ),
        Index("ix_quarantine_open", "quarantined_at", postgresql_where=text("state = 'open'")),
        Index(
            "ix_quarantine_retried", "topic", "partition", "applied_offset", postgresql_where=text("state = 'retried'")
        ),
    )

    id: UUID = Field(primary_key=True)
    topic: str
    partition: int
    offset: int = Field(sa_type=BigInteger)
    reason: str
    detail: str
    pointer: str
    length: int
    truncated: bool
    record: bytes = Field(sa_type=LargeBinary)
    state: str = QuarantineState.OPEN
    attempts: int = 0
    quarantined_at: datetime = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    corrected: bytes | None = Field(default=None, sa_type=LargeBinary)
    applied_offset: int | None = Field(default=None, sa_type=BigInteger)
    applied_step: int | None = None
