"""How a what-if looks on a terminal and in a file: the side by side, most changed first."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.table import Table

from fabrique.ledger.screen import money

Json = dict[str, Any]
COLUMNS = ("authorised", "reserved", "engaged", "waitlisted")
CSV_COLUMNS = (*COLUMNS, "lapsed", "paid")
SHOWN_MAX = 20
"""Commitments that are named on the screen; --format json has all."""


def summary(answer: Json) -> Iterator[str]:
    """What was replayed, and how many fare better or worse."""
    replayed = answer["replayed"]
    speed = round(answer["steps"] / max(answer["replay_seconds"], 0.001))
    half = answer["steps"] // 2
    yield (
        f"{half} steps, twice, in {answer['replay_seconds']:.2f} s ({speed} a second);"
        " without change they end where the ledger stands, to the cent"
    )
    gained = sum(each["gained_cents"] for each in replayed["commitments"])
    yield (
        f"[good]{replayed['better']} better off[/], [bad]{replayed['worse']} worse off[/],"
        f" {replayed['otherwise']} otherwise; in all {_signed(gained)}"
    )


def envelope_table(title: str, found: Json) -> Table:
    """Envelopes and totals that change: before → after, and the difference below it."""
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("envelope")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for name, pairs in (("envelope_id", found["envelopes"]), ("of", found["totals"])):
        for pair in pairs:
            if any(pair["difference"].values()):
                label = pair[name] if name == "envelope_id" else f"[bold]{pair[name]}[/]"
                table.add_row(label, *(_both(pair, column) for column in COLUMNS))
    return table


def _both(pair: Json, column: str) -> str:
    before, after, difference = (pair[side][f"{column}_cents"] for side in ("before", "after", "difference"))
    return f"{money(before)} → {money(after)} ({_signed(difference)})" if difference else money(before)


def _signed(cents: int) -> str:
    return f"+{money(cents)}" if cents > 0 else money(cents)


def change_table(changes: list[Json]) -> Table:
    """The commitments whose fate changes most."""
    table = Table(box=None)
    for name, side in (("commitment", "left"), ("of", "left"), ("from", "left"), ("to", "left"), ("gains", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    for each in changes[:SHOWN_MAX]:
        sides = (f"{each[side]['state']} {money(_asked(each[side]))}" for side in ("before", "after"))
        table.add_row(each["commitment_id"], f"{each['contract']} {each['exercise']}", *sides,
                      _signed(each["gained_cents"]))  # fmt: skip
    if len(changes) > SHOWN_MAX:
        table.add_row(f"[quiet]… and {len(changes) - SHOWN_MAX} more[/]")
    return table


def _asked(fate: Json) -> int:
    asked: int = fate["asked_cdc_cents"] + fate["asked_state_cents"]
    return asked


def order_line(order: Json) -> str:
    """One command that would be given, and what it would meet."""
    payment = f", to pay {money(order['payment_cents'])}" if order["payment_cents"] else ""
    to = f" to {order['to']}" if order["to"] else ""
    fate = []
    if order["refusal"]:
        fate.append(f"[bad]would be refused: {order['refusal']}[/]")
    if order["displaced"]:
        fate.append(f"sends back {order['displaced']}")
    if order["given_before"]:
        fate.append(f"[wait]is {order['given_before']} already[/]")
    elif order["needs_approval"]:
        fate.append("[wait]another manager must approve it[/]")
    return "  ".join(
        [f"[bold]{order['kind']}[/] {order['envelope']}{to}  {money(order['amount_cents'])}{payment}", *fate]
    )


def outturn_line(order: Json) -> str:
    """What became of a command."""
    why = f": {order['refusal']}" if order["refusal"] else ""
    return f"{order['command_id']}  {order['kind']} {order['envelope']}  [bold]{order['state']}[/]{why}"


def rows(found: Json) -> Iterator[Iterable[object]]:
    """The side by side of all envelopes for a spreadsheet, in cents."""
    sides = ("before", "after", "difference")
    yield ["envelope", *(f"{column}_{side}_cents" for column in CSV_COLUMNS for side in sides)]
    for pair in found["envelopes"]:
        yield [pair["envelope_id"], *(pair[side][f"{column}_cents"] for column in CSV_COLUMNS for side in sides)]
