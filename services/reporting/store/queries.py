"""What reporting reads: budgets and businesses to fold, what is not stated yet, and what was stated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, text
from sqlmodel import col, select

from services.reporting.domain.balances import Balances, Envelope, Stake, StakeKey
from services.reporting.domain.budget import Budget
from services.reporting.domain.business import Business, BusinessKey
from services.reporting.domain.survival import BusinessLife, EndKind
from services.reporting.domain.survival_figures import ALL
from services.reporting.store.tables import PublicationRow, StatementRow, StratumRow, WatermarkRow
from shared.contracts.figures import BudgetStated, SurvivalStated
from shared.contracts.topics import BUDGET, SURVIVAL
from shared.database import quarantine
from shared.database.tables import Checkpoint
from shared.database.transaction import Session, driver
from shared.kernel.funders import Funder

BUDGET_COLUMNS = (
    "contract, funder, exercise, authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents,"
    " lapsed_cents, paid_cents, payment_credits_cents, payments_frozen_cents, reserved_count, waiting_count,"
    " engaged_count, refused_count, budget.version, known_at, has_payment_credits, closed"
)
BUDGETS = (
    f"SELECT {BUDGET_COLUMNS} FROM unnest($1::text[]) AS wanted(envelope_id) JOIN budget"  # noqa: S608  no input in it
    " USING (envelope_id)"
)
"""A join, never `= ANY($1)`: once its plan is cached, PostgreSQL compares that array with each row, one by one."""
STAKES = (
    "SELECT commitment_id, funder, reserved_cents, waitlisted_cents, engaged_cents, paid_cents"
    " FROM unnest($1::uuid[], $2::text[]) AS wanted(commitment_id, funder) JOIN stake USING (commitment_id, funder)"
)
UNSTATED_BUDGETS = (
    f"SELECT {BUDGET_COLUMNS} FROM budget LEFT JOIN statement ON topic = $1 AND key = envelope_id"  # noqa: S608
    " WHERE key IS NULL OR budget.version > statement.version"
    " OR (restate AND budget.version = statement.version) ORDER BY envelope_id"
)
HERALD = (
    f"SELECT {BUDGET_COLUMNS} FROM budget JOIN statement ON topic = $1 AND key = envelope_id"  # noqa: S608
    " WHERE budget.version = statement.version ORDER BY envelope_id LIMIT 1"
)
BUSINESSES = (
    "SELECT partition, business_id, contract, born_on, first_observed_on, birth_told_at, ended_on, end_kind,"
    " end_told_at FROM business WHERE (partition, business_id) IN (SELECT * FROM unnest($1::int[], $2::uuid[]))"
)
LIVES = "SELECT contract, born_on, first_observed_on, ended_on, end_kind FROM business WHERE born_on IS NOT NULL"
Marks = dict[str, int]
"""How far an input topic was read: {partition: last sequence}; text keys, as JSON has them."""


class Extent(NamedTuple):
    """What figures hold of an input topic: how far it was read, and how many of its records were retried."""

    marks: Marks
    retried: int


@dataclass(frozen=True, slots=True)
class Stated:
    """The figure last stated under one key."""

    key: str
    version: int
    value: bytes
    restate: bool


@dataclass(frozen=True, slots=True)
class Folded:
    """What was folded of `intake.entrepreneur.v1` in all: how many facts, told and known until when."""

    facts: int
    declared_at: datetime | None
    known_at: datetime | None


async def budgets(session: Session, envelopes: Iterable[Envelope]) -> list[Budget]:
    """Load the budgets of the envelopes that have one.

    The checkpoint's lock makes this transaction the only writer of its contracts, so the rows need none of their own.
    """
    connection = await driver(session)
    names = sorted({envelope.envelope_id for envelope in envelopes})
    return [_budget(row) for row in await connection.fetch(BUDGETS, names)]


def _budget(row: Any) -> Budget:
    contract, funder, exercise, *amounts, version, known_at, has_payment_credits, closed = row
    envelope = Envelope(contract, Funder(funder), exercise)
    return Budget(envelope, Balances(*amounts), version, known_at, has_payment_credits, closed)


async def stakes(session: Session, keys: Iterable[StakeKey]) -> dict[StakeKey, Stake]:
    """Load what commitments have of funders; the rows are their contracts', and need no lock of their own either."""
    wanted = sorted(set(keys))
    connection = await driver(session)
    rows = await connection.fetch(STAKES, [key.commitment_id for key in wanted], [key.funder for key in wanted])
    return {StakeKey(commitment_id, Funder(funder)): Stake(*cents) for commitment_id, funder, *cents in rows}


