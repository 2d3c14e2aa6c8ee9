"""The journal as an accountant reads it: what each allocation fact posted, and what the accounts add up to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.funding.domain.envelope import Account, Envelope

Place = tuple[int, int]
"""Partition and sequence of an allocation fact: the order of the journal."""


class Line(NamedTuple):
    """One posting as it is kept; accounts are plain words here, since what is examined may hold any."""

    partition: int
    sequence: int
    line: int
    envelope_id: str
    commitment_id: UUID | None
    credit: str
    debit: str
    amount_cents: int

    @property
    def place(self) -> Place:
        """Of the fact that made it."""
        return self.partition, self.sequence


class Fact(NamedTuple):
    """One published allocation fact; `value` is what subscribers were told, in its own bytes."""

    partition: int
    sequence: int
    event_id: UUID
    type: str
    cause: UUID | None
    known_at: datetime
    value: bytes

    @property
    def place(self) -> Place:
        """Where it stands in the journal."""
        return self.partition, self.sequence


@dataclass(frozen=True, slots=True)
class Record:
    """A fact with all that it posted. Lines without a fact have lost it; a fact without lines moves nothing."""

    fact: Fact | None
    lines: tuple[Line, ...] = ()

    @property
    def place(self) -> Place:
        """Where it stands in the journal."""
        return self.fact.place if self.fact else self.lines[0].place


class Payment(NamedTuple):
    """What the credits of one exercise paid of one funder's engagement, net of returns, in cents."""

    commitment_id: UUID
    funder: str
    exercise: int
    paid_cents: int

    @property
    def key(self) -> tuple[UUID, str, int]:
        """Whose it is, and out of which credits."""
        return self.commitment_id, self.funder, self.exercise


class Sum(NamedTuple):
    """All that reached (debits) and left (credits) one account of an envelope, in cents."""

    envelope_id: str
    account: str
    debits: int
    credits: int


class Balance(NamedTuple):
    """One row of a trial balance, in cents; `of` is an envelope or a funder."""

    of: str
    account: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """What stands on the account: a debit is positive."""
        return self.debits - self.credits


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The balance of accounts; its books are kept in double entry when debits and credits agree."""

    rows: tuple[Balance, ...]

    @property
    def debits(self) -> int:
        """All debits."""
        return sum(row.debits for row in self.rows)

    @property
    def credits(self) -> int:
        """All credits."""
        return sum(row.credits for row in self.rows)


class Entry(NamedTuple):
    """One posting seen from one account, with what stood on the account after it."""

    line: Line
    fact: Fact | None
    account: str
    debit: int
    credit: int
    balance: int


def trial_balance(sums: Iterable[Sum], *, of: Callable[[str], str] = str) -> TrialBalance:
    """Add sums up by account of an envelope, or of whatever `of` makes of an envelope's name."""
    debits: dict[tuple[str, str], int] = {}
    credits_: dict[tuple[str, str], int] = {}
    for each in sums:
        key = (of(each.envelope_id), each.account)
        debits[key] = debits.get(key, 0) + each.debits
        credits_[key] = credits_.get(key, 0) + each.credits
    order = sorted(debits, key=lambda key: (key[0], _rank(key[1]), key[1]))
    return TrialBalance(tuple(Balance(*key, debits[key], credits_[key]) for key in order))


def funder_of(envelope_id: str) -> str:
    """The funder that an envelope's name says; the whole name when it is none."""
    parts = envelope_id.split(".")
    return parts[1] if len(parts) == 3 else envelope_id


def statement(records: Iterable[Record], account: str | None = None) -> Iterator[Entry]:
    """Tell one envelope's entries in order, each seen from its credit account, then from its debit account.

    `records` hold this envelope's lines only; with `account`, only that account's entries are told.
    """
    balances: dict[str, int] = {}
    for record in records:
        for line in record.lines:
            for name, debit, credit in ((line.credit, 0, line.amount_cents), (line.debit, line.amount_cents, 0)):
                if account in (None, name):
                    balances[name] = balances.get(name, 0) + debit - credit
                    yield Entry(line, record.fact, name, debit, credit, balances[name])


def balances_of(envelope: Envelope) -> dict[str, int]:
    """What an envelope's row says of each account."""
    return {
        Account.VOTED: -envelope.authorised,
        Account.AVAILABLE: envelope.room,
        Account.FROZEN: envelope.frozen,
        Account.RESERVED: envelope.reserved,
        Account.ENGAGED: envelope.engaged,
        Account.LAPSED: envelope.lapsed,
        Account.DEMAND: -envelope.waitlisted,
        Account.WAITLISTED: envelope.waitlisted,
        Account.PAYMENT_VOTED: -(envelope.payment_credits or 0),
        Account.PAYMENT_AVAILABLE: envelope.payable or 0,
        Account.PAYMENT_FROZEN: envelope.payments_frozen,
        Account.PAID: envelope.paid,
        Account.TREASURY: -envelope.paid if envelope.payment_credits is None else 0,
    }


def euros(cents: int) -> str:
    """Write cents as euros with two decimals, by whole numbers alone."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def _rank(account: str) -> int:
    known = [*Account]
    return known.index(Account(account)) if account in known else len(known)
