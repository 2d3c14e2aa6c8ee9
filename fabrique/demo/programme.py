"""The text of the programme file: what is committed, and the State's credits that the real grants add to it."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable

from fabrique.demo.files import PROGRAMME, demo_file
from fabrique.imports import Row

_CREDIT = """
# State, {exercise}: what the rows of the real grants that can be used add up to ({count} grants).
[[credit]]
funder = "STATE"
exercise = {exercise}
amount = "{euros}"
split = "population"
payment_credits = "same"
"""

_TO_PAY = """
# State, {exercise}, of the simulation: nothing new to engage, and credits (CP) to pay what 2016 engaged.
[[credit]]
funder = "STATE"
exercise = {exercise}
amount = "0.00"
split = "population"
payment_credits = "1500000.00"
"""
PAID_LATER = (2017, 2018)
"""Exercises in which the simulated commitments of 2016 are still paid for."""


def programme_text() -> str:
    """Return the committed programme file (TOML): 11 contracts and the credits of 2016."""
    return demo_file(PROGRAMME).read_text(encoding="utf-8")


def contract_names() -> dict[str, str]:
    """Return each contract's name, by its code."""
    return {contract["code"]: contract["name"] for contract in tomllib.loads(programme_text())["contract"]}


def later_credit_tables() -> str:
    """Render the State's credits to pay in the years after the simulated 2016."""
    return "".join(_TO_PAY.format(exercise=exercise) for exercise in PAID_LATER)


def state_credit_tables(rows: Iterable[Row]) -> str:
    """Render one `[[credit]]` table of the State per exercise of the usable rows, to append to the programme's text.

    The amount is the total really granted, split by population: the same money by another key, so that the
    demonstration shows what would have been reserved, waited for or refused beside what was really given.
    """
    cents: defaultdict[int, int] = defaultdict(int)
    counts: defaultdict[int, int] = defaultdict(int)
    for row in rows:
        if row.event:
            exercise = row.event["data"]["exercise"]
            cents[exercise] += row.event["data"]["state_cents"]
            counts[exercise] += 1
    return "".join(
        _CREDIT.format(exercise=exercise, count=counts[exercise], euros=euros_text(cents[exercise]))
        for exercise in sorted(cents)
    )


def euros_text(cents: int) -> str:
    """Write an amount of cents (0 or more) as euros with two decimals: 123456 is "1234.56"."""
    return f"{cents // 100}.{cents % 100:02d}"
