"""Reads the ledger as an auditor does: one snapshot, in the journal's order, streamed."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import asyncpg

from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.journal import Fact, Line, Payment, Record, Sum
from shared.contracts.topics import ALLOCATION
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

ROWS_AHEAD = 2_000
PATIENCE = "SET LOCAL statement_timeout = '5min'"
"""Reading a whole ledger is longer than any statement of a service; it locks nothing and nobody waits for it."""
FACT = 'partition, sequence, event_id, type, cause, "time", value'
LINE = "partition, sequence, line, envelope_id, commitment_id, credit, debit, amount_cents"
FACTS = f"SELECT {FACT} FROM outbox WHERE topic = $1 ORDER BY partition, sequence"  # noqa: S608  constants
LINES = f"SELECT {LINE} FROM posting ORDER BY partition, sequence, line"  # noqa: S608  as above
FACTS_OF_ENVELOPE = (
    f"SELECT {FACT} FROM outbox WHERE topic = $1 AND (partition, sequence) IN"  # noqa: S608  as above
    " (SELECT partition, sequence FROM posting WHERE envelope_id = $2) ORDER BY partition, sequence"
)
LINES_OF_ENVELOPE = f"SELECT {LINE} FROM posting WHERE envelope_id = $1 ORDER BY partition, sequence, line"  # noqa: S608  as above
FACTS_OF_COMMITMENT = f"SELECT {FACT} FROM outbox WHERE topic = $1 AND subject = $2 ORDER BY partition, sequence"  # noqa: S608  as above
LINES_OF_COMMITMENT = f"SELECT {LINE} FROM posting WHERE commitment_id = $1 ORDER BY partition, sequence, line"  # noqa: S608  as above
SUMS = (
    "SELECT envelope_id, account, sum(debit)::bigint, sum(credit)::bigint FROM ("
    " SELECT envelope_id, debit AS account, amount_cents AS debit, 0 AS credit FROM posting"
    " UNION ALL SELECT envelope_id, credit, 0, amount_cents FROM posting) AS entry"
    " WHERE ($1::text IS NULL OR split_part(envelope_id, '.', 1) = $1)"
    " AND ($2::text IS NULL OR split_part(envelope_id, '.', 3) = $2)"
    " GROUP BY envelope_id, account ORDER BY envelope_id, account"
)
ENVELOPES = (
    "SELECT envelope_id, contract, funder, exercise, authorised_cents, frozen_cents, reserved_cents, waitlisted_cents,"
    " engaged_cents, paid_cents, waiting_count, version, lapsed_cents, payment_credits_cents, payments_frozen_cents,"
    " payment_opened_cents, payment_carried_over_cents, closed FROM envelope ORDER BY envelope_id"
)
COMMITMENTS = (
    "SELECT c.commitment_id, contract, exercise, cdc_cents, state_cents, cost_cents, priority, place, state,"
    " cdc.engaged_cents, cdc.certified_cents, cdc.paid_cents, st.engaged_cents, st.certified_cents, st.paid_cents,"
    " score, waits FROM commitment c"
    " LEFT JOIN engagement cdc ON cdc.commitment_id = c.commitment_id AND cdc.funder = 'CDC'"
    " LEFT JOIN engagement st ON st.commitment_id = c.commitment_id AND st.funder = 'STATE'"
)
ALL_COMMITMENTS = f"{COMMITMENTS} ORDER BY c.commitment_id"
ONE_COMMITMENT = f"{COMMITMENTS} WHERE c.commitment_id = $1"
SCORES = (
    "SELECT DISTINCT ON (content ->> 'commitment_id') (content ->> 'commitment_id')::uuid, (content ->> 'score')::int"
    " FROM command WHERE kind = 'score' AND state = 'applied'"
    " ORDER BY content ->> 'commitment_id', next_offset DESC, step DESC"
)
"""A commitment's scores are steps of one line, its contract's: the last in it is the one that stands."""
PAYMENTS = "SELECT commitment_id, funder, exercise, paid_cents FROM payment ORDER BY commitment_id, funder, exercise"
ENDS = "SELECT partition, last_sequence FROM outbox_partition WHERE topic = $1 ORDER BY partition"
SPAN = 'SELECT min("time") AS first, max("time") AS last FROM outbox WHERE topic = $1'


class Span(NamedTuple):
    """When the first and the last fact of the journal were known; None when there is none."""

    first: datetime | None
    last: datetime | None


class Journal:
    """The books at one moment: whatever is asked, all answers are of the same snapshot."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def records(self) -> AsyncIterator[Record]:
        """Every fact with its postings, in order of partition and sequence."""
        return _merged(self._facts(FACTS, ALLOCATION.name), self._lines(LINES))

    def of_envelope(self, envelope_id: str) -> AsyncIterator[Record]:
        """The facts that moved an envelope, each with its lines on that envelope."""
        facts = self._facts(FACTS_OF_ENVELOPE, ALLOCATION.name, envelope_id)
        return _merged(facts, self._lines(LINES_OF_ENVELOPE, envelope_id))

    def of_commitment(self, commitment_id: UUID) -> AsyncIterator[Record]:
        """The decisions about a commitment."""
        facts = self._facts(FACTS_OF_COMMITMENT, ALLOCATION.name, str(commitment_id))
        return _merged(facts, self._lines(LINES_OF_COMMITMENT, commitment_id))

    async def sums(self, *, contract: str | None = None, exercise: int | None = None) -> list[Sum]:
        """What reached and left each account, added up by the database."""
        year = None if exercise is None else str(exercise)
        return [Sum(*row) for row in await self._connection.fetch(SUMS, contract, year)]

    async def envelopes(self) -> AsyncIterator[Envelope]:
        """Every envelope, by name."""
        async for row in self._connection.cursor(ENVELOPES, prefetch=ROWS_AHEAD):
            yield Envelope(row[0], row[1], cast("Funder", row[2]), *row[3:])  # as it is kept: the audit judges it

    async def commitments(self) -> AsyncIterator[Commitment]:
        """Every commitment."""
        async for row in self._connection.cursor(ALL_COMMITMENTS, prefetch=ROWS_AHEAD):
            yield _commitment(row)

    async def scores(self) -> AsyncIterator[tuple[UUID, int | None]]:
        """The score that each commitment was given last, by the trail of commands."""
        async for row in self._connection.cursor(SCORES, prefetch=ROWS_AHEAD):
            yield row[0], row[1]

    async def payments(self) -> AsyncIterator[Payment]:
        """What each exercise's credits paid of each engagement."""
        async for row in self._connection.cursor(PAYMENTS, prefetch=ROWS_AHEAD):
            yield Payment(*row)

    async def commitment(self, commitment_id: UUID) -> Commitment | None:
        """One commitment; None when it was never declared."""
        row = await self._connection.fetchrow(ONE_COMMITMENT, commitment_id)
        return None if row is None else _commitment(row)

    async def ends(self) -> dict[int, int]:
        """The last sequence that was given out in each partition."""
        return {row[0]: row[1] for row in await self._connection.fetch(ENDS, ALLOCATION.name)}

    async def span(self) -> Span:
        """From when to when the journal goes."""
        return Span(*await self._connection.fetchrow(SPAN, ALLOCATION.name))

    async def _facts(self, query: str, *terms: Any) -> AsyncIterator[Fact]:
        async for row in self._connection.cursor(query, *terms, prefetch=ROWS_AHEAD):
            yield Fact(*row)

    async def _lines(self, query: str, *terms: Any) -> AsyncIterator[Line]:
        async for row in self._connection.cursor(query, *terms, prefetch=ROWS_AHEAD):
            yield Line(*row)


