"""The facts that say what is owed: funders' acts, found by two indexes that a declaration does not pay."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import DDL, event

from services.funding.domain.journal import Fact
from services.funding.domain.unpaid import DeedKind
from services.funding.store.tables import FundingTable
from shared.contracts.topics import ALLOCATION
from shared.database.transaction import Session, driver

KINDS = ", ".join(f"'{kind.value}'" for kind in DeedKind)
"""Written out in each query: PostgreSQL takes a partial index when it sees that the query keeps to it."""
INDEXES = (
    f"CREATE INDEX ix_outbox_deed_place ON outbox (topic, partition, sequence) WHERE type IN ({KINDS})",
    f"CREATE INDEX ix_outbox_deed_subject ON outbox (subject) WHERE type IN ({KINDS})",
)
"""Of funding's outbox alone (migration 0009); the outbox is described beside those of all services."""
for statement in INDEXES:
    event.listen(FundingTable.metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]

DEEDS = (
    "SELECT o.partition, o.sequence, event_id, type, cause, time, value FROM outbox o"  # noqa: S608  constants
    f" WHERE topic = $1 AND type IN ({KINDS}) AND subject IN (SELECT commitment_id::text FROM engagement"
    " WHERE $2 OR engaged_cents > paid_cents) ORDER BY o.partition, o.sequence"
)
TOUCHED = (
    "SELECT DISTINCT after.subject FROM unnest($2::int[], $3::bigint[]) AS known(partition, sequence)"  # noqa: S608  as above
    " CROSS JOIN LATERAL (SELECT subject FROM outbox WHERE topic = $1 AND outbox.partition = known.partition"
    f" AND outbox.sequence > known.sequence AND type IN ({KINDS}) ORDER BY outbox.sequence OFFSET 0) AS after"
)
"""OFFSET 0 keeps PostgreSQL from turning the two round: from each place on, not every act beside each place."""
DEEDS_OF = (
    "SELECT o.partition, o.sequence, event_id, type, cause, time, value FROM outbox o"  # noqa: S608  as above
    f" WHERE topic = $1 AND type IN ({KINDS}) AND subject = ANY($2::text[]) ORDER BY o.partition, o.sequence"
)
"""One query with the one above would be planned for many commitments, not for the few that there are."""
LAST_DEEDS = (
    "SELECT p.partition, p.epoch, coalesce((SELECT max(o.sequence) FROM outbox o WHERE o.topic = $1"  # noqa: S608  constants
    f" AND o.partition = p.partition AND o.type IN ({KINDS})), 0) FROM outbox_partition p WHERE p.topic = $1"
)
PLANNED = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL work_mem = '32MB'"
"""A plan for what is unpaid and for all is a plan for all; and a country's facts are sorted in memory."""


class Last(NamedTuple):
    """The last act of one partition of the journal."""

    epoch: int
    sequence: int


async def last_deeds(session: Session) -> dict[int, Last]:
    """Say how far each partition's acts go: as long as it is the same, so is what is owed."""
    connection = await driver(session)
    return {row[0]: Last(row[1], row[2]) for row in await connection.fetch(LAST_DEEDS, ALLOCATION.name)}


async def deeds(session: Session, *, settled_too: bool = False) -> Sequence[Fact]:
    """List the facts that say what is owed, in the journal's order.

    Of commitments of which something engaged is unpaid; with `settled_too`, of all that were ever engaged, for a day in
    the past.
    """
    connection = await driver(session)
    await connection.execute(PLANNED)
    return [Fact(*row) for row in await connection.fetch(DEEDS, ALLOCATION.name, settled_too)]


async def deeds_after(session: Session, known: Mapping[int, int]) -> Sequence[Fact]:
    """List all acts on those commitments on which there was one after these sequences, in the journal's order."""
    connection = await driver(session)
    await connection.execute(PLANNED)
    touched = await connection.fetch(TOUCHED, ALLOCATION.name, [*known], [*known.values()])
    subjects = [row[0] for row in touched]
    return [Fact(*row) for row in await connection.fetch(DEEDS_OF, ALLOCATION.name, subjects)]
