"""What is read and written of commands and of managers' keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from services.funding.domain.books import Books
from services.funding.domain.command import parts
from services.funding.domain.envelope import Envelope
from services.funding.domain.manager import Manager
from services.funding.store import queries
from services.funding.store.tables import Command, EnvelopeRow, ManagerKey
from shared.database.checkpoint import Source
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

STANDING = (
    "SELECT commitment_id FROM unnest($1::text[], $2::int[]) AS wanted(contract, exercise)"
    " JOIN commitment USING (contract, exercise) WHERE state IN ('waitlisted', 'reserved', 'engaged')"
)
Pair = tuple[str, int]


async def propose(session: Session, values: Mapping[str, Any]) -> tuple[Command, bool]:
    """Note a command as proposed and lock its row; whether it is new. One that is there stays as it is."""
    statement = insert(Command).values(**values).on_conflict_do_nothing().returning(col(Command.command_id))
    is_new = (await session.execute(statement)).first() is not None
    row = await lock(session, values["command_id"])
    if row is None:
        raise LookupError(f"command {values['command_id']} was noted and is not there")
    return row, is_new


async def lock(session: Session, command_id: UUID) -> Command | None:
    """Read a command and keep everybody else from answering it."""
    query = select(Command).where(Command.command_id == command_id).with_for_update()
    row = (await session.scalars(query, execution_options={"populate_existing": True})).one_or_none()
    if row is not None:
        session.expunge(row)  # it is shown as it was read, even when all is undone
    return row


async def answer(session: Session, command_id: UUID, values: Mapping[str, Any]) -> None:
    """Answer a command that was proposed."""
    await session.execute(update(Command).where(col(Command.command_id) == command_id).values(**values))


def placed(places: Sequence[tuple[Source, tuple[int, int]]]) -> dict[str, int]:
    """Write the place of a step in one or two partitions: the giver's first."""
    names = ("partition", "next_offset", "step")
    found: dict[str, int] = {}
    for prefix, (source, place) in zip(("", "to_"), places, strict=False):
        found |= {f"{prefix}{name}": value for name, value in zip(names, (source.partition, *place), strict=True)}
    return found


async def load_books(
    session: Session, *, contracts: Iterable[str], standing: Iterable[Pair], waiting: Iterable[Pair]
) -> Books:
    """Load what a command may touch, and the commitments that wait or stand beside some contracts' exercises."""
    named: list[UUID] = []
    if pairs := sorted(set(standing)):
        connection = await driver(session)
        rows = await connection.fetch(STANDING, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
        named = [row[0] for row in rows]
    return await queries.load_books(session, contracts=contracts, named=named, served=waiting)


async def command(session: Session, command_id: UUID) -> Command | None:
    """Read one command."""
    return await session.get(Command, command_id)


async def commands(
    session: Session, *, state: str | None, kind: str | None, envelope: str | None, contract: str | None,
    before: int | None, limit: int,
) -> Sequence[Command]:  # fmt: skip
    """List commands, the newest first, from the one after number `before` on."""
    query = select(Command).order_by(col(Command.number).desc()).limit(limit)
    if state is not None:
        query = query.where(Command.state == state)
    if kind is not None:
        query = query.where(Command.kind == kind)
    if before is not None:
        query = query.where(col(Command.number) < before)
    if envelope is not None:
        query = query.where(or_(*(col(name) == envelope for name in (Command.envelope_id, Command.to_envelope_id))))
    if contract is not None:
        named = [col(name).like(f"{contract}.%") for name in (Command.envelope_id, Command.to_envelope_id)]
        query = query.where(or_(*named, col(Command.content)["contract"].astext == contract))
    return (await session.scalars(query)).all()


async def envelope(session: Session, name: str) -> Envelope | None:
    """Read one envelope, as it stands before its line is locked."""
    books = await queries.load_books(session, contracts=[parts(name)[0]])
    return books.envelopes.get(name)


async def contracts_unknown(session: Session, contracts: Iterable[str]) -> list[str]:
    """Which of these contracts have no envelope."""
    found = await session.scalars(select(EnvelopeRow.contract).where(col(EnvelopeRow.contract).in_(contracts)))
    return sorted({*contracts} - {*found})


async def manager_key(session: Session, prefix: str) -> ManagerKey | None:
    """Read one key."""
    return await session.get(ManagerKey, prefix)


async def manager_keys(session: Session) -> Sequence[ManagerKey]:
    """List all keys, oldest first."""
    return (
        await session.scalars(select(ManagerKey).order_by(col(ManagerKey.created_at), col(ManagerKey.prefix)))
    ).all()


def add_manager_key(session: Session, *, prefix: str, hashed: bytes, manager: Manager, at: datetime) -> None:
    """Keep a key of a manager, by its hash."""
    contracts = None if manager.contracts is None else sorted(manager.contracts)
    session.add(
        ManagerKey(prefix=prefix, hash=hashed, name=manager.name, role=manager.role,
                   funders=sorted(funder.value for funder in manager.funders), contracts=contracts, created_at=at)
    )  # fmt: skip


def manager_of(row: ManagerKey) -> Manager:
    """Whom a key stands for."""
    contracts = None if row.contracts is None else frozenset(row.contracts)
    return Manager(row.name, row.role, frozenset(Funder(name) for name in row.funders), contracts)
