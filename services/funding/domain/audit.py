"""The audit of the books: recomputes postings from facts and balances from postings, and names each difference."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from services.funding.domain.commitment import Asked, Commitment, Engagement
from services.funding.domain.envelope import Account, Envelope, Posting
from services.funding.domain.journal import Fact, Payment, Record, balances_of, euros
from services.funding.domain.published import (
    FactUnreadable,
    Said,
    Stand,
    paid_by,
    postings_of,
    said_by,
    stand_after,
    waited_for,
)
from services.funding.domain.row_checks import (
    COMMITMENT_CHECKS,
    ENGAGEMENT_CHECKS,
    ENVELOPE_CHECKS,
    PAYMENT_CHECKS,
    POSTING_CHECKS,
)
from shared.kernel.funders import Funder

NOTHING = "nothing"
NEVER_NEGATIVE = frozenset(Account) - {Account.VOTED, Account.DEMAND, Account.PAYMENT_VOTED, Account.TREASURY}
Key = tuple[str, str]
Row = TypeVar("Row")


class Rule(StrEnum):
    """What is looked at."""

    FACTS = "every fact that was given out is there, and can be read"
    POSTINGS = "each posting is what its fact says"
    OVERDRAWN = "no account falls below zero"
    BALANCES = "each balance is the sum of its postings"
    COUNTS = "each count is the number of facts or commitments behind it"
    COMMITMENTS = "each commitment stands where its last decision left it"
    PAYMENTS = "what each exercise paid is what its facts say"
    SCORES = "each score is the last that was given"
    CHECKS = "each row keeps the rules of its table"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be: of what, on which account, and where it is first seen when that is known."""

    rule: Rule
    of: str
    account: str
    expected: str
    found: str
    first: str = ""

    def __str__(self) -> str:
        where = f"; first at {self.first}" if self.first else ""
        return f"{self.of} {self.account}: expected {self.expected}, found {self.found}{where}"


