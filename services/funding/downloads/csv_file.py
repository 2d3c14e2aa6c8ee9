"""Tables as CSV (RFC 4180, UTF-8): raw values, which no spreadsheet can take for a formula."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from io import StringIO

from services.funding.domain.journal import euros
from services.funding.downloads.fields import Download, Field, Kind, Value

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, as OWASP lists it; the wide ones too."""
MARK = "'"


def csv_lines(download: Download) -> Iterator[str]:
    """Write a table line by line; what is unknown, or without limit, is empty."""
    yield csv_line([field.column for field in download.fields])
    for row in download.rows:
        yield csv_line([written(field, value) for field, value in zip(download.fields, row, strict=True)])


def csv_line(cells: Sequence[str]) -> str:
    """Write one line."""
    text = StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def written(field: Field, value: Value) -> str:
    """Write one value: cents or euros with a decimal point, ISO 8601, text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, int):
        return euros(value) if field.kind is Kind.EUROS else str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return harmless(value)


def harmless(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would calculate, and before one that begins so already."""
    return MARK + text if text.startswith((*BEGINS_FORMULA, MARK)) else text
