"""The one description of a column, from which every file's header, schema and dictionary are made."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

Value = str | int | date | datetime | None
"""A plain value: text, a whole number (amounts are cents), a day, an instant, or nothing."""


class Both(NamedTuple):
    """The same said in French and in English."""

    fr: str
    en: str

    def of(self, language: str) -> str:
        """In one of the two languages."""
        return self.en if language == "en" else self.fr


class Kind(StrEnum):
    """What a column holds. Amounts are given as cents; a file has them in cents, or, `EUROS`, in euros."""

    TEXT = "text"
    WHOLE = "whole"
    CENTS = "cents"
    EUROS = "euros"
    DAY = "day"
    INSTANT = "instant"


AMOUNTS = (Kind.CENTS, Kind.EUROS)
SUFFIX = {Kind.CENTS: "_cents", Kind.EUROS: "_eur"}
TYPES = {
    Kind.TEXT: Both("texte", "text"),
    Kind.WHOLE: Both("nombre entier", "whole number"),
    Kind.CENTS: Both("montant", "amount"),
    Kind.EUROS: Both("montant", "amount"),
    Kind.DAY: Both("date", "date"),
    Kind.INSTANT: Both("date et heure", "date and time"),
}
UNITS = {
    Kind.CENTS: Both("centimes d’euro", "euro cents"),
    Kind.EUROS: Both("euros", "euros"),
    Kind.INSTANT: Both("temps universel (UTC)", "universal time (UTC)"),
}
NO_UNIT = Both("", "")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, what it holds, its title and meaning; `words` says a code of it in words, if it has any."""

    name: str
    kind: Kind
    title: Both
    meaning: Both
    words: Callable[[str], Both] | None = None

    @property
    def column(self) -> str:
        """Its name in CSV and Parquet, which ends with the unit of an amount."""
        suffix = SUFFIX.get(self.kind, "")
        return self.name if self.name.endswith(suffix) else self.name + suffix

    @property
    def type(self) -> Both:
        """What it holds, in words."""
        return TYPES[self.kind]

    @property
    def unit(self) -> Both:
        """In CSV and Parquet; empty without one."""
        return UNITS.get(self.kind, NO_UNIT)


@dataclass(frozen=True, slots=True)
class Download:
    """A table to be taken away: `name` is that of its file without an ending, rows are read once, in order."""

    name: str
    fields: Sequence[Field]
    rows: Iterable[Sequence[Value]]
    written_at: datetime