@dataclass(slots=True)
class Audit:
    """Takes the journal in order, then the rows that claim to sum it up; `differences` holds all that does not agree.

    Give every record, then the ends of the partitions, every envelope, the scores given, every commitment, every
    payment, and `close` last.
    """

    differences: list[Difference] = field(default_factory=list)
    facts: int = 0
    postings: int = 0
    envelopes: int = 0
    commitments: int = 0
    _posted: Counter[Key] = field(default_factory=Counter)
    _versions: Counter[str] = field(default_factory=Counter)
    _waiting: Counter[str] | None = None
    _first: dict[Key, str] = field(default_factory=dict)
    _below: set[Key] = field(default_factory=set)
    _last: dict[int, int] = field(default_factory=dict)
    _paid: Counter[tuple[UUID, str, int]] = field(default_factory=Counter)
    _stands: dict[UUID, tuple[str, int | None, Stand]] = field(default_factory=dict)
    _scores: dict[UUID, int | None] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Compare one fact with what it posted, and move the accounts as it was posted."""
        if record.fact is None:
            self._compare(record, (), None)
        else:
            self._take(record, record.fact)
        self._move(record)

    def end(self, partition: int, last_sequence: int) -> None:
        """The last sequence that was given out in a partition is the last that is there."""
        if self._last.get(partition, 0) != last_sequence:
            there = str(self._last.get(partition, 0))
            self._differ(Rule.FACTS, f"allocation {partition}", "last sequence", str(last_sequence), there)

    def envelope(self, row: Envelope) -> None:
        """An envelope's balances are its postings, its version and its waiting count what its facts make them."""
        self.envelopes += 1
        name = row.envelope_id
        for account, cents in balances_of(row).items():
            posted = self._posted.pop((name, account), 0)
            if posted != cents:
                first = self._first.get((name, account), "no posting: each is what its fact says")
                self._differ(Rule.BALANCES, name, account, euros(posted), euros(cents), first=first)
        for what, counted, said in (
            ("version", self._versions.pop(name, 0), row.version),
            ("waiting count", self._waits().pop(name, 0), row.waiting_count),
        ):
            if counted != said:
                self._differ(Rule.COUNTS, name, what, str(counted), str(said))
        self._hold(name, ENVELOPE_CHECKS, row)

    def score(self, commitment_id: UUID, score: int | None) -> None:
        """The trail of commands says which score a commitment was given last; None when it was taken away."""
        self._scores[commitment_id] = score

    def commitment(self, row: Commitment) -> None:
        """A commitment stands where its decisions left it, for the amounts that they say."""
        self.commitments += 1
        name = f"commitment {row.commitment_id}"
        contract, exercise, stand = self._stands.pop(row.commitment_id, (row.contract, row.exercise, None))
        found = stand_of(row)
        if stand != found:
            self._differ(Rule.COMMITMENTS, name, "stands", _stood(stand), _stood(found))
        if (contract, exercise) != (row.contract, row.exercise):
            asked, kept = f"{contract} {exercise}", f"{row.contract} {row.exercise}"
            self._differ(Rule.COMMITMENTS, name, "asks of", asked, kept)
        if (score := self._scores.pop(row.commitment_id, None)) != row.score:
            self._differ(Rule.SCORES, name, "score", str(score), str(row.score))
        self._hold(name, COMMITMENT_CHECKS, row)
        for funder, engagement in (row.engagements or {}).items():
            self._hold(f"{name} {funder}", ENGAGEMENT_CHECKS, engagement)

    def payment(self, row: Payment) -> None:
        """What an exercise's credits paid of an engagement is what its payments and returns say."""
        said = self._paid.pop(row.key, 0)
        if said != row.paid_cents:
            self._differ(Rule.PAYMENTS, *_payment(row.key), euros(said), euros(row.paid_cents))
        self._hold(" ".join(_payment(row.key)), PAYMENT_CHECKS, row)

    def close(self) -> list[Difference]:
        """Name what the journal knows and no row does; return all differences."""
        for (name, account), cents in sorted(self._posted.items()):
            if cents:
                first = self._first.get((name, account), "")
                self._differ(Rule.BALANCES, name, account, euros(cents), NOTHING, first=first)
        for name, version in sorted(self._versions.items()):
            self._differ(Rule.COUNTS, name, "version", str(version), NOTHING)
        for commitment_id, (_, _, stand) in sorted(self._stands.items()):
            self._differ(Rule.COMMITMENTS, f"commitment {commitment_id}", "stands", _stood(stand), NOTHING)
        for key, cents in sorted(self._paid.items()):
            if cents:
                self._differ(Rule.PAYMENTS, *_payment(key), euros(cents), NOTHING)
        return self.differences

    def _take(self, record: Record, fact: Fact) -> None:
        self.facts += 1
        self._follow(fact)
        try:
            said = said_by(fact)
            expected = postings_of(fact.type, said)
        except FactUnreadable as unreadable:
            self._differ(Rule.FACTS, _place(record), "", "a fact that can be read", str(unreadable))
            return
        self._note(fact, said, expected)
        self._compare(record, expected, said.commitment_id)

    def _follow(self, fact: Fact) -> None:
        wanted = self._last.get(fact.partition, 0) + 1
        if fact.sequence != wanted:
            self._differ(Rule.FACTS, f"allocation {fact.partition}", "sequence", str(wanted), str(fact.sequence))
        self._last[fact.partition] = fact.sequence

    def _note(self, fact: Fact, said: Said, expected: Iterable[Posting]) -> None:
        """Keep what the facts alone make of versions and commitments."""
        self._versions.update({posting.envelope_id for posting in expected} | ({said.envelope_id} - {""}))
        for payment in paid_by(fact.type, said):
            self._paid[payment.key] += payment.paid_cents
        if said.commitment_id is not None:
            _, exercise, before = self._stands.get(said.commitment_id, ("", said.exercise, None))
            stand = stand_after(fact.type, said, before)
            if stand is not None:
                self._stands[said.commitment_id] = (said.contract, exercise, stand)

    def _compare(self, record: Record, expected: Iterable[Posting], commitment_id: UUID | None) -> None:
        wanted = dict(enumerate(expected))
        for line in record.lines:
            self._hold(_place(record, line.line), POSTING_CHECKS, line)
            want = wanted.pop(line.line, None)
            found = Posting(line.envelope_id, line.credit, line.debit, line.amount_cents)  # type: ignore[arg-type]
            if want != found:
                self._posting_differs(record, line.line, want, found)
            elif line.commitment_id != commitment_id:
                where = _place(record, line.line)
                whose, named = str(commitment_id), str(line.commitment_id)
                self._differ(Rule.POSTINGS, line.envelope_id, "commitment", whose, named, first=where)
        for number, want in wanted.items():
            self._posting_differs(record, number, want, None)

    def _posting_differs(self, record: Record, number: int, want: Posting | None, found: Posting | None) -> None:
        where = _place(record, number)
        named = want or found
        for posting in filter(None, (want, found)):
            for account in (posting.credit, posting.debit):
                self._first.setdefault((posting.envelope_id, account), where)
        if named is not None:
            accounts, expected, there = f"{named.credit} to {named.debit}", _moved(want, named), _moved(found, named)
            self._differ(Rule.POSTINGS, named.envelope_id, accounts, expected, there, first=where)

    def _move(self, record: Record) -> None:
        for line in record.lines:
            self.postings += 1
            self._posted[(line.envelope_id, line.credit)] -= line.amount_cents
            self._posted[(line.envelope_id, line.debit)] += line.amount_cents
        for name in sorted({line.envelope_id for line in record.lines}):
            for account in sorted(NEVER_NEGATIVE):
                key = (name, account)
                if self._posted[key] < 0 and key not in self._below:
                    self._below.add(key)
                    cents = euros(self._posted[key])
                    self._differ(Rule.OVERDRAWN, name, account, "0.00 or more", cents, first=_place(record))

    def _waits(self) -> Counter[str]:
        """How many wait for each envelope, counted once the journal is read."""
        if self._waiting is None:
            self._waiting = Counter(
                name
                for contract, exercise, stand in self._stands.values()
                for name in waited_for(contract, exercise, stand)
            )
        return self._waiting

    def _hold(self, of: str, checks: Mapping[str, Callable[[Row], bool]], row: Row) -> None:
        for name, holds in checks.items():
            if not holds(row):
                self._differ(Rule.CHECKS, of, name, "kept", "broken")

    def _differ(self, rule: Rule, of: str, account: str, expected: str, found: str, *, first: str = "") -> None:
        self.differences.append(Difference(rule, of, account, expected, found, first))


