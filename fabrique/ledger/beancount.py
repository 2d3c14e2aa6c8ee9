"""The ledger in beancount's language: accounts, a transaction for each fact that moves money, what must stand."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from fabrique.ledger.chart import NAMES, account_name
from services.funding.domain.envelope import Envelope
from services.funding.domain.journal import Record, balances_of, euros

if TYPE_CHECKING:
    from services.funding.store.journal import Journal

HEAD = """; Double-entry journal of Fabrique, in euros. Check it with: bean-check FILE
option "title" "Fabrique: envelopes of the co-funders"
option "operating_currency" "EUR"
"""
CURRENCY = "EUR"


async def beancount(journal: "Journal") -> AsyncIterator[str]:
    """The books in order: accounts opened, transactions as they were published, then what each balance must be.

    The balances are those that the envelopes hold, to the cent: beancount's own checker then proves them from the
    transactions. They are asserted as of the morning after the last fact.
    """
    yield HEAD
    span = await journal.span()
    if span.first is None or span.last is None:
        return
    envelopes = [envelope async for envelope in journal.envelopes()]
    yield "\n"
    for envelope in envelopes:
        for account in NAMES:
            yield f"{span.first:%Y-%m-%d} open {account_name(envelope.envelope_id, account)} {CURRENCY}\n"
    async for record in journal.records():
        if record.lines:
            yield "\n" + "\n".join(_transaction(record)) + "\n"
    yield "\n"
    for envelope in envelopes:
        for line in _assertions(envelope, f"{span.last + timedelta(days=1):%Y-%m-%d}"):
            yield line + "\n"


def _transaction(record: Record) -> Iterator[str]:
    """Lines of a transaction; a posting whose fact is lost cannot be dated, so it is written as a comment."""
    fact, (partition, sequence) = record.fact, record.place
    if fact is None:
        yield f"; the fact {partition}/{sequence} is lost: run `fabrique ledger check`"
        return
    commitment_id = record.lines[0].commitment_id
    subject = f" of commitment {commitment_id}" if commitment_id else ""
    yield f'{fact.known_at:%Y-%m-%d} * "{fact.type}{subject}"'
    yield f'  event: "{fact.event_id}"'
    if fact.cause is not None:
        yield f'  cause: "{fact.cause}"'
    yield f'  place: "{partition}/{sequence}"'
    yield f'  known_at: "{fact.known_at.isoformat()}"'
    for line in record.lines:
        amount = euros(line.amount_cents)
        yield f"  {account_name(line.envelope_id, line.debit)}  {amount} {CURRENCY}"
        yield f"  {account_name(line.envelope_id, line.credit)}  -{amount} {CURRENCY}"


def _assertions(envelope: Envelope, day: str) -> Iterator[str]:
    balances = balances_of(envelope)
    for account in NAMES:
        name = account_name(envelope.envelope_id, account)
        yield f"{day} balance {name}  {euros(balances[account])} ~ 0.00 {CURRENCY}"
