"""The comparison of the real grants as files: written by `fabrique grants write`, read for the page, taken away."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from services.reporting.domain.grants import Key, Placed, Unusable

DATA = Path(__file__).parent / "data"
COMPARED = DATA / "grants-compared.csv"
UNUSABLE = DATA / "grants-unusable.csv"
Line = TypeVar("Line", Placed, Unusable)


def as_csv(kind: type[Line], lines: Iterable[Line]) -> str:
    """Write lines under a header that names each field; amounts are whole cents."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) for line in lines)
    return text.getvalue()


def from_csv(kind: type[Line], text: str) -> list[Line]:
    """Read what `as_csv` wrote. Raises KeyError or ValueError for anything else."""
    read: dict[Any, Any] = {int: int, str: str, Key: Key}
    return [
        kind(**{field.name: read[field.type](row[field.name]) for field in fields(kind)})
        for row in csv.DictReader(io.StringIO(text))
    ]


@cache
def compared_lines() -> Sequence[Placed]:
    """Read the committed comparison: each contract in each exercise under each key."""
    return tuple(from_csv(Placed, COMPARED.read_text(encoding="utf-8")))


@cache
def unusable_lines() -> Sequence[Unusable]:
    """Read the committed list of what could not be used."""
    return tuple(from_csv(Unusable, UNUSABLE.read_text(encoding="utf-8")))
