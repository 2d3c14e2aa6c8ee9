"""Runs funding's own rule in memory, one event after the other, and says its answers as they would be published."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid5

from services.funding.announcement import allocation_fact
from services.funding.domain.books import Books
from services.funding.domain.envelope import VOTE, Envelope
from services.funding.domain.outcome import Outcome
from services.funding.handlers import commitments
from shared.database.checkpoint import Source
from shared.kernel.funders import Funder
from shared.messaging.fence import New
from shared.messaging.stream import Incoming
from tests.support.commitment_events import TOPIC, Json, record

SOURCE = Source(TOPIC, 0)


def books_with(openings: Iterable[Json]) -> Books:
    """Books whose envelopes are opened as the steps say."""
    envelopes = []
    for step in openings:
        contract, funder, exercise = step["open"].split(".")
        payment = step.get("payment_cents")
        envelopes.append(Envelope(step["open"], contract, Funder(funder), int(exercise), payment_credits=payment))
        envelopes[-1].move(VOTE, step["amount_cents"])
    return Books(envelopes, [])


def incoming(told: Json, offset: int) -> Incoming[Any]:
    """The event as funding's handler receives it, decoded from its bytes."""
    read = record(told, offset=offset)
    event = commitments.decode(New(SOURCE, read, dict(read.headers), offset + 1))
    assert event is not None
    return event


def decide_each(books: Books, events: Iterable[Json]) -> Iterator[list[Json]]:
    """Decide event after event; each time, the answers with their identity and what they move."""
    for offset, told in enumerate(events):
        event = incoming(told, offset)
        outcomes, known_at = books.decide(event), event.fact.known_at
        yield [
            {"id": str(uuid5(event.event_id, str(ordinal))), "cause": told["id"]} | published(outcome, known_at)
            for ordinal, outcome in enumerate(outcomes)
        ]


def published(outcome: Outcome, known_at: datetime) -> Json:
    """One answer: the type and the value that go to the topic, without its time, and what its postings move."""
    value: Json = json.loads(allocation_fact(outcome, known_at=known_at))
    assert value.pop("known_at")
    moves: Counter[tuple[str, str]] = Counter()
    for posting in outcome.postings:
        for account, sign in ((posting.credit, -1), (posting.debit, 1)):
            if account in ("reserved", "waitlisted"):
                moves[(posting.envelope_id, str(account))] += sign * posting.amount_cents
    postings = [(p.envelope_id, str(p.credit), str(p.debit), p.amount_cents) for p in outcome.postings]
    moved = {key: cents for key, cents in moves.items() if cents}
    return {"type": str(outcome.kind), "moves": moved, "postings": postings} | value


def balances(books: Books) -> dict[str, Json]:
    """The envelopes, as the oracle says them."""
    return {
        e.envelope_id: {
            "authorised_cents": e.authorised, "frozen_cents": e.frozen, "reserved_cents": e.reserved,
            "engaged_cents": e.engaged, "lapsed_cents": e.lapsed, "room_cents": e.room,
            "waitlisted_cents": e.waitlisted, "waiting_count": e.waiting_count,
            "payment_cents": e.payment_credits, "payment_frozen_cents": e.payments_frozen, "paid_cents": e.paid,
            "payable_cents": e.payable, "closed": e.closed,
        }
        for e in books.envelopes.values()
    }  # fmt: skip
