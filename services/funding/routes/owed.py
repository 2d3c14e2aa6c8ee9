"""Keeps what is owed between one page and the next: only commitments on which a funder acted since are read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.funding.pages.debts import Debt, debts, renewed
from services.funding.store import owed
from services.funding.store.owed import Last
from shared.database.transaction import Session

DAYS = 2
"""How many days are kept: today, and the other one that was asked for last. A country's debts are some 10 MB."""


@dataclass(frozen=True, slots=True)
class _Known:
    last: Mapping[int, Last]
    debts: Sequence[Debt]


class Owed:
    """What is owed as of a day, as the session's snapshot has it.

    Facts are only ever appended, so what was read stays right up to where it was read; a partition whose epoch moved or
    that ends before that place (a database put back, an older snapshot) is read anew, with all others.
    """

    def __init__(self) -> None:
        self._days: dict[tuple[date, bool], _Known] = {}

    async def debts(self, session: Session, as_of: date, *, is_past: bool) -> Sequence[Debt]:
        """Tell what is owed at the end of a day, the oldest first."""
        last = await owed.last_deeds(session)
        known = self._days.pop((as_of, is_past), None)
        if known is None or not _follows(last, known.last):
            found = debts(await owed.deeds(session, settled_too=is_past), as_of)
        elif last != known.last:
            since = {partition: known.last[partition].sequence if partition in known.last else 0 for partition in last}
            found = renewed(known.debts, await owed.deeds_after(session, since), as_of)
        else:
            found = [*known.debts]
        self._days[as_of, is_past] = _Known(last, found)
        while len(self._days) > DAYS:
            self._days.pop(next(iter(self._days)))
        return found


def _follows(last: Mapping[int, Last], before: Mapping[int, Last]) -> bool:
    return all(
        partition in last and last[partition].epoch == epoch and last[partition].sequence >= sequence
        for partition, (epoch, sequence) in before.items()
    )
