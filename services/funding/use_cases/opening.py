"""Opens the envelopes of a programme: each contract's are one step of its partition's line."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid5

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.commands import open_envelope
from services.funding.domain.envelope import Envelope
from services.funding.programme import Opening
from services.funding.store import queries, writes
from services.funding.store.tables import Command
from services.funding.use_cases.telling import COMMANDS, announce
from shared.contracts.allocation import EnvelopeOpened
from shared.contracts.topics import ALLOCATION, COMMITMENT
from shared.database import checkpoint
from shared.database.checkpoint import Source
from shared.database.outbox import Destination, Outbox, Route
from shared.database.transaction import Session, transaction
from shared.kernel.clock import Clock

OPENED_AT_ONCE = 100
"""How many contracts' openings one transaction holds: a few tenths of a second of the partition's line."""


async def open_envelopes(
    openings: Iterable[Opening], *, engine: AsyncEngine, route: Route, clock: Clock, by: str, effective_on: date
) -> list[str]:
    """Open the envelopes of a programme that do not exist yet, contract by contract; return their names.

    Each contract's openings are one command: a step of its partition's line, between two offsets. Contracts of one
    partition share transactions. What the contract holds is looked at again.
    """
    by_contract: dict[str, list[Opening]] = {}
    for opening in openings:
        by_contract.setdefault(opening.contract, []).append(opening)
    homes: dict[int, list[str]] = {}
    for contract in sorted(by_contract):
        homes.setdefault(route(COMMITMENT.name, contract.encode()), []).append(contract)
    opened = []
    for contracts in homes.values():
        for start in range(0, len(contracts), OPENED_AT_ONCE):
            async with transaction(engine) as session:
                for contract in contracts[start : start + OPENED_AT_ONCE]:
                    opened += await _open(session, route, contract, by_contract[contract], by=by, now=clock(),
                                          effective_on=effective_on)  # fmt: skip
    return sorted(opened)


async def _open(
    session: Session, route: Route, contract: str, wanted: list[Opening], *, by: str, now: datetime, effective_on: date
) -> list[str]:
    outbox = Outbox(session, route)
    source = Source(COMMITMENT.name, route(COMMITMENT.name, contract.encode()))
    await checkpoint.ensure(session, [source], topic_ids={})
    next_offset, step = await checkpoint.take_step(session, source)
    books = await queries.load_books(session, contracts=[contract])
    new = [o for o in wanted if o.envelope_id not in books.envelopes]
    if not new:
        return []
    await writes.insert_envelopes(session, [(o.envelope_id, o.contract, o.funder.value, o.exercise) for o in new])
    destination = outbox.destination(ALLOCATION.name, contract.encode())
    await outbox.hold([destination])
    known_at = outbox.known_at(destination, at_least=now)
    postings = []
    for opening in new:
        envelope = Envelope(opening.envelope_id, opening.contract, opening.funder, opening.exercise)
        books.envelopes[opening.envelope_id] = envelope
        books.changed_envelopes.add(opening.envelope_id)
        envelope.version = 1
        sequence = _announce_opening(outbox, destination, opening, by=by, known_at=known_at, effective_on=effective_on)
        postings += [
            (destination.partition, sequence, line, p.envelope_id, None, p.credit, p.debit, p.amount_cents)
            for line, p in enumerate(open_envelope(envelope, opening.amount_cents, opening.payment_cents))
        ]
    command_id = uuid5(COMMANDS, f"{contract}/{next_offset}/{step}")
    moved = books.settle(contract)
    books.count(moved)
    postings += await announce(outbox, command_id, contract, moved, now=now, first=len(new))
    placed = {"command_id": command_id, "partition": source.partition, "next_offset": next_offset, "step": step}
    session.add(_opening_command(new, placed, by=by, now=now, effective_on=effective_on))
    await writes.record_books(session, books, postings)
    await outbox.flush()
    return [o.envelope_id for o in new]


def _opening_command(
    new: Iterable[Opening], placed: Mapping[str, Any], *, by: str, now: datetime, effective_on: date
) -> Command:
    content = {o.envelope_id: _opened_with(o) for o in new}
    return Command(
        **placed, kind="open-envelopes", by=by, applied_at=now, content=content, state="applied", reason="programme",
        effective_on=effective_on, content_hash=sha256(msgspec.json.encode(content, order="sorted")).digest(),
        proposed_by=by, proposed_at=now,
    )  # fmt: skip


def _opened_with(opening: Opening) -> object:
    """What a command says of one envelope: an amount; with payment credits, both."""
    if opening.payment_cents is None:
        return opening.amount_cents
    return {"amount_cents": opening.amount_cents, "payment_cents": opening.payment_cents}


def _announce_opening(
    outbox: Outbox, destination: Destination, opening: Opening, *, by: str, known_at: datetime, effective_on: date
) -> int:
    fact = EnvelopeOpened(
        envelope_id=opening.envelope_id, contract=opening.contract, funder=opening.funder, exercise=opening.exercise,
        amount_cents=opening.amount_cents, payment_cents=opening.payment_cents or 0,
        has_payment_credits=opening.payment_cents is not None, by=by, reason="programme", effective_on=effective_on,
        known_at=known_at,
    )  # fmt: skip
    return outbox.add(
        destination, key=opening.contract.encode(), event_id=uuid5(COMMANDS, opening.envelope_id),
        type="EnvelopeOpened", subject=opening.envelope_id, time=known_at, value=fact.model_dump_json().encode(),
    )  # fmt: skip
