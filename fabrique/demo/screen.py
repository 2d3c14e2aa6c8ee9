"""Draws what the demonstration sees: counts, envelopes by contract, survival, lag, all on one screen."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fabrique.demo.observation import Observation
from fabrique.demo.programme import programme_text
from fabrique.demo.roads import Tally
from fabrique.demo.simulation.figures import EXERCISE

FUNDERS = ("CDC", "STATE")
NAME_LENGTH = 24
Budget = dict[str, Any]


def contract_names() -> dict[str, str]:
    """Each contract's name, by its code."""
    return {contract["code"]: contract["name"] for contract in tomllib.loads(programme_text())["contract"]}


def screen(seen: Observation, tally: Tally, names: dict[str, str]) -> Group:
    """Everything, in the order in which one asks for it."""
    budgets = seen.budget.get("figures", [])
    return Group(
        counts(seen, tally), contracts(budgets, names), grants(budgets), Text(survival(seen)), Text(state(seen))
    )


def counts(seen: Observation, tally: Tally) -> RenderableType:
    """What was told, and what became of it at the door."""
    refused = tally.refused + seen.quarantined
    reasons = ", ".join(f"{reason} {number}" for reason, number in sorted(refused.items()))
    return Text.assemble(
        f"told {number(tally.told.total())} · accepted ",
        (number(seen.accepted), "green"),
        f" · told again {number(tally.duplicates)} · refused ",
        (number(refused.total()), "red"),
        f" ({reasons})" if reasons else "",
    )


def contracts(budgets: Iterable[Budget], names: dict[str, str]) -> Table:
    """The envelopes of the simulated exercise, a contract a line, both funders side by side."""
    table = Table(title=f"Exercise {EXERCISE}, simulated commitments (whole euros)", title_justify="left", box=None)
    table.add_column("contract", no_wrap=True)
    for funder in FUNDERS:
        table.add_column(f"{funder} authorised", justify="right")
        table.add_column("reserved", justify="right", style="green")
        table.add_column("waiting", justify="right", style="yellow")
        table.add_column("refused", justify="right", style="red")
    by_contract: defaultdict[str, dict[str, Budget]] = defaultdict(dict)
    for budget in budgets:
        if budget["exercise"] == EXERCISE:
            by_contract[budget["contract"]][budget["funder"]] = budget
    for code, funders in sorted(by_contract.items()):
        cells = [cell for funder in FUNDERS for cell in _cells(funders.get(funder))]
        table.add_row(f"{code} {names.get(code, '')[:NAME_LENGTH]}", *cells)
    return table


def grants(budgets: Iterable[Budget]) -> Table:
    """The envelopes of the real grants, an exercise a line: the State's alone."""
    table = Table(title="State, real grants 2020–2023, shared by population (whole euros)", title_justify="left", box=None)
    for column in ("exercise", "authorised", "reserved", "waiting", "refused"):
        table.add_column(column, justify="right")
    by_exercise: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for budget in budgets:
        if budget["exercise"] != EXERCISE:
            by_exercise[budget["exercise"]].update({name: value for name, value in budget.items() if _is_sum(name)})
    for exercise, sums in sorted(by_exercise.items()):
        table.add_row(str(exercise), *_cells(sums))
    return table


def survival(seen: Observation) -> str:
    """The headline: how many businesses still live, at each horizon, and what the envelopes are worth."""
    figures = seen.survival.get("figures") or []
    overall = next((figure for figure in figures if figure["stratum"] == "all"), None)
    if overall is None or overall["hidden"]:
        return "survival: not enough businesses yet"
    shown = [h for h in overall["horizons"] if not h["hidden"] and h["survival"] is not None]
    at = " · ".join(
        f"{h['months']} months {100 * h['survival']:.1f} % [{100 * h['lower']:.1f}–{100 * h['upper']:.1f}]" for h in shown
    )
    return f"survival of {number(overall['size'])} businesses, as of {overall['as_of']}: {at}"


def state(seen: Observation) -> str:
    """How far behind the services are, and what waits for a person."""
    silent = f" · silent: {', '.join(seen.silent)}" if seen.silent else ""
    behind = "; ".join(f"{name} {number(_records(lag))}" for name, lag in seen.lags.items())
    return (
        f"lag {number(seen.lag_records)} records, {seen.lag_seconds:.1f} s ({behind}) · to publish {number(seen.unpublished)}"
        f" · quarantine {number(seen.quarantined.total())} open{silent}"
    )


def number(value: int) -> str:
    """Write a number as the French do: 42 399."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _records(lag: dict[str, Any]) -> int:
    return sum(int(row["records"]) for row in lag["partitions"])


def _is_sum(name: str) -> bool:
    return name.endswith(("_cents", "_count"))


def _cells(budget: Budget | Counter[str] | None) -> tuple[str, str, str, str]:
    if budget is None:
        return ("", "", "", "")
    waiting = f"{_euros(budget['waitlisted_cents'])} ({budget['waiting_count']})" if budget["waiting_count"] else "–"
    return (
        _euros(budget["authorised_cents"]),
        f"{_euros(budget['reserved_cents'])} ({budget['reserved_count']})",
        waiting,
        str(budget["refused_count"] or "–"),
    )


def _euros(cents: int) -> str:
    return number(round(cents / 100))
