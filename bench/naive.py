"""The naive way, as its own process: one FastStream message, one SQLModel session, one commit, one publish."""

import asyncio
import os
from datetime import datetime
from uuid import UUID

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from services.funding.store.tables import CommitmentRow, EnvelopeRow
from shared.contracts.allocation import AllocationReserved
from shared.contracts.topics import ALLOCATION, COMMITMENT
from shared.database.transaction import create_engine
from shared.kernel.funders import Funder, envelope_id

broker = KafkaBroker(os.environ["BENCH_SERVERS"].split(","), acks="all", enable_idempotence=True)
sessions = async_sessionmaker(
    create_engine(os.environ["BENCH_DATABASE_URL"], application_name="naive", pool_size=8),
    class_=AsyncSession, expire_on_commit=False,
)  # fmt: skip


class CommitmentDeclared(BaseModel):
    """The event as a first handler would type it."""

    commitment_id: UUID
    contract: str
    exercise: int
    cost_cents: int
    cdc_cents: int
    state_cents: int
    priority: int
    known_at: datetime


@broker.subscriber(COMMITMENT.name, group_id="naive", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)
async def on_commitment(event: CommitmentDeclared) -> None:
    """Reserve at both funders, once; a commitment seen before is passed over."""
    async with sessions() as session:
        if await session.get(CommitmentRow, event.commitment_id) is not None:
            return
        for funder, amount in ((Funder.CDC, event.cdc_cents), (Funder.STATE, event.state_cents)):
            name = envelope_id(event.contract, funder, event.exercise)
            envelope = await session.get(EnvelopeRow, name, with_for_update=True)
            assert envelope is not None
            assert envelope.authorised_cents - envelope.reserved_cents >= amount
            envelope.reserved_cents += amount
            envelope.version += 1
        session.add(_row(event))
        await session.commit()
    await broker.publish(_fact(event), ALLOCATION.name, key=event.contract.encode())


def _row(event: CommitmentDeclared) -> CommitmentRow:
    return CommitmentRow(
        commitment_id=event.commitment_id, contract=event.contract, exercise=event.exercise,
        cdc_cents=event.cdc_cents, state_cents=event.state_cents, cost_cents=event.cost_cents,
        priority=event.priority, place=0, state="reserved",
    )  # fmt: skip


def _fact(event: CommitmentDeclared) -> AllocationReserved:
    return AllocationReserved(
        commitment_id=event.commitment_id, contract=event.contract, exercise=event.exercise,
        cdc_cents=event.cdc_cents, state_cents=event.state_cents, known_at=event.known_at,
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(FastStream(broker, logger=None).run())
