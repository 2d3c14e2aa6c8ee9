"""The grants of one funder and year, folded from the journal, for their publication as SCDL *subventions*."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING
from uuid import UUID

from services.funding.domain.publication import Grant
from services.funding.domain.published import said_by
from services.funding.pages.debts import day_of
from shared.kernel.funders import Funder

if TYPE_CHECKING:
    from services.funding.store.journal import Journal

PROGRESS_EVERY = 50_000
GIVEN = {"AllocationEngaged": 1, "AllocationDecommitted": -1}
PAID = {"PaymentRecorded": 1, "PaymentReturnRecorded": -1}


async def grants_of(
    journal: "Journal", funder: Funder, exercise: int, progress: Callable[[int], None]
) -> Collection[Grant]:
    """Fold what the funder engaged and paid of the exercise's commitments; only those are held in memory."""
    found: dict[UUID, Grant] = {}
    count = 0
    async for record in journal.records():
        count += 1
        if count % PROGRESS_EVERY == 0:
            progress(count)
        fact = record.fact
        if fact is None or fact.type not in GIVEN | PAID:
            continue
        said = said_by(fact)
        if said.commitment_id is None or said.funder is not funder or said.exercise != exercise:
            continue
        day, cents = day_of(fact.known_at), said.cdc_cents + said.state_cents
        grant = found.setdefault(said.commitment_id, Grant(said.commitment_id, said.contract, day))
        grant.engaged_cents += GIVEN.get(fact.type, 0) * cents
        if sign := PAID.get(fact.type):
            grant.paid.append((min(day, said.occurred_on or day), sign * cents))
    return found.values()
