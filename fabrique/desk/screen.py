"""How envelopes, commands and what they would do look on a terminal."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from fabrique.ledger.screen import money

Json = dict[str, Any]
COLUMNS = ("authorised", "frozen", "reserved", "engaged", "room", "waitlisted", "payment_credits", "paid")
MOVED = (*COLUMNS, "payments_frozen", "payable")
SHOWN_MAX = 20
"""Commitments that are named on the screen; the answer by HTTP has more."""


def room(row: Json) -> int:
    """What may still be reserved of an envelope, as its row says it."""
    taken = sum(row[f"{name}_cents"] for name in ("frozen", "reserved", "engaged", "lapsed"))
    left: int = row["authorised_cents"] - taken
    return left


def _amount(cents: int | None) -> str:
    return "" if cents is None else money(cents)


def envelope_table(rows: Iterable[Json]) -> Table:
    """Envelopes and their balances, in euros."""
    table = Table(box=None)
    table.add_column("envelope")
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("waiting", justify="right")
    table.add_column("version", justify="right")
    for row in rows:
        balances = {**row, "room_cents": room(row)}
        cells = (_amount(balances[f"{name}_cents"]) for name in COLUMNS)
        closed = " [quiet]closed[/]" if row["closed"] else ""
        table.add_row(f"{row['envelope_id']}{closed}", *cells, str(row["waiting_count"]), str(row["version"]))
    return table


def effect_lines(answer: Json) -> Iterator[str]:
    """What a command did, or would do: each fact, then each envelope before and after."""
    outcome = answer["outcome"] or {}
    facts = outcome.get("facts", [])
    decisions = [fact for fact in facts if "commitment_id" in fact]
    for fact in facts:
        if "envelope_id" in fact:
            yield f"[bold]{fact['type']}[/] {fact['envelope_id']}  {_both(fact['amount_cents'], fact['payment_cents'])}"
        elif decisions.index(fact) < SHOWN_MAX:
            amounts = f"CDC {money(fact['cdc_cents'])}, STATE {money(fact['state_cents'])}"
            yield f"[bold]{fact['type']}[/] {fact['commitment_id']}  {amounts}"
    if len(decisions) > SHOWN_MAX:
        yield f"[quiet]… and {len(decisions) - SHOWN_MAX} more[/]"
    for envelope in outcome.get("envelopes", []):
        before, after = envelope["before"], envelope["after"]
        for name in MOVED:
            was, then = before[f"{name}_cents"], after[f"{name}_cents"]
            if was != then:
                yield f"    {envelope['envelope_id']}  {name.replace('_', ' ')}: {money(was)} → {money(then)}"


def in_the_way_lines(problem: Json) -> Iterator[str]:
    """Who keeps a command from being done, last in first."""
    named = problem.get("in_the_way", [])
    for each in named[:SHOWN_MAX]:
        amounts = f"CDC {money(each['cdc_cents'])}, STATE {money(each['state_cents'])}"
        fate = "would be sent back with --displace" if each["sent_back"] else "could stay"
        yield f"    {each['commitment_id']}  {each['state']}  {amounts}  [quiet]{fate}[/]"
    if problem.get("in_the_way_count", 0) > SHOWN_MAX:
        yield f"    [quiet]… {problem['in_the_way_count']} in all[/]"


def command_line(command: Json) -> str:
    """One command in a line: what, of which envelope, who, and what became of it."""
    content = command["content"]
    to = f" to {command['to']}" if command["to"] else ""
    amounts = ""
    if command["envelope"]:
        amounts = f"  {_both(content['amount_cents'], content['payment_cents'])}" if command["kind"] != "close" else ""
    about = command["envelope"] or ", ".join(content)
    if command["kind"] == "score":
        given = "none" if content["score"] is None else content["score"]
        about = f"{content['commitment_id']}: {given}"
    second = f", approved by {command['approved_by']}" if command["approved_by"] else ""
    second = f", rejected by {command['rejected_by']}" if command["rejected_by"] else second
    return (
        f"{command['command_id']}  {command['proposed_at'][:16].replace('T', ' ')}  [bold]{command['state']}[/]"
        f"  {command['kind']} {about}{to}{amounts}"
        f"  {escape(command['reason'])}  by {command['proposed_by']}{second}"
    )


def _both(amount: int, payment: int) -> str:
    paid = f", to pay {money(payment)}" if payment else ""
    return f"{money(amount)}{paid}"
