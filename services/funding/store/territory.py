"""What is read and written of the territory, and envelopes as they stood when a moment was known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlmodel import col, select

from services.funding.domain.by_epci import as_posted
from services.funding.domain.envelope import Envelope
from services.funding.domain.territory import Annulment, Attachment, Change, Merger, Telling, Territory, territory_of
from services.funding.store import looking
from services.funding.store.tables import TerritoryChange
from shared.contracts.topics import ALLOCATION
from shared.database.transaction import Session, driver

KINDS: Mapping[str, type[Change]] = {"attach": Attachment, "merge": Merger, "annul": Annulment}
LOCK = text("LOCK TABLE territory_change IN SHARE ROW EXCLUSIVE MODE")
OPENED = "SELECT subject FROM outbox WHERE topic = $1 AND type = 'EnvelopeOpened' AND \"time\" <= $2"
BALANCES = (
    'WITH until AS (SELECT partition, max(sequence) AS last FROM outbox WHERE topic = $1 AND "time" <= $2'
    " GROUP BY partition), posted AS (SELECT p.* FROM posting p JOIN until u ON p.partition = u.partition"
    " AND p.sequence <= u.last)"
    " SELECT envelope_id, account, sum(cents)::bigint FROM ("
    " SELECT envelope_id, debit AS account, amount_cents AS cents FROM posted"
    " UNION ALL SELECT envelope_id, credit, -amount_cents FROM posted) AS entry GROUP BY envelope_id, account"
)


async def lock(session: Session) -> None:
    """Keep everybody else from telling anything of the territory until COMMIT; reading goes on."""
    await session.execute(LOCK)


async def changes(session: Session, *, until: datetime | None = None) -> Sequence[TerritoryChange]:
    """List what was told, in order; with `until`, what was known then."""
    query = select(TerritoryChange).order_by(col(TerritoryChange.number))
    if until is not None:
        query = query.where(TerritoryChange.known_at <= until)
    return (await session.scalars(query)).all()


async def territory(session: Session, *, until: datetime | None = None) -> Territory:
    """Read the territory, as it was known."""
    rows = await changes(session, until=until)
    told = [Telling(*telling) for row in rows for telling in row.facts]
    return territory_of((change_of(row) for row in rows), told)


def change_of(row: TerritoryChange) -> Change:
    """Read what a row says."""
    said = {**row.content, "number": row.number, "known_at": row.known_at}
    return msgspec.convert(said, KINDS[row.kind])


def kind_of(change: Change) -> str:
    """Name the kind of a change."""
    return next(kind for kind, model in KINDS.items() if isinstance(change, model))


def content_of(change: Change) -> dict[str, Any]:
    """Write what a change says, without when it was told."""
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(change))
    return {name: value for name, value in said.items() if name not in ("number", "known_at")}


async def envelopes(session: Session, *, until: datetime | None = None) -> list[Envelope]:
    """Read all envelopes; with `until`, those that were open then, with what had been posted and known by then.

    Facts are known in the order of their sequence, so each partition is cut at one place.
    """
    now = await looking.envelopes(session)
    if until is None:
        return now
    connection = await driver(session)
    opened = {row[0] for row in await connection.fetch(OPENED, ALLOCATION.name, until)}
    balances: dict[str, dict[str, int]] = {}
    for name, account, cents in await connection.fetch(BALANCES, ALLOCATION.name, until):
        balances.setdefault(name, {})[account] = cents
    return [as_posted(each, balances.get(each.envelope_id, {})) for each in now if each.envelope_id in opened]