async def unstated_budgets(session: Session, topic: str) -> list[Budget]:
    """List the budgets that changed since they were last stated on `topic`."""
    connection = await driver(session)
    return [_budget(row) for row in await connection.fetch(UNSTATED_BUDGETS, topic)]


async def herald(session: Session, topic: str) -> Budget | None:
    """Return the first of the budgets that stand as they were stated: the one that carries marks that moved alone."""
    connection = await driver(session)
    row = await connection.fetchrow(HERALD, topic)
    return None if row is None else _budget(row)


async def businesses(session: Session, keys: Iterable[BusinessKey]) -> dict[BusinessKey, Business]:
    """Load the businesses that are known among `keys`; their partitions are locked, so their rows need no lock."""
    wanted = sorted(set(keys))
    connection = await driver(session)
    rows = await connection.fetch(BUSINESSES, [k.partition for k in wanted], [k.business_id for k in wanted])
    return {(business := _business(row)).key: business for row in rows}


def _business(row: Any) -> Business:
    partition, business_id, contract, born_on, first_observed_on, birth_told_at, ended_on, end_kind, end_told_at = row
    return Business(
        key=BusinessKey(partition, business_id), contract=contract, born_on=born_on,
        first_observed_on=first_observed_on, birth_told_at=birth_told_at, ended_on=ended_on,
        end_kind=None if end_kind is None else EndKind(end_kind), end_told_at=end_told_at,
    )  # fmt: skip


async def lives(session: Session) -> dict[str, list[BusinessLife]]:
    """Load every life with a birth, by contract; a contract of which anything was told is there, be it empty."""
    connection = await driver(session)
    found: dict[str, list[BusinessLife]] = {}
    for contract in (await session.scalars(select(StratumRow.contract).distinct())).all():
        found[contract] = []
    for contract, born_on, first_observed_on, ended_on, end_kind in await connection.fetch(LIVES):
        life = BusinessLife(
            stratum=contract, born_on=born_on, first_observed_on=first_observed_on, ended_on=ended_on,
            end_kind=None if end_kind is None else EndKind(end_kind),
        )  # fmt: skip
        found.setdefault(contract, []).append(life)
    return found


async def folded(session: Session) -> Folded:
    """Sum the watermarks of all partitions."""
    row = (
        await session.execute(
            select(
                func.coalesce(func.sum(col(WatermarkRow.facts)), 0), func.max(col(WatermarkRow.declared_at)),
                func.max(col(WatermarkRow.known_at)),
            )
        )
    ).one()  # fmt: skip
    return Folded(int(row[0]), row[1], row[2])


async def folded_extent(session: Session, topic: str) -> Extent:
    """Return what is folded of an input topic; a partition never read is absent."""
    query = select(Checkpoint.partition, Checkpoint.last_sequence).where(Checkpoint.topic == topic)
    read = {str(row[0]): row[1] for row in await session.execute(query.order_by(col(Checkpoint.partition)))}
    return Extent(read, await quarantine.count_retried(session, topic))


async def published_extent(session: Session, topic: str) -> Extent:
    """Return what was folded of the input when an output topic was last stated."""
    row = (await session.scalars(select(PublicationRow).where(PublicationRow.topic == topic))).one_or_none()
    return Extent({}, 0) if row is None else Extent(row.read, row.retried)


async def stated(session: Session, topic: str, key: str) -> Stated | None:
    """Return what was last stated under a key."""
    query = select(StatementRow).where(StatementRow.topic == topic, StatementRow.key == key)
    row = (await session.scalars(query)).one_or_none()
    return None if row is None else Stated(row.key, row.version, row.value, row.restate)


async def stated_budgets(session: Session) -> list[BudgetStated]:
    """Return every budget last stated, by envelope."""
    return [BudgetStated.model_validate_json(value) for value in await _all_stated(session, BUDGET.name)]


async def stated_survival(session: Session) -> list[SurvivalStated]:
    """Return the survival set last stated: `all` first, then the contracts by code."""
    stated = [SurvivalStated.model_validate_json(value) for value in await _all_stated(session, SURVIVAL.name)]
    return sorted(stated, key=lambda figure: (figure.stratum != ALL, figure.stratum))


async def _all_stated(session: Session, topic: str) -> list[bytes]:
    query = select(StatementRow.value).where(StatementRow.topic == topic).order_by(col(StatementRow.key))
    return list((await session.scalars(query)).all())


async def other_sessions(session: Session, application: str) -> int:
    """Count the other connections to this database whose application name begins so."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND starts_with(application_name, :application)"
    )
    return int((await session.execute(query, {"application": application})).scalar_one())
