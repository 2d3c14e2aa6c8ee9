"""What is owed, commitment by commitment and funder by funder, read from the facts that say so."""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
        return sum(part.amount_cents for part in self.unpaid.parts if part.band(as_of) is Band.LATE)


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
    return sorted(owed, key=_oldest_first)


def renewed(known: Sequence[Debt], facts: Iterable[Fact], as_of: date) -> list[Debt]:
    """Tell what is owed once these are all the facts of their commitments, and all else is as it was."""
    acts = [*facts]
    touched = {said_by(fact).commitment_id for fact in acts}
    kept = [debt for debt in known if debt.commitment_id not in touched]
    for debt in debts(acts, as_of):
        insort(kept, debt, key=_oldest_first)
    return kept


def _oldest_first(debt: Debt) -> tuple[date, str, Funder, UUID]:
    return debt.unpaid.parts[0].since, debt.contract, debt.funder, debt.commitment_id


@dataclass(slots=True)
class _Owing:
    """Debts of one contract and funder added up: cents by age, and how many days the oldest part has."""

    bands: dict[Band, int] = field(default_factory=lambda: dict.fromkeys(BANDS, 0))
    certified: int = 0
    oldest: int | None = None

    def add(self, unpaid_: Unpaid, as_of: date) -> None:
        for part in unpaid_.parts:
            self.bands[part.band(as_of)] += part.amount_cents
            days = part.days(as_of)
            self.oldest = days if self.oldest is None else max(self.oldest, days)
        self.certified += unpaid_.certified_cents


def by_contract(found: Sequence[Debt], as_of: date) -> Table:
    """Add debts up by contract and funder."""
    groups: dict[tuple[str, Funder], _Owing] = {}
    for debt in found:
        group = groups.get((debt.contract, debt.funder))
        if group is None:
            group = groups[debt.contract, debt.funder] = _Owing()
        group.add(debt.unpaid, as_of)
    columns = [
        Column("contract", "contract"), Column("funder", "funder"), *(Column(band.value, "cents") for band in BANDS),
        Column("unpaid_total", "cents"), Column("unpaid_certified", "cents"), Column("oldest", "count"),
    ]  # fmt: skip
    rows = [
        (contract, funder.value, *(group.bands[band] for band in BANDS), sum(group.bands.values()), group.certified,
         group.oldest)
        for (contract, funder), group in sorted(groups.items(), key=lambda each: each[0])
    ]  # fmt: skip
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