def _commitment(row: Any) -> Commitment:
    """Read a commitment; what each funder paid is told as one sum, whichever exercises paid it."""
    identifier, contract, exercise, cdc, state_cents, cost, priority, place, state = row[:9]
    engagements = {
        funder: Engagement(engaged, certified, {exercise: paid})
        for funder, (engaged, certified, paid) in zip(Funder, (row[9:12], row[12:15]), strict=True)
        if engaged is not None
    }
    asked = Asked(cdc, state_cents)
    return Commitment(identifier, contract, exercise, asked, cost, priority, place, cast("State", state),
                      engagements=engagements, score=row[15], waits=row[16])  # fmt: skip


async def open_journal(session: Session) -> Journal:
    """Open the books in a session that reads one snapshot."""
    connection = await driver(session)
    await connection.execute(PATIENCE)
    return Journal(connection)


async def _merged(facts: AsyncIterator[Fact], lines: AsyncIterator[Line]) -> AsyncIterator[Record]:
    """Put each fact together with its lines; lines whose fact is not there come at their place, without one."""
    groups = _grouped(lines)
    group = await anext(groups, None)
    async for fact in facts:
        while group and group[0].place < fact.place:
            yield Record(None, group)
            group = await anext(groups, None)
        if group and group[0].place == fact.place:
            yield Record(fact, group)
            group = await anext(groups, None)
        else:
            yield Record(fact)
    while group:
        yield Record(None, group)
        group = await anext(groups, None)


async def _grouped(lines: AsyncIterator[Line]) -> AsyncIterator[tuple[Line, ...]]:
    group: list[Line] = []
    async for line in lines:
        if group and group[0].place != line.place:
            yield tuple(group)
            group = []
        group.append(line)
    if group:
        yield tuple(group)
