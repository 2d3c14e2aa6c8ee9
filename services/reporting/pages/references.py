"""Published figures that stand beside ours: INSEE's survival."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Reference:
    """One published survival: shares at 36 and 60 months, of a cohort, and where it was published."""

    key: str
    cohort: str
    regime: str
    scope: str
    at_36_months: float
    at_60_months: float
    source: str

    @property
    def pages(self) -> list[str]:
        """The numbers of the pages of insee.fr that publish it."""
        return re.findall(r"\d{7}", self.source)


SHOWN = {
    ("2014", "non-micro", "France"): "insee_2014",
    ("2018", "micro of those who started", "France"): "insee_2018_micro",
}
"""The two lines that are drawn: what a creation was when the programme began, and the micro regime apart."""


@cache
def references() -> tuple[Reference, ...]:
    """Read INSEE's lines that are shown, in the file's order."""
    with (DATA / "insee-sine.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if _key(row) in SHOWN]
    return tuple(
        Reference(
            SHOWN[_key(row)], row["cohort"], row["regime"], row["scope"], float(row["rate_3_years"]) / 100,
            float(row["rate_5_years"]) / 100, row["source"],
        )
        for row in rows
    )  # fmt: skip


def _key(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row["cohort"], row["regime"], row["scope"]
