"""How the ledger is shown: tables and statements in euros."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from services.funding.domain.audit import Audit
from services.funding.domain.commitment import Asked, Commitment
from services.funding.domain.journal import Entry, Fact, TrialBalance, euros
from services.funding.domain.published import Step

MONEY = ("debits", "credits", "balance")


def money(cents: int) -> str:
    """Euros with thousands apart: `97 749.00`."""
    whole, _, rest = euros(abs(cents)).partition(".")
    return f"{'-' if cents < 0 else ''}{int(whole):,}".replace(",", " ") + f".{rest}"


def balance_table(balance: TrialBalance, of: str) -> Table:
    """The trial balance, with its totals below."""
    table = Table(title="Trial balance, in euros", title_justify="left", box=None, show_footer=True)
    table.add_column(of, footer="total")
    table.add_column("account")
    totals = (balance.debits, balance.credits, balance.debits - balance.credits)
    for name, total in zip(MONEY, totals, strict=True):
        table.add_column(name, justify="right", footer=money(total))
    last = ""
    for row in balance.rows:
        amounts = (money(cents) for cents in (row.debits, row.credits, row.balance))
        table.add_row(row.of if row.of != last else "", row.account, *amounts)
        last = row.of
    return table


def entry_line(entry: Entry) -> str:
    """One entry of a statement: when, from which fact, for which commitment, what moved and what then stood."""
    amount, side = (entry.debit, "debit ") if entry.debit else (entry.credit, "credit")
    subject = str(entry.line.commitment_id or "")
    return escape(
        f"{_known(entry.fact)}  {_place(*entry.line.place)} {_type(entry.fact):<20}  {subject:<36}"
        f"  {entry.account:<10}  {side} {money(amount):>16}  balance {money(entry.balance):>16}"
    )


def commitment_head(row: Commitment) -> str:
    """What a commitment asks and where it stands, as the ledger keeps it."""
    return (
        f"commitment {row.commitment_id}  {row.contract} {row.exercise}  {row.state}  CDC {money(row.asked.cdc)}"
        f"  STATE {money(row.asked.state)}  cost {money(row.cost)}  priority {row.priority}"
    )


def step_lines(step: Step) -> Iterable[str]:
    """One decision, its cause, its postings, and where it left the commitment."""
    fact, said = step.record.fact, step.said
    why = " ".join(filter(None, (said.movement, said.reason)))
    yield f"{_known(fact)}  {_place(*step.record.place)} [bold]{_type(fact)}[/] {escape(why)}".rstrip()
    if fact is not None:
        held = f"  held before: {said.movement_id}" if said.movement_id else ""
        yield f"    event {fact.event_id}  cause {fact.cause}{held}"
    for line in step.record.lines:
        yield escape(f"    {line.envelope_id}  {line.credit} to {line.debit}  {money(line.amount_cents)}")
    stand = step.stand
    if stand is None:
        yield "    never declared"
    else:
        yield f"    {stand.state}, asked: {_amounts(stand.asked)}"
        for word, amounts in (("engaged", stand.engaged), ("certified", stand.certified), ("paid", stand.paid)):
            if any(amounts):
                yield f"    {word}: {_amounts(amounts)}"


def examined(audit: Audit) -> str:
    """What was looked at, in one line."""
    return (
        f"{audit.facts} facts, {audit.postings} postings, {audit.envelopes} envelopes, {audit.commitments} commitments:"
        f" {len(audit.differences) or 'no'} difference{'s' if len(audit.differences) > 1 else ''}"
    )


def _amounts(amounts: Asked) -> str:
    return f"CDC {money(amounts.cdc)}, STATE {money(amounts.state)}"


def _known(fact: Fact | None) -> str:
    return f"{fact.known_at:%Y-%m-%d %H:%M:%S}" if fact else " " * 19


def _type(fact: Fact | None) -> str:
    return fact.type if fact else "no fact"


def _place(partition: int, sequence: int) -> str:
    return f"{f'{partition}/{sequence}':>9}"
