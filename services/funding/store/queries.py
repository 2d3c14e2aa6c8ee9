"""What funding reads."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import or_
from sqlmodel import col, select

from services.funding.domain.books import Books, HeldMovement
from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.rules import Rules, RuleSet, in_order
from services.funding.store.tables import CommitmentRow, EnvelopeRow
from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.reasons import HeldReason
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

Declared = tuple[UUID, str, int, UUID | None]
"""Of a declaration: its commitment, contract, exercise and beneficiary."""
_FACTS = {model.__name__: model for model in COMMITMENT_FACTS}
COMMITMENT_COLUMNS = (
    "commitment_id, contract, exercise, cdc_cents, state_cents, cost_cents, priority, place, state, beneficiary_id,"
    " score, waits"
)
ENVELOPES = (
    "SELECT envelope_id, contract, funder, exercise, authorised_cents, frozen_cents, reserved_cents, waitlisted_cents,"
    " engaged_cents, paid_cents, waiting_count, version, lapsed_cents, payment_credits_cents, payments_frozen_cents,"
    " payment_opened_cents, payment_carried_over_cents, closed"
    " FROM unnest($1::text[]) AS wanted(contract) JOIN envelope USING (contract) ORDER BY envelope_id"
)
"""Joins, never `= ANY($1)`: once its plan is cached, PostgreSQL compares that array with each row, one by one."""
COMMITMENTS = (
    f"SELECT {COMMITMENT_COLUMNS} FROM unnest($1::uuid[]) AS wanted(commitment_id)"  # noqa: S608  no input in it
    " JOIN commitment USING (commitment_id)"
)
RULES = (
    "SELECT DISTINCT ON (contract, exercise) contract, exercise, version, content"
    " FROM unnest($1::text[]) AS wanted(contract) JOIN rule_set USING (contract)"
    " ORDER BY contract, exercise, version DESC"
)
ALL_RULES = (
    "SELECT DISTINCT ON (contract, exercise) contract, exercise, version, content FROM rule_set"
    " ORDER BY contract, exercise, version DESC"
)
OF_BENEFICIARIES = (
    f"SELECT {COMMITMENT_COLUMNS} FROM unnest($1::text[], $2::int[], $3::uuid[])"  # noqa: S608  no input in it
    " AS wanted(contract, exercise, beneficiary_id) JOIN commitment USING (contract, exercise, beneficiary_id)"
)
HELD = (
    "SELECT event_id, type, place, reason, fact FROM unnest($1::text[]) AS wanted(contract)"
    " JOIN held_movement USING (contract)"
)
ENGAGEMENTS = (
    "SELECT commitment_id, funder, engaged_cents, certified_cents FROM unnest($1::uuid[]) AS wanted(commitment_id)"
    " JOIN engagement USING (commitment_id)"
)
PAYMENTS = (
    "SELECT commitment_id, funder, exercise, paid_cents FROM unnest($1::uuid[]) AS wanted(commitment_id)"
    " JOIN payment USING (commitment_id)"
)
WAITING = (
    f"SELECT {COMMITMENT_COLUMNS} FROM commitment WHERE (state = 'waitlisted' OR waits IS NOT NULL)"  # noqa: S608
    " AND (contract, exercise) IN (SELECT * FROM unnest($1::text[], $2::int[]))"
)


async def load_books(
    session: Session,
    *,
    contracts: Iterable[str],
    named: Iterable[UUID] = (),
    moved: Iterable[UUID] = (),
    declared: Iterable[Declared] = (),
    served: Iterable[tuple[str, int]] = (),
) -> Books:
    """Load what a batch or a command may touch: the contracts' envelopes and held movements, the commitments named,
    and all that wait where something may be given back: beside the `moved` commitments, and at `served`.

    `declared` are the declarations of the same batch: no row says yet where those of them stand that are moved too.
    The checkpoint's lock makes this transaction the only writer of its contracts, so the rows need none of their own.
    """
    connection = await driver(session)
    homes = sorted(set(contracts))
    envelopes = [_envelope(row) for row in await connection.fetch(ENVELOPES, homes)]
    held = [_held(row) for row in await connection.fetch(HELD, homes)]
    rule_sets = [_rule_set(row) for row in await connection.fetch(RULES, homes)]
    capped = {r.pair for r in rule_sets if r.rules.looks_at_beneficiaries}
    acted = {movement.fact.commitment_id for movement in held}
    commitments = {row[0]: commitment_of(row) for row in await connection.fetch(COMMITMENTS, [*acted.union(named)])}
    acted.update(moved)
    told = [*declared] if acted or capped else []
    pairs = {(c.contract, c.exercise) for i in acted if (c := commitments.get(i)) is not None} | set(served)
    if acted:
        pairs |= {(contract, exercise) for i, contract, exercise, _ in told if i in acted}
    if any(e.waiting_count and (e.contract, e.exercise) in pairs for e in envelopes):
        waiting = await connection.fetch(WAITING, [p[0] for p in sorted(pairs)], [p[1] for p in sorted(pairs)])
        commitments |= {row[0]: commitment_of(row) for row in waiting if row[0] not in commitments}
    if capped:
        await _load_beneficiaries(connection, commitments, capped, told)
    await load_engagements(session, commitments)
    return Books(envelopes, commitments.values(), held, rule_sets)


async def _load_beneficiaries(
    connection: asyncpg.Connection, commitments: dict[UUID, Commitment], capped: set[tuple[str, int]],
    declared: Iterable[Declared],
) -> None:  # fmt: skip
    """Complete what was declared for the same beneficiaries where rules cap it."""
    named = {(contract, exercise, whose) for _, contract, exercise, whose in declared if whose is not None}
    named |= {(c.contract, c.exercise, c.beneficiary) for c in commitments.values() if c.beneficiary is not None}
    if wanted := sorted(each for each in named if each[:2] in capped):
        rows = await connection.fetch(OF_BENEFICIARIES, *map(list, zip(*wanted, strict=True)))
        for row in rows:
            commitments.setdefault(row[0], commitment_of(row))


def _rule_set(row: Any) -> RuleSet:
    contract, exercise, version, content = row
    return RuleSet(contract, exercise, version, msgspec.convert(content, Rules))


async def load_engagements(session: Session, commitments: Mapping[UUID, Commitment]) -> None:
    """Complete those commitments of which something was engaged."""
    engaged = [i for i, c in commitments.items() if c.state in (State.ENGAGED, State.CLOSED)]
    if not engaged:
        return
    connection = await driver(session)
    for commitment_id, funder, engaged_cents, certified in await connection.fetch(ENGAGEMENTS, engaged):
        commitment = commitments[commitment_id]
        commitment.engagements = commitment.engagements or {}
        commitment.engagements[Funder(funder)] = Engagement(engaged_cents, certified)
    for commitment_id, funder, exercise, paid in await connection.fetch(PAYMENTS, engaged):
        engagements = commitments[commitment_id].engagements or {}
        engagements[Funder(funder)].paid_by[exercise] = paid


def _held(row: Any) -> HeldMovement:
    event_id, type_, place, reason, fact = row
    model = _FACTS[type_].__pydantic_validator__
    return HeldMovement(event_id, model.validate_json(fact, extra="ignore"), type_, place, HeldReason(reason))


def _envelope(row: Any) -> Envelope:
    return Envelope(row[0], row[1], Funder(row[2]), *row[3:])


def commitment_of(row: Any) -> Commitment:
    """Read a commitment, without what was engaged of it."""
    identifier, contract, exercise, cdc, state_cents, cost, priority, place, state, beneficiary, score, waits = row
    return Commitment(identifier, contract, exercise, Asked(cdc, state_cents), cost, priority, place, State(state),
                      beneficiary=beneficiary, score=score, waits=waits and Funder(waits))  # fmt: skip


async def envelopes(session: Session, *, contract: str | None = None) -> list[EnvelopeRow]:
    """List envelopes, by contract, exercise and funder."""
    query = select(EnvelopeRow).order_by(col(EnvelopeRow.contract), col(EnvelopeRow.exercise), col(EnvelopeRow.funder))
    if contract is not None:
        query = query.where(EnvelopeRow.contract == contract)
    return list((await session.scalars(query)).all())


async def commitment(session: Session, commitment_id: UUID) -> CommitmentRow | None:
    """Read one commitment."""
    return await session.get(CommitmentRow, commitment_id)


async def waitlist(session: Session, *, contract: str, exercise: int) -> list[CommitmentRow]:
    """List who waits in a contract's exercise, in order."""
    query = select(CommitmentRow).where(
        CommitmentRow.contract == contract, CommitmentRow.exercise == exercise,
        or_(col(CommitmentRow.state) == "waitlisted", col(CommitmentRow.waits).is_not(None)),
    )  # fmt: skip
    rows = (await session.scalars(query)).all()
    return in_order(rows, await rules_in_force(session, contract=contract, exercise=exercise))


