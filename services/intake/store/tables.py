"""The tables of intake: keys, what it accepted, who declared what, and pseudonyms; no partner's word in clear."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, LargeBinary, String, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class IntakeTable(SQLModel, registry=registry()):
    """Root of intake's tables."""


class ApiKey(IntakeTable, table=True):
    """A key of a platform, as its hash, and what it lets the platform tell."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_platform", "platform", postgresql_where=text("revoked_at IS NULL")),)

    prefix: str = Field(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary)
    platform: str
    event_types: list[str] = Field(sa_type=ARRAY(String))
    funders: list[str] = Field(sa_type=ARRAY(String))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class SecretFingerprint(IntakeTable, table=True):
    """Recognises the secret that this database's pseudonyms were made with; one row."""

    __tablename__ = "secret_fingerprint"
    __table_args__ = (CheckConstraint("id = 1", name="ck_secret_fingerprint_single"),)

    id: int = Field(default=1, primary_key=True)
    fingerprint: bytes = Field(sa_type=LargeBinary)


class KnownContract(IntakeTable, table=True):
    """A contract for which funding opened an envelope."""

    __tablename__ = "known_contract"

    contract: str = Field(primary_key=True)
    known_at: datetime = Field(sa_type=DateTime(timezone=True))


class CommitmentOwner(IntakeTable, table=True):
    """Who declared a commitment, for which contract and exercise, by which event."""

    __tablename__ = "commitment_owner"

    commitment_id: UUID = Field(primary_key=True)
    platform: str
    contract: str
    exercise: int
    event_id: UUID


class Pseudonym(IntakeTable, table=True):
    """The identifier that stands for somebody; `key` is a keyed hash of what a partner calls them."""

    __tablename__ = "pseudonym"
    __table_args__ = (CheckConstraint("kind IN ('person', 'business', 'beneficiary')", name="ck_pseudonym_kind"),)

    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    kind: str
    identifier: UUID


class ReceivedEvent(IntakeTable, table=True):
    """One accepted event: what recognises it, where it was announced, and what was decided on it.

    `door_key` is a keyed hash of (platform, source, id), `content` one of what it says: a partner's own words may name
    a person. `decisions` are the types of funding's decisions, in order. `held_reason` says why it waited, or waits as
    long as nothing is decided.
    """

    __tablename__ = "received_event"
    __table_args__ = (
        Index("uq_received_event_event_id", "event_id", unique=True),
        CheckConstraint("(held_reason IS NULL) = (held_at IS NULL)", name="ck_received_event_held"),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    door_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)
    event_id: UUID
    platform: str
    type: str
    commitment_id: UUID | None = None
    topic: str
    partition: int
    sequence: int = Field(sa_type=BigInteger)
    received_at: datetime = Field(sa_type=DateTime(timezone=True))
    accepted_at: datetime = Field(sa_type=DateTime(timezone=True))
    decisions: list[str] | None = Field(default=None, sa_type=ARRAY(String))
    decided_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    decided_partition: int | None = None
    decided_sequence: int | None = Field(default=None, sa_type=BigInteger)
    held_reason: str | None = None
    held_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Progress(IntakeTable, table=True):
    """Up to which sequence of a partition events were published, or reported, at the end of a second."""

    __tablename__ = "progress"
    __table_args__ = (
        CheckConstraint("stage IN ('published', 'reported')", name="ck_progress_stage"),
        Index("ix_progress_sequence", "stage", "topic", "partition", "sequence"),
    )

    stage: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    sequence: int = Field(sa_type=BigInteger)
