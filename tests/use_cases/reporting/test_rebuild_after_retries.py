"""A rebuild gives the same figures to the last digit, what was retried from quarantine included, each in its place."""

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from services.reporting import use_cases
from services.reporting.handlers import allocations as allocation_stream
from services.reporting.handlers import entrepreneurs as entrepreneur_stream
from shared.contracts.entrepreneur import CessationKind
from shared.contracts.fields import Fact
from shared.contracts.reasons import RefusalReason, Standing
from shared.contracts.topics import BUDGET, SURVIVAL
from shared.database import quarantine
from shared.database.tables import Quarantined, QuarantineState
from shared.database.transaction import reading, transaction
from shared.messaging.quarantine_desk import Correction, Desk, NotRetriable
from shared.messaging.spine import SpineTerms
from tests.support.seeds import seeds
from tests.use_cases.reporting.projection import Projection, fixed_clock
from tests.use_cases.reporting.records import Record, allocations, cut, decided, entrepreneurs, envelope, raw, told

CDC = "CV219.CDC.2016"


def desk_of(projection: Projection) -> Desk:
    """Reporting's desk on a test's database."""
    terms = SpineTerms(
        service="reporting", instance="desk", database_url="", servers=[], migrations=Path(),
        streams=[allocation_stream, entrepreneur_stream], inputs=[], outputs=[], clock=fixed_clock,
    )  # fmt: skip
    return Desk(terms, projection.engine, projection.route)


def spoiled(records: Sequence[Record], offset: int) -> list[Record]:
    """The same log, of which one record cannot be read."""
    return [_without_value(one) if one.offset == offset else one for one in records]


def _without_value(one: Record) -> Record:
    return raw(one.topic, one.headers, b'{"cut', partition=one.partition, offset=one.offset)


async def lying(projection: Projection, state: QuarantineState = QuarantineState.OPEN) -> dict[int, Quarantined]:
    """What lies in quarantine, by offset."""
    async with reading(projection.engine) as session:
        return {row.offset: row for row in await quarantine.listed(session, state=state, limit=100)}


async def retry(projection: Projection, offset: int, correction: Fact | None = None) -> None:
    """Apply the record of an offset, as it is or corrected."""
    row = (await lying(projection))[offset]
    mended = None if correction is None else Correction(value=correction.model_dump_json().encode())
    assert await desk_of(projection).retry(row.id, mended) is None


async def state(projection: Projection) -> None:
    """Run both publishers."""
    await projection.state_budgets()
    await projection.state_survival()


async def rebuilt(projection: Projection, batches: Sequence[Sequence[Record]]) -> None:
    """Forget, read again, and state as one goes."""
    await use_cases.rebuild(projection.engine, application="reporting/")
    for batch in batches:
        await projection.apply(batch)
        await state(projection)


OPENING = envelope("EnvelopeOpened", CDC, 1_000)


def refused(name: int) -> Fact:
    """One refusal, that moves a count."""
    fact: Fact = decided("AllocationRefused", name, cdc_cents=1, reason=RefusalReason.NO_ROOM)
    return fact


@pytest.mark.parametrize("seed", seeds(3))
async def test_what_was_retried_is_folded_again_where_it_was_applied(projection: Projection, seed: int) -> None:
    """The opening is unreadable, so what is reserved on it is impossible: each is retried later, in another order."""
    money = spoiled(
        allocations(
            OPENING,
            decided("AllocationReserved", 1, cdc_cents=400),
            decided("AllocationReserved", 2, cdc_cents=500),
            refused(3),
            decided("AllocationReleased", 1, cdc_cents=400, standing=Standing.RESERVED),
            decided("AllocationReserved", 4, cdc_cents=500),
        ), 0,
    )  # fmt: skip
    await projection.apply(money[:3])
    await retry(projection, 0, OPENING)
    await retry(projection, 2)
    await projection.apply(money[3:4])
    await retry(projection, 1)
    await projection.apply(money[4:])
    await state(projection)
    rows, figure = await projection.folded(), await projection.budget(CDC)
    assert (figure["reserved_cents"], figure["version"]) == (1_000, 6)
    await rebuilt(projection, cut(random.Random(seed), money))
    assert await projection.folded() == rows
    assert {**await projection.budget(CDC), "read": None} == {**figure, "read": None}
    assert (await lying(projection)).keys() == set()


@pytest.mark.parametrize("seed", seeds(3))
async def test_what_was_retried_does_not_take_its_old_place(projection: Projection, seed: int) -> None:
    """There it would have taken the room of what came next, which would then be impossible."""
    first = decided("AllocationReserved", 1, cdc_cents=600)
    second = decided("AllocationReserved", 2, cdc_cents=700)
    given_back = decided("AllocationReleased", 2, cdc_cents=700, standing=Standing.RESERVED)
    money = spoiled(allocations(OPENING, first, second, given_back, refused(3)), 1)
    await projection.apply(money[:4])
    await retry(projection, 1, first)
    await projection.apply(money[4:])
    rows = await projection.folded()
    await rebuilt(projection, [money] if seed % 2 else cut(random.Random(seed), money))
    assert await projection.folded() == rows
    assert (await lying(projection)).keys() == set()


