"""The 11 contracts of the department as the simulation needs them: where people live, and in which districts."""

import csv
from dataclasses import dataclass
from functools import cache

from fabrique.demo.files import CONTRACTS, DISTRICTS, demo_file


@dataclass(frozen=True, slots=True)
class Territory:
    """One contract: its code, the inhabitants of its QPV (persons), and the codes of those QPV (list of 2024)."""

    contract: str
    qpv_population: int
    districts: tuple[str, ...]


@cache
def territories() -> tuple[Territory, ...]:
    """Read the contracts, in the order of their file; a district that lies in two contracts is given to both.

    The codes of the list of 2015, which was in force, are unknown: those of 2024 stand in for them.
    """
    districts = [
        (row["code_qpv_2024"], row["contrat_2015_par_commune"].split("|"))
        for row in csv.DictReader(demo_file(DISTRICTS).read_text(encoding="utf-8").splitlines())
    ]
    return tuple(
        Territory(
            contract=row["contract"],
            qpv_population=int(row["qpv_population"]),
            districts=tuple(code for code, contracts in districts if row["contract"] in contracts),
        )
        for row in csv.DictReader(demo_file(CONTRACTS).read_text(encoding="utf-8").splitlines())
    )
