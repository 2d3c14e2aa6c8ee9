"""Reads a downloaded table back, as others would: CSV by the rules, XLSX by openpyxl, Parquet by pyarrow."""

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet
from pyarrow import parquet

from services.funding.downloads.fields import AMOUNTS, Field, Kind

Row = tuple[Any, ...]


def from_csv(content: bytes, fields: list[Field]) -> list[Row]:
    """Amounts as cents; an apostrophe that was put before text is taken off."""
    header, *rows = csv.reader(StringIO(content.decode(), newline=""))
    assert header == [field.column for field in fields]
    return [tuple(_typed(f, cell) for f, cell in zip(fields, row, strict=True)) for row in rows]


def _typed(field: Field, cell: str) -> Any:
    if not cell:
        return None
    match field.kind:
        case Kind.TEXT:
            return cell.removeprefix("'")
        case Kind.WHOLE | Kind.CENTS:
            return int(cell)
        case Kind.EUROS:
            return round(100 * float(cell))
        case Kind.DAY:
            return date.fromisoformat(cell)
        case Kind.INSTANT:
            return datetime.fromisoformat(cell)


def sheets(content: bytes) -> list[list[Row]]:
    """The three sheets of a book; no cell of it is a formula."""
    book = openpyxl.load_workbook(BytesIO(content))
    found = [_rows(sheet) for sheet in book.worksheets]
    assert len(found) == 3
    return found


def _rows(sheet: Worksheet) -> list[Row]:
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def from_xlsx(content: bytes, fields: list[Field], language: str = "fr") -> list[Row]:
    """Amounts as cents, instants to the millisecond."""
    header, *rows = sheets(content)[0]
    assert header == tuple(field.title.of(language) for field in fields)
    return [tuple(_plain(f, cell) for f, cell in zip(fields, row, strict=True)) for row in rows]


def _plain(field: Field, cell: Any) -> Any:
    if cell is None:
        return None
    if field.kind in AMOUNTS:
        return round(cell * 100)
    if field.kind is Kind.DAY:
        return cell.date()
    if field.kind is Kind.INSTANT:
        return cell.replace(tzinfo=UTC)
    return cell


def from_parquet(content: bytes, fields: list[Field]) -> list[Row]:
    """Amounts as cents."""
    table = parquet.read_table(BytesIO(content))
    assert table.column_names == [field.column for field in fields]
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [tuple(_cents(f, cell) for f, cell in zip(fields, row, strict=True)) for row in rows]


def _cents(field: Field, cell: Any) -> Any:
    return int(cell.scaleb(2)) if field.kind is Kind.EUROS and cell is not None else cell
