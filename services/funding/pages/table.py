"""One table, written twice from the same rows: for people in a page, and as CSV (RFC 4180) for spreadsheets."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from services.funding.pages.terms import term
from shared.web import formats
from shared.web.contract_names import contract_name
from shared.web.words import Words


class Column(NamedTuple):
    """Its word, and how its values are written; amounts are cents, written to the cent or, `euros`, to the euro."""

    name: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first column names the row. `file` is what its CSV is called."""

    file: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    empty: str = "nothing"

    def unused(self) -> list[Column]:
        """The columns of amounts that are zero, or nothing, in every row: a page says so instead of drawing them."""
        return [
            column for index, column in enumerate(self.columns)
            if column.kind in ("cents", "euros", "signed") and not any(row[index] for row in self.rows)
        ]  # fmt: skip

    def shown(self) -> list[tuple[int, Column]]:
        """The columns that a page draws, each with its place in a row."""
        unused = {column.name for column in self.unused()}
        return [(index, column) for index, column in enumerate(self.columns) if column.name not in unused]


def as_csv(table: Table) -> str:
    """Write a table with its raw values: cents, codes, ISO days; what is without limit or unknown is empty.

    Columns that only lead somewhere stay on the page.
    """
    text = StringIO(newline="")
    writer = csv.writer(text)
    told = [index for index, column in enumerate(table.columns) if column.kind != "ask"]
    writer.writerow([_header(table.columns[index]) for index in told])
    writer.writerows([[_raw(row[index]) for index in told] for row in table.rows])
    return text.getvalue()


def _header(column: Column) -> str:
    is_amount = column.kind in ("cents", "euros", "limit", "signed") and not column.name.endswith("_cents")
    return f"{column.name}_cents" if is_amount else column.name


def _raw(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list):
        return " ".join(map(_raw, value))
    if isinstance(value, tuple):
        is_named = bool(value) and not isinstance(value[0], tuple)
        return str(value[-1]) if is_named else "; ".join(f"{name} {_raw(part)}" for name, part in value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes values for people; `home` is how the page's language begins, from where the page is."""

    words: Words
    home: str

    def cell(self, column: Column, value: Any) -> Markup:
        """Write one value."""
        if value is None and column.kind != "limit":
            return Markup("–")
        return _WRITERS[column.kind](self, value)

    def _link(self, path: str, text: object) -> Markup:
        return Markup('<a href="{}{}">{}</a>').format(self.home, path, text)


def _contract(writer: Writer, code: str) -> Markup:
    name = contract_name(code)
    more = Markup(' <span class="code">{}</span>').format(code) if name.short != code else ""
    return writer._link(f"contracts/{code}", Markup("{}{}").format(name.short, more))


def _envelope(writer: Writer, name: str) -> Markup:
    contract, funder, exercise = name.split(".")
    return Markup("{}, {} {}").format(contract_name(contract).short, writer.words.say(f"{funder}_short"), exercise)


def _line(writer: Writer, name: str) -> Markup:
    """A funder's exercise: `CDC.2016`."""
    funder, exercise = name.split(".")
    return Markup("{} {}").format(writer.words.say(f"{funder}_short"), exercise)


def _epci(writer: Writer, named: tuple[str, str]) -> Markup:
    name, siren = named
    if not siren:
        return writer.words.say(name)
    return writer._link(f"epcis/{siren}", Markup('{} <span class="code">{}</span>').format(name, siren))


def _each(write: Callable[[Writer, Any], Markup]) -> Callable[[Writer, list[Any]], Markup]:
    return lambda writer, values: (
        Markup("").join(Markup('<span class="line">{}</span>').format(write(writer, value)) for value in values)
        or Markup("–")
    )


def _named_amounts(writer: Writer, pairs: Sequence[tuple[str, int]]) -> Markup:
    language = writer.words.language
    lines = [
        Markup('<span class="line">{} {}</span>').format(_moved(name, writer), formats.euros_exact(cents, language))
        for name, cents in pairs
    ]
    return Markup("").join(lines) or Markup("–")


def _moved(name: str, writer: Writer) -> str:
    """`available > reserved` in words; anything else as it is."""
    return " → ".join(term(part, writer.words.language) for part in name.split(" > "))


_WRITERS: Mapping[str, Callable[[Writer, Any], Markup]] = {
    "text": lambda _, value: escape(value),
    "code": lambda _, value: Markup("<code>{}</code>").format(str(value)),
    "count": lambda w, value: escape(formats.whole(value, w.words.language)),
    "cents": lambda w, value: escape(formats.euros_exact(value, w.words.language)),
    "signed": lambda w, value: escape(formats.euros_signed(value, w.words.language)),
    "euros": lambda w, value: escape(formats.euros(value, w.words.language)),
    "limit": lambda w, value: escape(
        w.words.say("unlimited") if value is None else formats.euros(value, w.words.language)
    ),
    "day": lambda w, value: escape(formats.day(value, w.words.language)),
    "instant": lambda w, value: escape(formats.instant(value, w.words.language)),
    "term": lambda w, value: escape(term(value, w.words.language)),
    "word": lambda w, value: w.words.say(value),
    "state": lambda w, value: w.words.say(f"state_{value}"),
    "funder": lambda w, value: w._link(f"funders/{value}", w.words.say(f"{value}_short")),
    "contract": _contract,
    "contracts": _each(_contract),
    "epci": _epci,
    "epcis": _each(_epci),
    "envelope": _envelope,
    "line": _line,
    "commitment": lambda w, value: w._link(f"commitments/{value}", Markup("<code>{}</code>").format(str(value)[-8:])),
    "command": lambda w, value: w._link(f"commands/{value[0]}", value[1]),
    "pairs": _named_amounts,
    "ask": lambda w, value: w._link(value, w.words.say("ask_if_link")),
}  # fmt: skip
