"""Tables as XLSX: the data, the dictionary of its columns, and what its codes mean; row by row, in little memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import IO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.funding.downloads.fields import AMOUNTS, Both, Download, Field, Kind, Value
from shared.kernel.errors import ProgrammeError

ROWS_MAX = 1_048_575
"""Rows that a sheet holds below its header."""
TEXT_MAX = 32_767
CENTS_MAX = 10**15
"""A sheet holds fifteen digits of a number."""
EUROS = Both("euros", "euros")
SHEETS = (Both("Données", "Data"), Both("Dictionnaire", "Dictionary"), Both("Codes", "Codes"))
DICTIONARY = (
    Both("Colonne", "Column"), Both("Nom (CSV, Parquet)", "Name (CSV, Parquet)"), Both("Contenu", "Type"),
    Both("Unité ici", "Unit here"), Both("Unité (CSV, Parquet)", "Unit (CSV, Parquet)"),
    Both("Signification", "Meaning in French"), Both("Signification en anglais", "Meaning"),
)  # fmt: skip
CODES = (Both("Colonne", "Column"), Both("Code", "Code"), Both("En français", "In French"),
         Both("En anglais", "In English"))  # fmt: skip
FORMATS = {
    Kind.CENTS: '#,##0.00\\ "€"', Kind.EUROS: '#,##0.00\\ "€"', Kind.DAY: "yyyy-mm-dd",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
}  # fmt: skip
WIDTHS = {Kind.CENTS: 18, Kind.EUROS: 18, Kind.DAY: 12, Kind.INSTANT: 20, Kind.WHOLE: 10, Kind.TEXT: 24}


class SheetTooSmall(ProgrammeError):
    """A sheet cannot hold the table as it is; CSV and Parquet can."""


def write_xlsx(download: Download, file: IO[bytes], language: str) -> None:
    """Write a table with its dictionary. Raises SheetTooSmall."""
    terms = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    created = download.written_at.astimezone(UTC).replace(tzinfo=None)
    described = [_described(field, language) for field in download.fields]
    with xlsxwriter.Workbook(file, terms) as book:
        book.set_properties({"title": download.name, "created": created})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        data, dictionary, codes = (book.add_worksheet(name.of(language)) for name in SHEETS)
        seen = _data(data, download, formats, bold, language)
        _texts(dictionary, [[each.of(language) for each in DICTIONARY], *described], bold)
        _texts(codes, [[each.of(language) for each in CODES], *_explained(download.fields, seen, language)], bold)


def unit_here(field: Field) -> Both:
    """The unit of a column in a sheet, where amounts are numbers of euros."""
    return EUROS if field.kind in AMOUNTS else field.unit


def _data(
    sheet: Worksheet, download: Download, formats: Mapping[Kind, Format], bold: Format, language: str
) -> Mapping[str, set[str]]:
    """Write the rows; say which codes were met in which column."""
    seen: dict[str, set[str]] = {field.column: set() for field in download.fields if field.words}
    for place, field in enumerate(download.fields):
        sheet.set_column(place, place, WIDTHS[field.kind])
        sheet.write_string(0, place, field.title.of(language), bold)
    sheet.freeze_panes(1, 1)
    for number, row in enumerate(download.rows, 1):
        if number > ROWS_MAX:
            raise SheetTooSmall(f"A sheet holds {ROWS_MAX} rows, and this table has more: take it as CSV or Parquet.")
        for place, (field, value) in enumerate(zip(download.fields, row, strict=True)):
            _cell(sheet, number, place, value, formats.get(field.kind))
            if field.column in seen and isinstance(value, str):
                seen[field.column].add(value)
    return seen


def _cell(sheet: Worksheet, row: int, place: int, value: Value, form: Format | None) -> None:
    """Write one value; text is never a formula, whatever it begins with."""
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), form)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), form)  # noqa: DTZ001  a sheet knows no zone
    elif isinstance(value, int):
        if abs(value) >= CENTS_MAX:
            raise SheetTooSmall("A sheet holds fifteen digits of a number: take the table as CSV or Parquet.")
        sheet.write_number(row, place, value if form is None else value / 100, form)
    else:
        if len(value) > TEXT_MAX:
            raise SheetTooSmall(f"A cell holds {TEXT_MAX} characters: take the table as CSV or Parquet.")
        sheet.write_string(row, place, value)


def _texts(sheet: Worksheet, rows: Sequence[Sequence[str]], bold: Format) -> None:
    sheet.freeze_panes(1, 0)
    for place in range(len(rows[0])):
        sheet.set_column(place, place, 28 if place < len(rows[0]) - 2 else 60)
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text, None if number else bold)


def _described(field: Field, language: str) -> list[str]:
    """A field as a row of the dictionary."""
    said = (field.title, Both(field.column, field.column), field.type, unit_here(field), field.unit)
    return [*(each.of(language) for each in said), *field.meaning]


def _explained(fields: Sequence[Field], seen: Mapping[str, set[str]], language: str) -> list[list[str]]:
    return [
        [field.title.of(language), code, *field.words(code)]
        for field in fields if field.words for code in sorted(seen[field.column])
    ]  # fmt: skip