def _place(record: Record, number: int | None = None) -> str:
    """Say where a record is in the journal, and which of its lines is meant."""
    partition, sequence = record.place
    line = "" if number is None else f" line {number}"
    made = f"{record.fact.type} {record.fact.event_id}" if record.fact else "no fact is there"
    return f"allocation {partition}/{sequence}{line} ({made})"


def _payment(key: tuple[UUID, str, int]) -> tuple[str, str]:
    """Say whose payment is meant, and out of which credits."""
    commitment_id, funder, exercise = key
    return f"commitment {commitment_id}", f"{funder} paid by {exercise}"


def _moved(posting: Posting | None, named: Posting) -> str:
    """Say what a posting moves; between which accounts, when they are not those that the difference names."""
    if posting is None:
        return NOTHING
    amount = euros(posting.amount_cents)
    if (posting.envelope_id, posting.credit, posting.debit) == (named.envelope_id, named.credit, named.debit):
        return amount
    return f"{amount} of {posting.envelope_id} {posting.credit} to {posting.debit}"


def stand_of(row: Commitment) -> Stand:
    """What the rows of a commitment say."""
    engagements = row.engagements or {}
    acts = [engagements.get(funder) or Engagement() for funder in Funder]
    return Stand(
        row.state, row.asked, Asked(*(a.engaged for a in acts)), Asked(*(a.certified for a in acts)),
        Asked(*(a.paid for a in acts)), row.waits,
    )  # fmt: skip


def _stood(stand: Stand | None) -> str:
    if stand is None:
        return "never declared"
    said = f"{stand.state} for CDC {euros(stand.asked.cdc)}, STATE {euros(stand.asked.state)}"
    for word in ("engaged", "certified", "paid"):
        amounts: Asked = getattr(stand, word)
        if any(amounts):
            said += f", {word} CDC {euros(amounts.cdc)}, STATE {euros(amounts.state)}"
    return f"{said}, {stand.waits} waits" if stand.waits else said
