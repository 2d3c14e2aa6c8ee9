"""Reads, in one snapshot, what a replay begins with and what it must end with: the line's commands and the ledger."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from services.funding.domain.books import Books
from services.funding.domain.envelope import Envelope
from services.funding.store import queries
from services.funding.store.tables import Command
from shared.contracts.topics import COMMITMENT
from shared.database.tables import Checkpoint
from shared.database.transaction import Session, driver
from shared.messaging.history import Extent, extent

EVERY_CONTRACT = (
    "SELECT contract FROM envelope UNION SELECT contract FROM commitment UNION SELECT contract FROM held_movement"
)
FINGERPRINT = (
    "SELECT coalesce((SELECT string_agg(c::text, ';' ORDER BY c::text) FROM checkpoint c), '')"
    " || (SELECT concat_ws('/', count(*), count(*) FILTER (WHERE state = 'proposed')) FROM command)"
)
WEIGHTS = "SELECT contract, qpv_population, caseload FROM contract_weight"
EVERY_COMMITMENT = "SELECT commitment_id FROM commitment"


@dataclass(frozen=True, slots=True)
class Standing:
    """The ledger at one moment: how far each partition is applied, every command, and the whole books."""

    extent: Extent
    commands: tuple[Command, ...]
    books: Books


async def standing(session: Session) -> Standing:
    """Read the whole ledger as it stands."""
    checkpoints = await session.scalars(select(Checkpoint).where(Checkpoint.topic == COMMITMENT.name))
    ends = {row.partition: row.next_offset for row in checkpoints}
    return Standing(await extent(session, COMMITMENT.name, ends), await commands(session), await _books(session))


async def commands(session: Session) -> tuple[Command, ...]:
    """Read every command, in the order in which they were given."""
    rows = (await session.scalars(select(Command).order_by(col(Command.number)))).all()
    for row in rows:
        session.expunge(row)  # it is read after the snapshot is closed
    return tuple(rows)


async def envelopes(session: Session) -> dict[str, Envelope]:
    """Read every envelope."""
    return (await books(session)).envelopes


async def books(session: Session) -> Books:
    """Read every envelope, what is held, and the rules in force: no commitment that nothing is held of."""
    connection = await driver(session)
    contracts: list[Any] = [row[0] for row in await connection.fetch(EVERY_CONTRACT)]
    return await queries.load_books(session, contracts=contracts)


async def weights(session: Session) -> dict[str, tuple[int, int | None]]:
    """Read what each contract weighs: its inhabitants, and its caseload when that is known."""
    connection = await driver(session)
    return {row[0]: (row[1], row[2]) for row in await connection.fetch(WEIGHTS)}


async def fingerprint(session: Session) -> str:
    """Tell where the ledger stands: every step of a line, and every command, makes it another."""
    connection = await driver(session)
    return str(await connection.fetchval(FINGERPRINT))


async def _books(session: Session) -> Books:
    connection = await driver(session)
    contracts: list[Any] = [row[0] for row in await connection.fetch(EVERY_CONTRACT)]
    named = [row[0] for row in await connection.fetch(EVERY_COMMITMENT)]
    return await queries.load_books(session, contracts=contracts, named=named)
