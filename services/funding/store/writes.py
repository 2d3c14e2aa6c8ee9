"""What funding writes, set-based, in the transaction of a batch or a command."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from services.funding.domain.books import Books
from services.funding.domain.commitment import Commitment
from shared.database.transaction import Session, copy_rows, driver

POSTING_COLUMNS = ("partition", "sequence", "line", "envelope_id", "commitment_id", "credit", "debit", "amount_cents")
COMMITMENT_COLUMNS = (
    "commitment_id", "contract", "exercise", "cdc_cents", "state_cents", "cost_cents", "priority", "place", "state",
    "beneficiary_id", "score", "waits",
)  # fmt: skip
UPDATE_ENVELOPES = (
    "UPDATE envelope SET authorised_cents = v.authorised, frozen_cents = v.frozen, reserved_cents = v.reserved,"
    " waitlisted_cents = v.waitlisted, engaged_cents = v.engaged, paid_cents = v.paid,"
    " waiting_count = v.waiting_count, version = v.version, lapsed_cents = v.lapsed,"
    " payment_credits_cents = v.payment_credits, payments_frozen_cents = v.payments_frozen,"
    " payment_opened_cents = v.payment_opened, payment_carried_over_cents = v.payment_carried_over, closed = v.closed"
    " FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],"
    " $8::int[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],"
    " $15::boolean[]) AS v(envelope_id, authorised, frozen, reserved, waitlisted, engaged, paid,"
    " waiting_count, version, lapsed, payment_credits, payments_frozen, payment_opened, payment_carried_over, closed)"
    " WHERE envelope.envelope_id = v.envelope_id"
)
UPDATE_COMMITMENTS = (
    "UPDATE commitment SET cdc_cents = v.cdc, state_cents = v.state_cents, cost_cents = v.cost, place = v.place,"
    " state = v.state, score = v.score, waits = v.waits"
    " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::int[],"
    " $8::text[]) AS v(commitment_id, cdc, state_cents, cost, place, state, score, waits)"
    " WHERE commitment.commitment_id = v.commitment_id"
)
PUT_ENGAGEMENTS = (
    "INSERT INTO engagement (commitment_id, funder, engaged_cents, certified_cents, paid_cents)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])"
    " ON CONFLICT (commitment_id, funder) DO UPDATE SET engaged_cents = EXCLUDED.engaged_cents,"
    " certified_cents = EXCLUDED.certified_cents, paid_cents = EXCLUDED.paid_cents"
)
PUT_PAYMENTS = (
    "INSERT INTO payment (commitment_id, funder, exercise, paid_cents)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[])"
    " ON CONFLICT (commitment_id, funder, exercise) DO UPDATE SET paid_cents = EXCLUDED.paid_cents"
)
HELD_COLUMNS = ("event_id", "contract", "commitment_id", "type", "place", "reason", "fact")
STILL_HELD = (
    "UPDATE held_movement SET reason = v.reason FROM unnest($1::uuid[], $2::text[]) AS v(event_id, reason)"
    " WHERE held_movement.event_id = v.event_id AND held_movement.reason <> v.reason"
)
SETTLED = "DELETE FROM held_movement USING unnest($1::uuid[]) AS v(id) WHERE event_id = v.id"
INSERT_ENVELOPES = (
    "INSERT INTO envelope (envelope_id, contract, funder, exercise, authorised_cents, frozen_cents, reserved_cents,"
    " waitlisted_cents, engaged_cents, paid_cents, waiting_count, version, lapsed_cents, payments_frozen_cents,"
    " payment_opened_cents, payment_carried_over_cents, closed)"
    " VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false) ON CONFLICT DO NOTHING"
)
PUT_WEIGHTS = (
    "INSERT INTO contract_weight (contract, qpv_population, caseload)"
    " SELECT * FROM unnest($1::text[], $2::int[], $3::int[])"
    " ON CONFLICT (contract) DO UPDATE SET qpv_population = EXCLUDED.qpv_population, caseload = EXCLUDED.caseload"
)
MARK_STATED = (
    "INSERT INTO envelope_statement (envelope_id, version) SELECT * FROM unnest($1::text[], $2::bigint[])"
    " ON CONFLICT (envelope_id) DO UPDATE SET version = EXCLUDED.version"
)
PostingRow = tuple[Any, ...]


async def record_books(session: Session, books: Books, postings: Sequence[PostingRow]) -> None:
    """Write what the books changed and the postings that say why."""
    connection = await driver(session)
    changed = books.changed_commitments.values()
    if new := [_commitment_row(c) for c in changed if c.is_new]:
        await copy_rows(session, "commitment", COMMITMENT_COLUMNS, new)
    if old := [c for c in changed if not c.is_new]:
        terms = ((c.commitment_id, c.asked.cdc, c.asked.state, c.cost, c.place, c.state, c.score, c.waits) for c in old)
        await connection.execute(UPDATE_COMMITMENTS, *_columns(terms))
    if books.changed_envelopes:
        envelopes = (books.envelopes[name] for name in sorted(books.changed_envelopes))
        balances = (
            (e.envelope_id, e.authorised, e.frozen, e.reserved, e.waitlisted, e.engaged, e.paid, e.waiting_count,
             e.version, e.lapsed, e.payment_credits, e.payments_frozen, e.payment_opened, e.payment_carried_over,
             e.closed) for e in envelopes
        )  # fmt: skip
        await connection.execute(UPDATE_ENVELOPES, *_columns(balances))
    await _record_engagements(connection, changed)
    await _record_held(session, books)
    if postings:
        await copy_rows(session, "posting", POSTING_COLUMNS, postings)


async def _record_engagements(connection: asyncpg.Connection, changed: Iterable[Commitment]) -> None:
    engagements = [
        (c.commitment_id, funder, e) for c in changed if c.engagements for funder, e in sorted(c.engagements.items())
    ]
    if not engagements:
        return
    rows = [(i, funder, e.engaged, e.certified, e.paid) for i, funder, e in engagements]
    await connection.execute(PUT_ENGAGEMENTS, *_columns(sorted(rows)))
    payments = [(i, funder, year, cents) for i, funder, e in engagements for year, cents in e.paid_by.items()]
    if payments:
        await connection.execute(PUT_PAYMENTS, *_columns(sorted(payments)))


async def _record_held(session: Session, books: Books) -> None:
    held = [movement for movements in books.held.values() for movement in movements]
    new = [
        (m.event_id, m.fact.contract, m.fact.commitment_id, m.type, m.place, m.reason, m.fact.model_dump_json())
        for m in held
        if m.is_new
    ]
    if new:
        await copy_rows(session, "held_movement", HELD_COLUMNS, new)
    connection = await driver(session)
    if old := [(m.event_id, m.reason) for m in held if not m.is_new]:
        await connection.execute(STILL_HELD, *_columns(old))
    if books.settled:
        await connection.execute(SETTLED, sorted(books.settled))


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _commitment_row(commitment: Commitment) -> tuple[Any, ...]:
    cdc, state_cents = commitment.asked
    return (commitment.commitment_id, commitment.contract, commitment.exercise, cdc, state_cents, commitment.cost,
            commitment.priority, commitment.place,
            commitment.state, commitment.beneficiary, commitment.score, commitment.waits)  # fmt: skip


async def insert_envelopes(session: Session, envelopes: Iterable[tuple[str, str, str, int]]) -> None:
    """Insert envelopes at zero: (id, contract, funder, exercise); existing ones stay."""
    connection = await driver(session)
    await connection.executemany(INSERT_ENVELOPES, sorted(envelopes))


async def mark_stated(session: Session, versions: dict[str, int]) -> None:
    """Note the version of each envelope that was stated."""
    connection = await driver(session)
    await connection.execute(MARK_STATED, list(versions), list(versions.values()))


async def put_weights(session: Session, weights: Iterable[tuple[str, int, int | None]]) -> None:
    """Keep what contracts weigh, each once."""
    connection = await driver(session)
    await connection.execute(PUT_WEIGHTS, *map(list, zip(*sorted(weights), strict=True)))
