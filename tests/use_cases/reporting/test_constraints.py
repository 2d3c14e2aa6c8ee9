"""The database itself refuses what no ledger can show, whoever writes it: each CHECK is attacked by SQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.reporting import use_cases
from shared.contracts.reasons import Standing
from shared.database.transaction import transaction
from shared.kernel.funders import Funder
from tests.support.constraints import SPINE, assert_refused, checks
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
BUSINESS = "INSERT INTO business (partition, business_id, {}) VALUES (0, gen_random_uuid(), {})"
BUSINESSES = (
    ("ck_business_end_kind", BUSINESS.format("ended_on, end_kind", "'2016-10-03', 'lost'")),
    ("ck_business_end", BUSINESS.format("ended_on", "'2016-10-03'")),
    ("ck_business_end", BUSINESS.format("end_kind", "'death'")),
    ("ck_business_birth", BUSINESS.format("born_on", "'2016-10-03'")),
    ("ck_business_birth", BUSINESS.format("born_on, contract", "'2016-10-03', 'CV219'")),
    ("ck_business_birth", BUSINESS.format("first_observed_on", "'2016-10-03'")),
)
BUDGET = (
    "INSERT INTO budget VALUES ('CV219.CDC.2018', 'CV219', 'CDC', 2018, -1, {}, 0, 0, 0, 0, 0, 0, 0, 1, now(), 0, 0, 0,"
    " 0, false, false)"
)


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
        ("engaged_cents = 0, paid_cents = -1", "not_negative"),
        ("paid_cents = engaged_cents + 1", "paid"),
        ("waitlisted_cents = 1", "waits"),
    ],
)  # fmt: skip
async def test_a_stake_that_cannot_be_is_not_written(projection: Projection, change: str, constraint: str) -> None:
    await projection.apply(allocations(*FACTS))
    with pytest.raises(IntegrityError, match=f"ck_stake_{constraint}"):
        async with transaction(projection.engine) as session:
            await session.execute(text(f"UPDATE stake SET {change} WHERE engaged_cents > 0"))  # noqa: S608


def url_of(projection: Projection) -> str:
    """Where its database is, with its password."""
    return projection.engine.url.render_as_string(hide_password=False)


async def test_what_no_business_and_no_partition_can_be_is_not_written(projection: Projection) -> None:
    await assert_refused(url_of(projection), [*SPINE, *BUSINESSES, ("ck_budget_not_negative", BUDGET.format(-1))])


async def test_no_check_is_left_untried(projection: Projection) -> None:
    budgets = {f"ck_budget_{constraint}" for _, _, constraint in ATTACKS if constraint} | {"ck_budget_not_negative"}
    stakes = {"ck_stake_not_negative", "ck_stake_paid", "ck_stake_waits"}
    assert await checks(url_of(projection)) == budgets | stakes | {name for name, _ in (*SPINE, *BUSINESSES)}


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
