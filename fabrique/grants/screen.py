"""How the comparison is shown on a screen: each exercise by contract and by key, then what could not be used."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from fabrique.ledger.screen import money
from services.reporting.domain.grants import Unusable
from services.reporting.pages.grants import GrantsView, KeyLine


def signed(cents: int) -> str:
    """A difference in euros with its sign: `+1 234.00`."""
    return f"{'+' if cents > 0 else ''}{money(cents)}"


def percent(share: float | None) -> str:
    """A share with one decimal."""
    return "–" if share is None else f"{100 * share:.1f} %"


def contracts_table(view: GrantsView) -> Table:
    """What each contract was given, and under each key its share and the difference."""
    table = Table(title=f"Exercise {view.exercise}, in euros", title_justify="left", box=None, show_footer=True)
    table.add_column("contract", footer="total")
    table.add_column("grants", footer=str(view.given_count), justify="right")
    table.add_column("granted", footer=money(view.given_cents), justify="right")
    for key in view.keys:
        table.add_column(key.key, footer=money(key.share_cents), justify="right")
        table.add_column("difference", footer=money(0), justify="right")
    for line in view.lines:
        cells = [
            f"{line.code} {line.name.short}",
            str(line.given_count),
            money(line.given_cents),
        ]
        for key in view.keys:
            placed = line.by_key[key.key]
            cells += [money(placed.share_cents), signed(placed.difference_cents)]
        table.add_row(*cells)
    return table


def keys_table(keys: Sequence[KeyLine]) -> Table:
    """How far each key is from what was given, and what the chain would have answered."""
    table = Table(box=None)
    table.add_column("key")
    for name in ("money moved", "of the whole", "largest difference", "served", "waiting", "refused"):
        table.add_column(name, justify="right")
    for line in keys:
        said = line.answers
        table.add_row(
            line.key, money(line.moved_cents), percent(line.moved),
            f"{line.furthest.contract} {signed(line.furthest.difference_cents)}",
            f"{said.reserved_count} ({money(said.reserved_cents)})",
            f"{said.waitlisted_count} ({money(said.waitlisted_cents)})",
            f"{said.refused_count} ({money(said.refused_cents)})",
        )  # fmt: skip
    return table


def unusable_table(unusable: Iterable[Unusable]) -> Table:
    """What could not be used, and why."""
    table = Table(title="What could not be used", title_justify="left", box=None)
    for name in ("exercise", "scheme", "reason"):
        table.add_column(name)
    for name in ("rows", "euros"):
        table.add_column(name, justify="right")
    for each in unusable:
        reason = f"{each.field}: {each.reason}"
        table.add_row(str(each.exercise), each.scheme, reason, str(each.count), money(each.cents))
    return table