async def test_a_life_that_was_retried_is_the_same_after_a_rebuild(projection: Projection) -> None:
    born = told("BusinessCreated", on=date(2016, 5, 2))
    ended = told("BusinessCeased", on=date(2018, 5, 2), cessation=CessationKind.LIQUIDATION)
    lives = spoiled(entrepreneurs(born, ended, told("BusinessCreated", 2), partition=2), 0)
    await projection.apply(lives)
    await retry(projection, 0, born)
    await state(projection)
    rows, figure = await projection.folded(), await projection.survival()
    assert figure["version"] == 3
    await rebuilt(projection, [lives[:1], lives[1:]])
    assert await projection.folded() == rows
    assert await projection.survival() == figure


async def test_a_retry_after_all_that_is_in_the_log_is_folded_again_too(projection: Projection) -> None:
    money = spoiled(allocations(OPENING), 0)
    await projection.apply(money)
    await retry(projection, 0, OPENING)
    rows = await projection.folded()
    assert rows["budget"]
    await rebuilt(projection, [money])
    assert await projection.folded() == rows


async def test_a_record_of_the_quarantine_is_not_read_from_the_log_even_when_it_could_be_now(
    projection: Projection,
) -> None:
    """What a newer version can read was decided by a person before: retried once, dropped, or still to be looked at."""
    good = allocations(
        OPENING, *(decided("AllocationRefused", n, cdc_cents=1, reason=RefusalReason.NO_ROOM) for n in (1, 2, 3))
    )
    bad = spoiled(spoiled(spoiled(good, 1), 2), 3)
    await projection.apply(bad)
    await retry(projection, 1, refused(1))
    await desk_of(projection).drop((await lying(projection))[2].id)
    rows = await projection.folded()
    await rebuilt(projection, [good])
    assert await projection.folded() == rows
    assert (await lying(projection)).keys() == {3}
    dead = await projection.stated("funding.allocation.v1.reporting.dlq")
    assert len(dead) == 3, "nothing is announced dead twice"


async def test_a_retry_moves_the_published_figure_without_waiting_for_another_record(projection: Projection) -> None:
    money = spoiled(allocations(OPENING, decided("AllocationReserved", 1, cdc_cents=400)), 1)
    lives = spoiled(entrepreneurs(told("BusinessCreated"), told("BusinessCreated", 2)), 1)
    await projection.apply(money, lives)
    await state(projection)
    for topic, fact in ((money, decided("AllocationReserved", 1, cdc_cents=400)), (lives, told("BusinessCreated", 2))):
        async with reading(projection.engine) as session:
            rows = await quarantine.listed(session, state=QuarantineState.OPEN, limit=9)
        row = next(row for row in rows if row.topic == topic[0].topic)
        assert await desk_of(projection).retry(row.id, Correction(value=fact.model_dump_json().encode())) is None
    await state(projection)
    assert (await projection.budget(CDC))["reserved_cents"] == 400
    assert (await projection.survival())["version"] == 2
    said = [len(await projection.stated(topic.name)) for topic in (BUDGET, SURVIVAL)]
    await state(projection)
    assert [len(await projection.stated(topic.name)) for topic in (BUDGET, SURVIVAL)] == said


async def test_a_record_that_the_rebuild_has_not_come_to_cannot_be_retried_yet(projection: Projection) -> None:
    money = spoiled(allocations(OPENING, refused(1)), 1)
    await projection.apply(money)
    row = (await lying(projection))[1]
    await use_cases.rebuild(projection.engine, application="reporting/")
    await projection.apply(money[:1])
    with pytest.raises(NotRetriable, match="not come to it"):
        await desk_of(projection).retry(row.id)
    assert (await lying(projection)).keys() == {1}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (b"no longer read", "json-invalid"),
        (decided("AllocationReserved", 9, cdc_cents=5_000).model_dump_json().encode(), "balance-impossible"),
    ],
)
async def test_what_was_retried_and_is_refused_by_a_newer_version_waits_for_a_person_again(
    projection: Projection, now: bytes, reason: str
) -> None:
    money = spoiled(allocations(OPENING, decided("AllocationReserved", 1, cdc_cents=400), refused(2)), 1)
    await projection.apply(money)
    await retry(projection, 1, decided("AllocationReserved", 1, cdc_cents=400))
    (row,) = (await lying(projection, QuarantineState.RETRIED)).values()
    packed = Correction(value=now).of(desk_of(projection).content(row)).pack()
    async with transaction(projection.engine) as session:
        await session.execute(text("UPDATE quarantine SET corrected = :packed"), {"packed": packed})
    await rebuilt(projection, [money])
    assert {offset: row.reason for offset, row in (await lying(projection)).items()} == {1: reason}
    assert (await projection.budget(CDC))["refused_count"] == 1
    assert len(await projection.stated("funding.allocation.v1.reporting.dlq")) == 2
