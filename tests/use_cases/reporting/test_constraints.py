"""The database itself refuses what no ledger can show, whoever writes it: each CHECK is attacked by SQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.reporting import use_cases
from shared.contracts.reasons import Standing
from shared.database.transaction import transaction
from shared.kernel.funders import Funder
from tests.use_cases.reporting.projection import Projection
from tests.use_cases.reporting.records import allocations, decided, envelope

FACTS = (
    envelope("EnvelopeOpened", "CV219.CDC.2016", 1000),
    envelope("EnvelopeOpened", "CV219.STATE.2016", 500, payment_cents=400),
    envelope("EnvelopeOpened", "CV219.STATE.2017", 0, payment_cents=50),
    decided("AllocationReserved", "a", cdc_cents=300, state_cents=100),
    decided("AllocationWaitlisted", "b", cdc_cents=900),
    decided("AllocationEngaged", "a", state_cents=80, funder=Funder.STATE),
    decided("AllocationEngaged", "a", cdc_cents=200, funder=Funder.CDC),
    decided("AllocationDecommitted", "a", cdc_cents=50, funder=Funder.CDC, same_exercise=False),
    decided("PaymentRecorded", "a", cdc_cents=120, funder=Funder.CDC),
    decided("PaymentRecorded", "a", state_cents=60, funder=Funder.STATE, from_payment_credits=True),
    envelope("EnvelopeClosed", "CV219.STATE.2017", 0, payment_cents=20),
)
CDC, STATE, CLOSED = "CV219.CDC.2016", "CV219.STATE.2016", "CV219.STATE.2017"
CENTS = ("authorised", "frozen", "reserved", "waitlisted", "engaged", "lapsed", "paid", "payment_credits",
         "payments_frozen")  # fmt: skip
ATTACKS = [
    (CDC, "lapsed_cents = lapsed_cents + 701", "room"),
    (CDC, "frozen_cents = 701", "room"),
    *((STATE, f"{name}_cents = -1", "") for name in CENTS),
    *((STATE, f"{name}_count = -1", "counts") for name in ("reserved", "waiting", "engaged", "refused")),
    (CDC, "paid_cents = engaged_cents + 1", "payable"),
    (STATE, "paid_cents = payment_credits_cents + 1", "payable"),
    (STATE, "payments_frozen_cents = payment_credits_cents - paid_cents + 1", "payable"),
    (STATE, "has_payment_credits = false", "payment_credits"),
    (CDC, "payment_credits_cents = 1", "payment_credits"),
    (CDC, "closed = true", "closed"),
    (CLOSED, "payments_frozen_cents = 1", "closed"),
    (STATE, "reserved_count = 0", "counts"),
    (STATE, "engaged_count = 0", "counts"),
    (CDC, "waiting_count = 0", "counts"),
    (STATE, "waiting_count = 1", "counts"),
]


@pytest.mark.parametrize(("name", "change", "constraint"), ATTACKS)
async def test_a_budget_that_cannot_be_is_not_written(
    projection: Projection, name: str, change: str, constraint: str
) -> None:
    await projection.apply(allocations(*FACTS))
    with pytest.raises(IntegrityError, match=f"ck_budget_{constraint}"):
        async with transaction(projection.engine) as session:
            await session.execute(text(f"UPDATE budget SET {change} WHERE envelope_id = '{name}'"))  # noqa: S608
    assert len(await projection.rows("SELECT 1 FROM budget")) == 3


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        *((f"{name}_cents = -1", "(not_negative|waits|paid)") for name in
          ("reserved", "waitlisted", "engaged", "paid")),
        ("paid_cents = engaged_cents + 1", "paid"),
        ("waitlisted_cents = 1", "waits"),
    ],
)  # fmt: skip
async def test_a_stake_that_cannot_be_is_not_written(projection: Projection, change: str, constraint: str) -> None:
    await projection.apply(allocations(*FACTS))
    with pytest.raises(IntegrityError, match=f"ck_stake_{constraint}"):
        async with transaction(projection.engine) as session:
            await session.execute(text(f"UPDATE stake SET {change} WHERE engaged_cents > 0"))  # noqa: S608


async def test_what_a_commitment_has_no_more_is_not_kept(projection: Projection) -> None:
    await projection.apply(allocations(*FACTS))
    query = "SELECT funder, reserved_cents, waitlisted_cents, engaged_cents, paid_cents FROM stake ORDER BY 1, 3"
    assert await projection.rows(query) == [
        ("CDC", 100, 0, 150, 120), ("CDC", 0, 900, 0, 0), ("STATE", 20, 0, 80, 60),
    ]  # fmt: skip
    given_back = decided("AllocationReleased", "b", cdc_cents=900, standing=Standing.WAITLISTED)
    await projection.apply(allocations(given_back, start=len(FACTS)))
    assert len(await projection.rows(query)) == 2
    await use_cases.rebuild(projection.engine, application="reporting/")
    assert await projection.rows(query) == []
