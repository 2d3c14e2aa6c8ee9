"""What contracts are called on pages, wherever they are shown."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NAMES = Path(__file__).parent / "data" / "contracts.csv"


@dataclass(frozen=True, slots=True)
class ContractName:
    """What a contract is called: in a table, and in full."""

    short: str
    full: str


@cache
def _names() -> Mapping[str, ContractName]:
    with NAMES.open(encoding="utf-8", newline="") as file:
        return {row["contract"]: ContractName(row["short_name"], row["epci_name"]) for row in csv.DictReader(file)}


def contract_name(code: str) -> ContractName:
    """Name a contract; one that is not in the list is called by its code."""
    return _names().get(code, ContractName(code, code))
