"""What reporting writes, set-based, in the transaction of a batch or of a publication."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.reporting.domain.balances import Stake, StakeKey
from services.reporting.domain.budget import Budget
from services.reporting.domain.business import Business
from services.reporting.store.tables import PublicationRow
from shared.database.transaction import Session, driver

BUDGET_AMOUNTS = (
    "authorised_cents", "frozen_cents", "reserved_cents", "waitlisted_cents", "engaged_cents", "lapsed_cents",
    "paid_cents", "payment_credits_cents", "payments_frozen_cents", "reserved_count", "waiting_count",
    "engaged_count", "refused_count",
)  # fmt: skip


def _upsert(table: str, key: Mapping[str, str], columns: Mapping[str, str]) -> str:
    """Write an INSERT … ON CONFLICT DO UPDATE of whole arrays, one for each column: {name: type}."""
    both = {**key, **columns}
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(both.values(), start=1))
    updates = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(both)}) SELECT * FROM unnest({arrays})"  # noqa: S608  names of our own
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}"
    )


UPSERT_BUDGETS = _upsert(
    "budget",
    {"envelope_id": "text"},
    {"contract": "text", "funder": "text", "exercise": "int"}
    | {name: "bigint" if name.endswith("cents") else "int" for name in BUDGET_AMOUNTS}
    | {"version": "bigint", "known_at": "timestamptz", "has_payment_credits": "boolean", "closed": "boolean"},
)
UPSERT_STAKES = _upsert(
    "stake", {"commitment_id": "uuid", "funder": "text"},
    dict.fromkeys(("reserved_cents", "waitlisted_cents", "engaged_cents", "paid_cents"), "bigint"),
)  # fmt: skip
DELETE_STAKES = (
    "DELETE FROM stake USING unnest($1::uuid[], $2::text[]) AS gone(commitment_id, funder)"
    " WHERE stake.commitment_id = gone.commitment_id AND stake.funder = gone.funder"
)
UPSERT_BUSINESSES = _upsert(
    "business",
    {"partition": "int", "business_id": "uuid"},
    {"contract": "text", "born_on": "date", "first_observed_on": "date", "birth_told_at": "timestamptz",
     "ended_on": "date", "end_kind": "text", "end_told_at": "timestamptz"},
)  # fmt: skip
UPSERT_STATEMENTS = _upsert(
    "statement", {"topic": "text", "key": "text"}, {"version": "bigint", "value": "bytea", "restate": "boolean"}
)
INSERT_STRATA = "INSERT INTO stratum SELECT * FROM unnest($1::int[], $2::text[]) ON CONFLICT DO NOTHING"
ADD_TO_WATERMARKS = (
    "INSERT INTO watermark (partition, facts, declared_at, known_at)"
    " SELECT * FROM unnest($1::int[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])"
    " ON CONFLICT (partition) DO UPDATE SET facts = watermark.facts + EXCLUDED.facts,"
    " declared_at = greatest(watermark.declared_at, EXCLUDED.declared_at),"
    " known_at = greatest(watermark.known_at, EXCLUDED.known_at)"
)


class Fold(NamedTuple):
    """What a batch folded of one partition."""

    partition: int
    facts: int
    declared_at: datetime
    known_at: datetime


class Statement(NamedTuple):
    """One figure as it is stated."""

    key: str
    version: int
    value: bytes


async def _execute(session: Session, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection = await driver(session)
        await connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)))


async def record_budgets(session: Session, budgets: Iterable[Budget]) -> None:
    """Write the budgets that a batch changed."""
    rows = [
        (b.envelope.envelope_id, *b.envelope, *b.balances, b.version, b.known_at, b.has_payment_credits, b.closed)
        for b in sorted(budgets, key=lambda budget: budget.envelope)
    ]
    await _execute(session, UPSERT_BUDGETS, rows)


async def record_stakes(session: Session, stakes: Mapping[StakeKey, Stake]) -> None:
    """Write the stakes that a batch changed; of one without a cent nothing is kept."""
    await _execute(session, UPSERT_STAKES, sorted((*key, *stake) for key, stake in stakes.items() if any(stake)))
    await _execute(session, DELETE_STAKES, sorted(key for key, stake in stakes.items() if not any(stake)))


async def record_businesses(session: Session, businesses: Iterable[Business]) -> None:
    """Write the businesses that a batch changed."""
    rows = [
        (*b.key, b.contract, b.born_on, b.first_observed_on, b.birth_told_at, b.ended_on, b.end_kind, b.end_told_at)
        for b in sorted(businesses, key=lambda business: business.key)
    ]
    await _execute(session, UPSERT_BUSINESSES, rows)


async def record_folds(session: Session, folds: Iterable[Fold], strata: Iterable[tuple[int, str]]) -> None:
    """Add to the watermarks of the partitions of a batch, and note the (partition, contract) pairs it told of."""
    await _execute(session, ADD_TO_WATERMARKS, sorted(folds))
    await _execute(session, INSERT_STRATA, sorted(set(strata)))


async def record_statements(
    session: Session, topic: str, statements: Iterable[Statement], *, read: Mapping[str, int], retried: int
) -> None:
    """Note what was stated on a topic, how far its input was read, and how many of its records were retried."""
    rows = [(topic, s.key, s.version, s.value, False) for s in sorted(statements)]
    await _execute(session, UPSERT_STATEMENTS, rows)
    written = insert(PublicationRow).values(topic=topic, read=dict(read), retried=retried)
    anew = {"read": written.excluded.read, "retried": written.excluded.retried}
    await session.execute(written.on_conflict_do_update(index_elements=["topic"], set_=anew))


async def forget_folds(session: Session, topics: Sequence[str]) -> None:
    """Forget what was folded of input topics, so that it is folded again from the log's beginning.

    What was stated stays, and is stated once more as soon as the fold has caught up with it.
    """
    await session.execute(text("TRUNCATE budget, stake, business, stratum, watermark, publication"))
    await session.execute(text("DELETE FROM checkpoint WHERE topic = ANY(:topics)"), {"topics": list(topics)})
    await session.execute(text("UPDATE statement SET restate = true"))
