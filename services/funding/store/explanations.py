"""Reads what explains a commitment: its decisions, what was free before each, the rules, and what caused it."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg
import msgspec

from services.funding.domain.explanation import (
    ASKING,
    FOR_BENEFICIARIES,
    Before,
    Cause,
    Decision,
    Held,
    Scored,
    Story,
    Told,
    told,
)
from services.funding.domain.journal import Fact
from services.funding.domain.published import whole_cents
from services.funding.domain.rules import Rules
from services.funding.store.journal import open_journal
from services.funding.store.tables import CommitmentRow
from shared.contracts.topics import ALLOCATION
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder, envelope_id

BEFORE = (
    "SELECT coalesce(sum(free), 0)::bigint, coalesce(sum(waits), 0)::bigint, count(*) FILTER (WHERE waits > 0)"
    " FROM (SELECT sum(CASE 'available' WHEN debit THEN amount_cents WHEN credit THEN -amount_cents END) AS free,"
    " sum(CASE 'waitlisted' WHEN debit THEN amount_cents WHEN credit THEN -amount_cents END) AS waits"
    " FROM posting WHERE envelope_id = $1 AND partition = $2 AND sequence < $3 GROUP BY commitment_id) AS each"
)
"""Of an envelope before a place: what was free, what waited, and how many."""
OTHERS = (
    "SELECT coalesce(sum((debit IN ('reserved', 'waitlisted', 'engaged'))::int * amount_cents"
    " - (credit IN ('reserved', 'waitlisted', 'engaged'))::int * amount_cents), 0)::bigint"
    " FROM commitment JOIN posting USING (commitment_id) WHERE contract = $1 AND exercise = $2"
    " AND beneficiary_id = $3 AND commitment_id <> $4 AND partition = $5 AND sequence < $6"
)
COMMANDS = 'SELECT command_id, kind, "by", reason FROM command WHERE command_id = ANY($1)'
FIRST_OF_CAUSE = (
    "SELECT type, subject FROM outbox WHERE topic = $1 AND partition = $2 AND sequence BETWEEN $3 - 500 AND $3 - 1"
    " AND cause = $4 ORDER BY sequence LIMIT 1"
)
RULES = "SELECT version, content FROM rule_set WHERE contract = $1 AND exercise = $2"
SCORES = (
    "SELECT applied_at, (content ->> 'score')::int, \"by\", reason FROM command WHERE kind = 'score'"
    " AND state = 'applied' AND content ->> 'commitment_id' = $1 ORDER BY partition, next_offset, step"
)
HELD = "SELECT type, reason FROM held_movement WHERE contract = $1 AND commitment_id = $2 ORDER BY place"


async def story(session: Session, commitment_id: UUID) -> Story | None:
    """Read all that explains a commitment; None when nothing was ever decided about it."""
    journal, connection = await open_journal(session), await driver(session)
    facts = [record.fact async for record in journal.of_commitment(commitment_id) if record.fact is not None]
    if not facts:
        return None
    row = await session.get(CommitmentRow, commitment_id)
    if row is None:
        alone = tuple(Decision(fact, told(fact)) for fact in facts)
        return Story(commitment_id, alone)
    rules = {
        version: msgspec.convert(content, Rules)
        for version, content in await connection.fetch(RULES, row.contract, row.exercise)
    }
    commands = await _commands(connection, facts)
    decisions = []
    for fact, whole in zip(facts, whole_cents(facts), strict=True):
        said = told(fact)
        cause = commands.get(fact.cause) if fact.cause else None
        decisions.append(
            Decision(
                fact, said, await _before(connection, row, fact, said),
                cause or await _other(connection, commitment_id, fact), rules.get(said.rules_version or 0),
                await _others(connection, row, fact) if said.reason in FOR_BENEFICIARIES else None, whole,
            )
        )  # fmt: skip
    held = [Held(*each) for each in await connection.fetch(HELD, row.contract, commitment_id)]
    scores = [Scored(*each) for each in await connection.fetch(SCORES, str(commitment_id))]
    return Story(commitment_id, tuple(decisions), tuple(held), row.cost_cents, tuple(scores))


async def _commands(connection: asyncpg.Connection, facts: Iterable[Fact]) -> dict[UUID, Cause]:
    causes = [fact.cause for fact in facts if fact.cause is not None]
    rows = await connection.fetch(COMMANDS, causes)
    return {command: Cause(kind, by, reason) for command, kind, by, reason in rows}


async def _before(connection: asyncpg.Connection, row: CommitmentRow, fact: Fact, said: Told) -> tuple[Before, ...]:
    """What was free in the envelopes asked, and who waited there: of a decision on what is asked."""
    if fact.type not in ASKING and said.reason != "no-room":
        return ()
    asked = said.asked if fact.type in ASKING else (1, 1)
    names = [
        envelope_id(row.contract, funder, row.exercise) for funder, cents in zip(Funder, asked, strict=True) if cents
    ]
    return tuple([Before(name, *await connection.fetchrow(BEFORE, name, *fact.place)) for name in names])


async def _other(connection: asyncpg.Connection, commitment_id: UUID, fact: Fact) -> Cause | None:
    """The other commitment whose event caused a fact, by what was first decided on it."""
    first = await connection.fetchrow(FIRST_OF_CAUSE, ALLOCATION.name, *fact.place, fact.cause)
    if first is None or first[1] == str(commitment_id):
        return None
    return Cause(first[0], commitment_id=UUID(first[1]))


async def _others(connection: asyncpg.Connection, row: CommitmentRow, fact: Fact) -> int:
    terms = (row.contract, row.exercise, row.beneficiary_id, row.commitment_id)
    return int(await connection.fetchval(OTHERS, *terms, *fact.place))
