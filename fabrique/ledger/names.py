"""The manager's file of names for a publication: read, judged line by line, and never kept or shown."""

import csv
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import UUID

from stdnum.fr import siret

from services.funding.domain.publication import Beneficiary
from shared.kernel.errors import ProgrammeError
from shared.kernel.ids import commitment_id

NEEDED = ("siret", "name")
KNOWN = (*NEEDED, "commitment", "platform", "reference", "legal_category", "rna", "convention_on", "decision", "object")


class NamesUnusable(ProgrammeError):
    """The file of names cannot be used; `problems` says line, column and remedy, never what stands there."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_names(path: Path) -> Mapping[UUID, Beneficiary]:
    """Read who stands behind each commitment. Raises NamesUnusable, OSError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if problems := _header_problems(reader.fieldnames or ()):
                raise NamesUnusable(problems)
            lines = [(reader.line_num, {n: (c or "").strip() for n, c in row.items() if n in KNOWN}) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NamesUnusable(["the file is no CSV in UTF-8: save it as such"]) from error
    found: dict[UUID, Beneficiary] = {}
    problems = []
    for line, cells in lines:
        try:
            identifier, beneficiary = _read(cells)
        except ValueError as error:
            problems.append(f"line {line}: {error}")
            continue
        if found.setdefault(identifier, beneficiary) != beneficiary:
            problems.append(f"line {line}: commitment: it stands above already, with something else")
    if problems:
        raise NamesUnusable(problems)
    return found


def _header_problems(header: object) -> list[str]:
    names = [*header] if isinstance(header, list | tuple) else []
    lacking = [f"line 1: add the column {name}" for name in NEEDED if name not in names]
    unknown = sum(name not in KNOWN for name in names)
    strange = [f"line 1: {unknown} columns are not known: use {', '.join(KNOWN)}"] if unknown else []
    named = "commitment" in names or {"platform", "reference"} <= {*names}
    return [*lacking, *strange, *([] if named else ["line 1: add the column commitment, or platform and reference"])]


def _read(cells: Mapping[str, str]) -> tuple[UUID, Beneficiary]:
    """Read one line. Raises ValueError with the column and how to mend it."""
    of = cells.get
    if not re.fullmatch(r"[0-9]{14}", cells["siret"], re.ASCII) or not siret.is_valid(cells["siret"]):
        raise ValueError("siret: a SIRET has fourteen digits, the last of which is its key")
    if not cells["name"]:
        raise ValueError("name: fill it in")
    if (category := of("legal_category", "")) and not re.fullmatch(r"[1-9][0-9]{0,3}", category, re.ASCII):
        raise ValueError("legal_category: INSEE's category, up to four digits: 9220")
    if (rna := of("rna", "")) and not re.fullmatch(r"W[0-9]{9}", rna, re.ASCII):
        raise ValueError("rna: W and nine digits")
    if len(purpose := of("object", "")) > 256:
        raise ValueError("object: at most 256 characters")
    return _identifier(cells), Beneficiary(
        cells["siret"], cells["name"], category, rna, _day(of("convention_on", "")), of("decision", ""), purpose
    )


def _identifier(cells: Mapping[str, str]) -> UUID:
    if text := cells.get("commitment"):
        try:
            return UUID(text)
        except ValueError:
            raise ValueError("commitment: its identifier, as pages name it") from None
    platform, reference = cells.get("platform"), cells.get("reference")
    if not platform or not reference:
        raise ValueError("commitment: fill it in, or platform and reference")
    return commitment_id(platform, reference)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("convention_on: write a date as 2016-12-31") from None
