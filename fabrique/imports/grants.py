"""Reads the State's grants for politique de la ville (CSV of ANCT, from DAUPHIN) as declared commitments.

The data is known by year only. So a grant is held to have occurred, and to have been declared, on the first of January
of its exercise, at midnight UTC: the same file always gives the same events, and sending it twice is sending it once.
"""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from stdnum.fr import siret

from fabrique.imports.lines import BYTE_ORDER_MARK, numbered_lines
from fabrique.imports.rows import Event, Reason, Refusal, Row, refused

GRANT_COLUMNS = (
    "dispositif", "annee", "id_poste", "code_tiers", "raison_sociale", "montant", "code_cv", "insee_dep", "insee_reg",
    "source",
)  # fmt: skip
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
SOURCE = "/ci-ville/dauphin"
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
_EXERCISE = re.compile(r"20(1[4-9]|[2-9][0-9])", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?", re.ASCII)
_CONTRACT = re.compile(r"CV[0-9A-Z]{3,5}", re.ASCII)


def is_grants_header(line: bytes) -> bool:
    """Tell whether a file's first line is the header of the grants' CSV."""
    return line.removeprefix(BYTE_ORDER_MARK).strip() == ",".join(GRANT_COLUMNS).encode()


def read_grants(stream: BinaryIO) -> Iterator[Row]:
    """Yield one row for each row under the header, with the number of its first line in the file."""
    reader = csv.reader(_texts(stream), strict=True)
    next(reader, None)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield refused(line, "", Reason.ROW_UNREADABLE)
            continue
        if cells:
            yield _row(line, cells)


def _texts(stream: BinaryIO) -> Iterator[str]:
    for _, line in numbered_lines(stream):
        yield UNREADABLE if line is None else line.decode(errors="replace")


def _row(line: int, cells: list[str]) -> Row:
    if len(cells) != len(GRANT_COLUMNS):
        return refused(line, "", Reason.COLUMNS_MISMATCH)
    if any(UNREADABLE in cell for cell in cells):
        return refused(line, "", Reason.NOT_UTF8)
    grant = {name: cell.strip() for name, cell in zip(GRANT_COLUMNS, cells, strict=True)}
    refusal = next(_refusals(grant), None)
    return Row(line, refusal=refusal) if refusal else Row(line, event=_event(grant))


def _refusals(grant: dict[str, str]) -> Iterator[Refusal]:
    """Yield what is wrong with a grant, in the order of its columns; what stands in a cell is never quoted."""
    if not _EXERCISE.fullmatch(grant["annee"]):
        yield Refusal("annee", Reason.EXERCISE_INVALID)
    if not (grant["dispositif"] and grant["id_poste"] and _REFERENCE.fullmatch(_reference(grant))):
        yield Refusal("id_poste" if grant["dispositif"] else "dispositif", Reason.REFERENCE_INVALID)
    if reason := _siret_fault(grant["code_tiers"]):
        yield Refusal("code_tiers", reason)
    if not _AMOUNT.fullmatch(grant["montant"]) or Decimal(grant["montant"]) == 0:
        yield Refusal("montant", Reason.AMOUNT_INVALID)
    if not grant["code_cv"]:
        yield Refusal("code_cv", Reason.CONTRACT_MISSING)
    elif not _CONTRACT.fullmatch(grant["code_cv"]):
        yield Refusal("code_cv", Reason.CONTRACT_INVALID)


def _siret_fault(code: str) -> Reason | None:
    if not code:
        return Reason.BENEFICIARY_MISSING
    if not re.fullmatch(r"[0-9]{14}", code):
        return Reason.BENEFICIARY_NOT_A_SIRET
    return None if siret.is_valid(code) else Reason.SIRET_KEY_INVALID


def _reference(grant: dict[str, str]) -> str:
    return f"{grant['dispositif']}:{grant['annee']}:{grant['id_poste']}"


def _event(grant: dict[str, str]) -> Event:
    reference, exercise = _reference(grant), int(grant["annee"])
    cents = int(Decimal(grant["montant"]) * 100)
    declared_at = f"{exercise}-01-01T00:00:00Z"
    return {
        "specversion": "1.0", "id": reference, "source": SOURCE, "type": "CommitmentDeclared", "time": declared_at,
        "datacontenttype": "application/json",
        "data": {
            "occurred_on": f"{exercise}-01-01", "declared_at": declared_at, "reference": reference,
            "contract": grant["code_cv"], "exercise": exercise, "beneficiary_siret": grant["code_tiers"],
            "cost_cents": cents, "cdc_cents": 0, "state_cents": cents,
        },
    }  # fmt: skip
