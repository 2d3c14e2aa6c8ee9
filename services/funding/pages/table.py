"""One table, written from the same rows and columns for people in a page, and as files to be taken away."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from services.funding.downloads.fields import Both, Download, Field, Kind, Value
from services.funding.pages.meanings import MEANINGS
from services.funding.pages.terms import term
from services.funding.pages.words import BY_LANGUAGE
from shared.web import formats
from shared.web.contract_names import contract_name
from shared.web.formats import Language
from shared.web.words import Words

LEADING = "ask"
"""The kind of a column that only leads somewhere: it stays on the page."""


class Column(NamedTuple):
    """Its word, and how its values are written; amounts are cents, written to the cent or, `euros`, to the euro.

    `meaning` is what MEANINGS calls what it means, where that is not its name.
    """

    name: str
    kind: str = "text"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first column names the row. `file` is what its files are called, without ending."""

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


def as_download(table: Table, written_at: datetime) -> Download:
    """A table with its raw values, to be taken away: cents, codes, days, instants; what is unknown is nothing."""
    taken = [(index, column) for index, column in enumerate(table.columns) if column.kind != LEADING]
    fields = [_field(column) for _, column in taken]
    return Download(table.file, fields, _raw_rows(table, [index for index, _ in taken]), written_at)


def _raw_rows(table: Table, places: Sequence[int]) -> Iterator[Sequence[Value]]:
    for row in table.rows:
        yield [_raw(row[place]) for place in places]


def _raw(value: Any) -> Value:
    if isinstance(value, str):
        return str(value) or None
    if value is None or isinstance(value, int | date | datetime):
        return value
    if isinstance(value, list):
        return " ".join(str(_raw(each) or "") for each in value) or None
    if isinstance(value, tuple) and value and not isinstance(value[0], tuple):
        return _raw(value[-1])
    if isinstance(value, tuple):
        return "; ".join(f"{name} {part}" for name, part in value) or None
    return str(value)


def _field(column: Column) -> Field:
    """Describe a column to those who take it away."""
    kind = KINDS.get(column.kind, Kind.TEXT)
    meaning = MEANINGS[column.meaning or column.name]
    return Field(column.name, kind, text_of(column.name), meaning, _CODES.get(column.kind))


def text_of(key: str) -> Both:
    """A page's word, in both languages."""
    return Both(BY_LANGUAGE[Language.FRENCH][key], BY_LANGUAGE[Language.ENGLISH][key])


def _term_of(code: str) -> Both:
    return Both(term(code, Language.FRENCH), term(code, Language.ENGLISH))


def _contract_of(code: str) -> Both:
    return Both(contract_name(code).full, contract_name(code).full)


_CODES: Mapping[str, Callable[[str], Both]] = {
    "term": _term_of, "word": text_of, "state": lambda code: text_of(f"state_{code}"), "funder": text_of,
    "contract": _contract_of,
}  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "number": Kind.WHOLE, "count": Kind.WHOLE, "command": Kind.WHOLE, "cents": Kind.CENTS, "euros": Kind.CENTS,
    "limit": Kind.CENTS, "signed": Kind.CENTS, "day": Kind.DAY, "instant": Kind.INSTANT,
}  # fmt: skip


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
    "number": lambda _, value: escape(value),
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
    LEADING: lambda w, value: w._link(value, w.words.say("ask_if_link")),
}  # fmt: skip
