"""A ledger in memory: the facts, postings, envelopes and commitments that funding's rule makes of a random log."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from services.funding.announcement import allocation_fact
from services.funding.domain.audit import Audit, Difference
from services.funding.domain.books import Books
from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import Account, Envelope
from services.funding.domain.journal import Fact, Line, Payment, Record
from shared.contracts.allocation import EnvelopeOpened
from shared.kernel.funders import Funder
from tests.support.commitment_events import NAMES, START, Json, Scribe
from tests.support.sequential import books_with, incoming


@dataclass
class Kept:
    """Books as they are kept, in one partition."""

    records: list[Record] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    commitments: list[Commitment] = field(default_factory=list)

    def audited(
        self, records: Iterable[Record] | None = None, payments: Iterable[Payment] | None = None,
        scores: Mapping[UUID, int | None] | None = None,
    ) -> list[Difference]:  # fmt: skip
        """What an audit of them finds; of other records, payments or scores, when some are given."""
        audit = Audit()
        for record in self.records if records is None else records:
            audit.take(record)
        audit.end(0, len(self.records))
        for envelope in self.envelopes:
            audit.envelope(envelope)
        for commitment_id, score in (scores or {}).items():
            audit.score(commitment_id, score)
        for commitment in self.commitments:
            audit.commitment(commitment)
        for payment in self.payments if payments is None else payments:
            audit.payment(payment)
        return audit.close()

    @property
    def payments(self) -> list[Payment]:
        """What each exercise paid of each engagement."""
        return [
            Payment(commitment.commitment_id, funder, exercise, cents)
            for commitment in self.commitments
            for funder, engagement in (commitment.engagements or {}).items()
            for exercise, cents in engagement.paid_by.items()
        ]

    @property
    def lines(self) -> list[Line]:
        """Every posting."""
        return [line for record in self.records for line in record.lines]


def kept(seed: int, *, events: int = 40) -> Kept:
    """Decide a random log, and keep what funding would keep of it."""
    scribe = Scribe(random.Random(seed), ["CV219"], exercises=(2016,))
    openings = scribe.openings()
    books = books_with(openings)
    found = Kept(records=[_opened(number, step) for number, step in enumerate(openings, 1)])
    for envelope in books.envelopes.values():
        envelope.version = 1
    for offset, told in enumerate(scribe.events(events)):
        _decide(found, books, told, offset)
    found.envelopes, found.commitments = [*books.envelopes.values()], [*books.commitments.values()]
    return found


def _decide(found: Kept, books: Books, told: Json, offset: int) -> None:
    event = incoming(told, offset)
    for ordinal, outcome in enumerate(books.decide(event)):
        sequence, known_at = len(found.records) + 1, event.fact.known_at
        lines = tuple(
            Line(0, sequence, n, p.envelope_id, outcome.commitment_id, p.credit, p.debit, p.amount_cents)
            for n, p in enumerate(outcome.postings)
        )
        value = allocation_fact(outcome, known_at=known_at)
        identity = uuid5(event.event_id, str(ordinal))
        found.records.append(
            Record(Fact(0, sequence, identity, outcome.kind, event.event_id, known_at, value), lines)
        )  # fmt: skip


def _opened(sequence: int, step: Json) -> Record:
    contract, funder, exercise = step["open"].split(".")
    amount = step["amount_cents"]
    said = EnvelopeOpened(
        envelope_id=step["open"], contract=contract, funder=Funder(funder), exercise=int(exercise),
        amount_cents=amount,
        by="operator", reason="programme", effective_on=START.date(), known_at=START,
    )  # fmt: skip
    line = Line(0, sequence, 0, step["open"], None, Account.VOTED, Account.AVAILABLE, amount)
    identity: UUID = uuid5(NAMES, step["open"])
    fact = Fact(0, sequence, identity, "EnvelopeOpened", None, START, said.model_dump_json().encode())
    return Record(fact, (line,) if amount else ())
