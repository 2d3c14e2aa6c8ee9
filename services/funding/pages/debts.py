"""What is owed, commitment by commitment and funder by funder, read from the facts that say so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.funding.domain.journal import Fact
from services.funding.domain.published import said_by
from services.funding.domain.unpaid import Band, Deed, DeedKind, Unpaid, unpaid
from services.funding.pages.table import Column, Table
from shared.kernel.funders import Funder
from shared.web.formats import programme_zone

BANDS = (Band.YOUNG, Band.MIDDLE, Band.LATE, Band.RETURNED)


@dataclass(frozen=True, slots=True)
class Debt:
    """What one funder has engaged of one commitment and not paid, at the end of a day."""

    commitment_id: UUID
    contract: str
    exercise: int
    funder: Funder
    unpaid: Unpaid

    def late(self, as_of: date) -> int:
        """Unpaid for more than sixty days."""
        return self.unpaid.by_band(as_of)[Band.LATE]


def day_of(instant: datetime) -> date:
    """The day of an instant where the programme is."""
    return instant.astimezone(programme_zone() or UTC).date()


def debts(facts: Iterable[Fact], as_of: date) -> list[Debt]:
    """Tell what is owed at the end of a day, the oldest first."""
    told: dict[tuple[UUID, Funder], list[Deed]] = {}
    homes: dict[UUID, tuple[str, int]] = {}
    for fact in facts:
        said = said_by(fact)
        if said.commitment_id is None or said.funder is None:
            continue
        homes[said.commitment_id] = (said.contract, said.exercise or 0)
        known_on = day_of(fact.known_at)
        deed = Deed(DeedKind(fact.type), known_on, said.cdc_cents + said.state_cents, said.occurred_on or known_on)
        told.setdefault((said.commitment_id, said.funder), []).append(deed)
    found = [Debt(i, *homes[i], funder, unpaid(deeds, as_of)) for (i, funder), deeds in told.items()]
    owed = [debt for debt in found if debt.unpaid.parts]
    return sorted(owed, key=lambda d: (d.unpaid.parts[0].since, d.contract, d.funder, str(d.commitment_id)))


def by_contract(found: Sequence[Debt], as_of: date) -> Table:
    """Add debts up by contract and funder."""
    groups: dict[tuple[str, Funder], list[Debt]] = {}
    for debt in found:
        groups.setdefault((debt.contract, debt.funder), []).append(debt)
    columns = [
        Column("contract", "contract"), Column("funder", "funder"), *(Column(band.value, "cents") for band in BANDS),
        Column("unpaid_total", "cents"), Column("unpaid_certified", "cents"), Column("oldest", "count"),
    ]  # fmt: skip
    rows = []
    for (contract, funder), mine in sorted(groups.items()):
        bands = [debt.unpaid.by_band(as_of) for debt in mine]
        oldest = max(p.days(as_of) for debt in mine for p in debt.unpaid.parts)
        rows.append((
            contract, funder.value, *(sum(each[band] for each in bands) for band in BANDS),
            sum(debt.unpaid.amount_cents for debt in mine), sum(debt.unpaid.certified_cents for debt in mine), oldest,
        ))  # fmt: skip
    return Table("unpaid", columns, rows, empty="no_unpaid")


def each(found: Sequence[Debt], as_of: date) -> Table:
    """List the parts of debts, the oldest first."""
    columns = [
        Column("commitment", "commitment"), Column("contract", "contract"), Column("funder", "funder"),
        Column("exercise", "number"), Column("since", "day"), Column("due_on", "day"), Column("days", "count"),
        Column("band", "word"), Column("amount", "cents", "amount_unpaid"),
    ]  # fmt: skip
    rows = [
        (d.commitment_id, d.contract, d.funder.value, d.exercise, p.since, None if p.came_back else p.due_on,
         p.days(as_of), p.band(as_of).value, p.amount_cents)
        for d in found for p in d.unpaid.parts
    ]  # fmt: skip
    return Table("unpaid-parts", columns, sorted(rows, key=lambda row: (row[4], str(row[0]))), empty="no_unpaid")
