"""Reads the shipped file of grants: what can be used as events, what cannot with its reason and its amount."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fabrique.demo.files import GRANTS, demo_file
from fabrique.demo.opening import grant_rows
from fabrique.imports import Event, Row
from services.reporting.domain.grants import Unusable


@dataclass(frozen=True, slots=True)
class Grants:
    """The usable rows as events, in the file's order, and what could not be used, added up."""

    events: Sequence[Event]
    unusable: Sequence[Unusable]

    @property
    def exercises(self) -> list[int]:
        """The exercises of the usable rows."""
        return sorted({event["data"]["exercise"] for event in self.events})

    def of(self, exercise: int) -> list[Event]:
        """The usable grants of an exercise, in the file's order."""
        return [event for event in self.events if event["data"]["exercise"] == exercise]

    def counts(self, exercise: int) -> Counter[str]:
        """How many usable grants each contract was given in an exercise."""
        return Counter(event["data"]["contract"] for event in self.of(exercise))

    def cents(self, exercise: int) -> Counter[str]:
        """What the usable grants of an exercise add up to, by contract."""
        total: Counter[str] = Counter()
        for event in self.of(exercise):
            total[event["data"]["contract"]] += event["data"]["state_cents"]
        return total


def shipped_grants() -> Grants:
    """Read the file that the project ships, whose rows each stand on one line."""
    rows = grant_rows()
    cells = list(csv.DictReader(demo_file(GRANTS).read_text(encoding="utf-8").splitlines()))
    return Grants([row.event for row in rows if row.event], _unusable(rows, cells))


def _unusable(rows: Sequence[Row], cells: Sequence[dict[str, str]]) -> list[Unusable]:
    """Add up the refused rows by exercise, scheme and reason: each row counts once, for its first fault."""
    counts: Counter[tuple[int, str, str, str]] = Counter()
    cents: Counter[tuple[int, str, str, str]] = Counter()
    for row, found in zip(rows, cells, strict=True):
        if row.refusal:
            why = (int(found["annee"]), found["dispositif"], row.refusal.field, row.refusal.reason.value)
            counts[why] += 1
            cents[why] += int(Decimal(found["montant"]) * 100)
    return [Unusable(*why, counts[why], cents[why]) for why in sorted(counts)]
