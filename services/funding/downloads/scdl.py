"""The SCDL *subventions*: written as its schema wants it, and held against that schema before it is handed over."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from stdnum.fr import siret

SCHEMA = Path(__file__).parent / "data" / "scdl-subventions-2.1.1.json"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


class Fault(NamedTuple):
    """What is wrong with a file: the row (1 is the header), the column, and how to mend it; never what stands there."""

    row: int
    column: str
    remedy: str


@cache
def schema() -> Mapping[str, Any]:
    """The schema, as published."""
    found: Mapping[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def columns() -> list[str]:
    """The columns, in order."""
    return [field["name"] for field in schema()["fields"]]


def scdl_text(rows: Iterable[Mapping[str, str]]) -> str:
    """Write the rows as CSV."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, columns())
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def faults(text: str, *, custom: bool = True) -> Iterator[Fault]:
    """Hold a file against the schema; `custom` are its own checks: SIRET, and one of two identifiers."""
    header, *rows = csv.reader(StringIO(text, newline=""))
    wanted = columns()
    for place, name in enumerate(wanted):
        if place < len(header) and header[place] != name:
            yield Fault(1, name, f"column {place + 1} must be {name}")
    for name in wanted[len(header) :]:
        yield Fault(1, name, "add this column")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            yield Fault(number, "", f"this row has {len(row)} cells, the header {len(header)}")
        cells = dict(zip(wanted, row, strict=False))
        yield from _row_faults(number, cells)
        if custom:
            yield from _custom(number, cells)


def _row_faults(number: int, cells: Mapping[str, str]) -> Iterator[Fault]:
    for name, cell in cells.items():
        yield from (Fault(number, name, remedy) for remedy in _remedies(_of(name), cell))


@cache
def _of(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(field for field in schema()["fields"] if field["name"] == name)
    return found


def _remedies(field: Mapping[str, Any], cell: str) -> Iterator[str]:
    terms = field.get("constraints", {})
    if not cell:
        if terms.get("required"):
            yield "fill it in"
        return
    if remedy := _type_remedy(field, cell):
        yield remedy
        return
    if "pattern" in terms and not re.fullmatch(terms["pattern"], cell, re.ASCII):
        yield f"write it as {terms['pattern']}"
    if len(cell) > terms.get("maxLength", len(cell)):
        yield f"at most {terms['maxLength']} characters"
    if "enum" in terms and cell not in terms["enum"]:
        yield f"one of: {', '.join(terms['enum'])}"
    for bound, is_out in (("minimum", Decimal.__lt__), ("maximum", Decimal.__gt__)):
        if bound in terms and is_out(Decimal(cell), Decimal(str(terms[bound]))):
            yield f"{bound} {terms[bound]}"


def _type_remedy(field: Mapping[str, Any], cell: str) -> str | None:
    match field["type"]:
        case "number":
            return None if _is_number(cell) else "write a number with a decimal point"
        case "date":
            return None if _is_day(cell) else "write a date as 2016-12-31"
        case "boolean":
            words: Sequence[str] = [*field["trueValues"], *field["falseValues"]]
            return None if cell in words else f"one of: {', '.join(words)}"
    return None


def _is_number(cell: str) -> bool:
    try:
        return bool(_NUMBER.fullmatch(cell)) and Decimal(cell).is_finite()
    except InvalidOperation:
        return False


def _is_day(cell: str) -> bool:
    try:
        return date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


def _custom(number: int, cells: Mapping[str, str]) -> Iterator[Fault]:
    for check in schema()["custom_checks"]:
        terms = check["params"]
        if check["name"] == "french-siret-value":
            cell = cells.get(terms["column"], "")
            if cell and not (re.fullmatch(r"[0-9]{14}", cell, re.ASCII) and siret.is_valid(cell)):
                yield Fault(number, terms["column"], "a SIRET has fourteen digits, the last of which is its key")
        elif not any(cells.get(terms[each]) for each in ("column1", "column2")):
            yield Fault(number, terms["column1"], f"fill it in, or {terms['column2']}")