async def all_rules_in_force(session: Session) -> dict[tuple[str, int], Rules]:
    """Read the rules of every contract's exercise."""
    connection = await driver(session)
    return {(row[0], row[1]): _rule_set(row).rules for row in await connection.fetch(ALL_RULES)}


async def lock_rights(session: Session) -> None:
    """Keep everybody else from granting rights until the transaction ends."""
    connection = await driver(session)
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('fabrique rights'))")


async def rules_in_force(session: Session, *, contract: str, exercise: int) -> Rules | None:
    """Read the rules of a contract's exercise; None without any."""
    connection = await driver(session)
    found = [_rule_set(row) for row in await connection.fetch(RULES, [contract])]
    return next((each.rules for each in found if each.exercise == exercise), None)


UNSTATED = (
    "SELECT envelope_id, contract, funder, exercise, e.version, authorised_cents, frozen_cents, reserved_cents,"
    " waitlisted_cents, engaged_cents, paid_cents,"
    " authorised_cents - frozen_cents - reserved_cents - engaged_cents - lapsed_cents AS available_cents,"
    " waiting_count, lapsed_cents, payment_credits_cents IS NOT NULL AS has_payment_credits,"
    " coalesce(payment_credits_cents, 0) AS payment_credits_cents, payments_frozen_cents, closed"
    " FROM envelope e LEFT JOIN envelope_statement s USING (envelope_id)"
    " WHERE envelope_id > $1 AND e.version > coalesce(s.version, 0) ORDER BY envelope_id LIMIT $2"
)


async def unstated(session: Session, *, after: str, limit: int) -> list[dict[str, Any]]:
    """List the envelopes named `after` that changed since they were last stated, as EnvelopeStated has them."""
    connection = await driver(session)
    return [dict(row) for row in await connection.fetch(UNSTATED, after, limit)]
