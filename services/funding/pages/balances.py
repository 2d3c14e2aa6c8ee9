"""The tables of envelopes: one row each, or added up by funder and exercise."""

from collections.abc import Sequence

from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import sum_of
from services.funding.pages.table import Column, Table

AMOUNTS = (
    ("authorised", "euros"), ("reserved", "euros"), ("engaged", "euros"), ("paid", "euros"), ("frozen", "euros"),
    ("lapsed", "euros"), ("room", "euros"), ("waitlisted", "euros"),
)  # fmt: skip
CREDITS = (Column("payment_credits", "euros"), Column("payments_frozen", "euros"), Column("payable", "limit"))


def envelopes_table(envelopes: Sequence[Envelope], *, file: str, with_year: bool = True) -> Table:
    """One row for each envelope."""
    year = [Column("exercise", "number")] if with_year else []
    columns = [Column("contract", "contract"), Column("funder", "funder"), *year, *_amounts(), *CREDITS,
               Column("status", "word")]  # fmt: skip
    rows = [
        (e.contract, e.funder.value, *([e.exercise] if with_year else []), *_of(e), e.payment_credits,
         None if e.payment_credits is None else e.payments_frozen, e.payable, "closed" if e.closed else "open")
        for e in envelopes
    ]  # fmt: skip
    return Table(file, columns, rows)


def sums_table(envelopes: Sequence[Envelope], *, file: str) -> Table:
    """One row for each funder and exercise, the latest exercise first."""
    columns = [
        Column("funder", "funder"),
        Column("exercise", "number"),
        *_amounts(),
        *(Column(c.name, "euros") for c in CREDITS),
    ]
    rows = []
    for exercise, funder in sorted({(-e.exercise, e.funder) for e in envelopes}):
        mine = [e for e in envelopes if (-e.exercise, e.funder) == (exercise, funder)]
        sums = sum_of(mine)
        has_credits = any(e.payment_credits is not None for e in mine)
        credits_ = (sums.payment_credits, sums.payments_frozen, sums.payable) if has_credits else (None, None, None)
        rows.append((funder.value, -exercise, *(getattr(sums, name) for name, _ in AMOUNTS), *credits_))
    return Table(file, columns, rows)


def _amounts() -> list[Column]:
    return [Column(name, kind) for name, kind in AMOUNTS]


def _of(envelope: Envelope) -> list[int]:
    return [getattr(envelope, name) for name, _ in AMOUNTS]
