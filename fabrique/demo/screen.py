"""Draws what the demonstration sees: counts, envelopes by contract, survival, lag, all on one screen."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fabrique.demo.observation import Observation
from fabrique.demo.roads import Tally
from fabrique.demo.simulation.figures import EXERCISE

FUNDERS = ("CDC", "STATE")
NAME_LENGTH = 24
WIDE = 110
"""Columns from which names and counts are shown beside codes and amounts."""
ACTS = {"engaged": "green", "lapsed": "yellow", "paid": "green", "payment credits": "", "still payable": ""}
ACTED = ("engaged_cents", "engaged_count", "lapsed_cents", "paid_cents", "payment_credits_cents", "payable_cents")
Budget = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Screen:
    """How wide it is, how the contracts are named, and the last line: where to look further."""

    width: int
    names: dict[str, str]
    where: str

    def draw(self, seen: Observation, tally: Tally) -> Group:
        """Everything, in the order in which one asks for it."""
        budgets = seen.budget.get("figures", [])
        lines = (survival(seen), state(seen), self.where)
        tables = (self._contracts(budgets), self._grants(budgets), self._acts(budgets))
        return Group(counts(seen, tally), *tables, *map(Text, lines))

    def _contracts(self, budgets: Iterable[Budget]) -> Table:
        """The envelopes of the simulated exercise, a contract a line, both funders side by side."""
        table = _table(f"Exercise {EXERCISE}, simulated commitments, in euros", "contract")
        for funder in FUNDERS:
            _add_columns(table, f"{funder} voted" if self.width >= WIDE else funder)
        by_contract: defaultdict[str, dict[str, Budget]] = defaultdict(dict)
        for budget in budgets:
            if budget["exercise"] == EXERCISE:
                by_contract[budget["contract"]][budget["funder"]] = budget
        for code, funders in sorted(by_contract.items()):
            cells = [cell for funder in FUNDERS for cell in self._cells(funders.get(funder))]
            name = self.names.get(code, "")[:NAME_LENGTH] if self.width >= WIDE else ""
            table.add_row(f"{code} {name}".strip(), *cells)
        return table

    def _grants(self, budgets: Iterable[Budget]) -> Table:
        """The envelopes of the real grants, an exercise a line: the State's alone, where it voted something."""
        table = _table("Real grants of the State, in euros", "exercise")
        _add_columns(table, "STATE voted")
        by_exercise: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for budget in budgets:
            if budget["exercise"] != EXERCISE:
                sums = {name: value for name, value in budget.items() if name.endswith(("_cents", "_count"))}
                by_exercise[budget["exercise"]].update(sums)
        for exercise, total in sorted(by_exercise.items()):
            if total["authorised_cents"]:
                table.add_row(str(exercise), *self._cells(total))
        return table

    def _acts(self, budgets: Iterable[Budget]) -> Table:
        """What was engaged, given up too late and paid, and what may still be paid: an exercise and funder a line."""
        table = _table("Legal acts and payments, in euros", "exercise")
        for column, style in ACTS.items():
            table.add_column(column, justify="right", style=style, no_wrap=True)
        sums: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        for budget in budgets:
            cents = {name: budget.get(name) or 0 for name in ACTED}
            sums[budget["exercise"], budget["funder"]].update(cents)
        for (exercise, funder), total in sorted(sums.items()):
            if total["engaged_cents"] or total["lapsed_cents"] or total["paid_cents"]:
                engaged = self._amount(total["engaged_cents"], total["engaged_count"])
                left = (_amounts(total, "payment_credits_cents", "payable_cents")
                        if total["payment_credits_cents"] else ("–", "–"))  # fmt: skip
                table.add_row(f"{exercise} {funder}", engaged, *_amounts(total, "lapsed_cents", "paid_cents"), *left)
        return table

    def _cells(self, budget: Budget | Counter[str] | None) -> tuple[str, ...]:
        if budget is None:
            return ("",) * 4
        refused = budget["refused_count"]
        return (
            _euros(budget["authorised_cents"]),
            self._amount(budget["reserved_cents"], budget["reserved_count"]),
            self._amount(budget["waitlisted_cents"], budget["waiting_count"]),
            str(refused) if refused else "–",
        )

    def _amount(self, cents: int, count: int) -> str:
        if not count:
            return "–"
        return f"{_euros(cents)} ({count})" if self.width >= WIDE else _euros(cents)


def counts(seen: Observation, tally: Tally) -> Text:
    """What was told, and what became of it at the door."""
    refused = tally.refused + seen.quarantined
    reasons = ", ".join(f"{reason} {times}" for reason, times in sorted(refused.items()))
    return Text.assemble(
        f"told {number(tally.told.total())} · accepted ",
        (number(seen.accepted), "green"),
        f" · told twice {number(tally.duplicates)} · refused ",
        (number(refused.total()), "red"),
        f" ({reasons})" if reasons else "",
    )


def survival(seen: Observation) -> str:
    """The headline: how many businesses still live, at each horizon."""
    figures = seen.survival.get("figures") or []
    overall = next((figure for figure in figures if figure["stratum"] == "all"), None)
    if overall is None or overall["hidden"]:
        return "survival: not enough businesses yet"
    shown = [h for h in overall["horizons"] if not h["hidden"] and h["survival"] is not None]
    at = " · ".join(
        f"{h['months']} months {_percent(h['survival'])} % [{_percent(h['lower'])}–{_percent(h['upper'])}]"
        for h in shown
    )
    return f"survival of {number(overall['size'])} businesses, as of {overall['as_of']}: {at}"


def state(seen: Observation) -> str:
    """How far behind the services are, and what waits for a person."""
    behind = "; ".join(f"{name} {number(_records(lag))}" for name, lag in sorted(seen.lags.items()))
    parts = (
        f"lag {number(seen.lag_records)} records, {seen.lag_seconds:.1f} s ({behind})",
        f"to publish {number(seen.unpublished)}",
        f"quarantine {number(seen.quarantined.total())} open",
        *(f"{name} does not answer" for name in seen.silent),
    )
    return " · ".join(parts)


def number(value: int) -> str:
    """Write a number as the French do: 42 399."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _table(title: str, first: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    return table


def _add_columns(table: Table, first: str) -> None:
    table.add_column(first, justify="right", no_wrap=True)
    for column, style in (("reserved", "green"), ("waiting", "yellow"), ("refused", "red")):
        table.add_column(column, justify="right", style=style, no_wrap=True)


def _records(lag: dict[str, Any]) -> int:
    return sum(int(row["records"]) for row in lag["partitions"])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _amounts(total: Counter[str], *names: str) -> tuple[str, ...]:
    return tuple(_euros(total[name]) if total[name] else "–" for name in names)


def _euros(cents: int) -> str:
    return number(round(cents / 100))
