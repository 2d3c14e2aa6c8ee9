"""Telling the territory: idempotent, kept for ever, announced contract by contract, the same in any batching."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.funding.domain.by_epci import Group, by_epci
from services.funding.domain.manager import OPERATOR, Manager
from services.funding.domain.outlook import sum_of
from services.funding.domain.territory import Annulment, Attachment, Change, Merger
from services.funding.store import territory as store
from services.funding.use_cases import territory
from services.funding.use_cases.commanding import Desk, NotCommanded
from services.funding.use_cases.territory import Told, Wanted
from shared.contracts.topics import TERRITORY
from shared.database.transaction import reading, transaction
from tests.support.commands import NEVER, desk
from tests.support.commitment_events import event, records
from tests.support.ledger import NOW, Ledger

AIRE, SAINT_OMER, CALAIS = ("CV218", "246200018"), ("CV220", "246200455"), ("CV224", "246201149")
MERGED = Merger(
    "saint-omer-2017", ("246200018", "246200455"), "200069037", "CA du Pays de Saint-Omer", date(2017, 1, 1)
)
ANNULLED = Annulment("saint-omer-2017", date(2017, 1, 1))
HOMES = [Attachment(contract, epci, f"EPCI of {contract}") for contract, epci in (AIRE, SAINT_OMER, CALAIS)]
SOMEBODY = Manager("driss", "cdc", OPERATOR.funders, frozenset({"CV218"}))


def at(day: int) -> datetime:
    return NOW + timedelta(days=day)


def desk_on(ledger: Ledger, day: int) -> Desk:
    return Desk(ledger.engine, ledger.route, lambda: at(day), NEVER)


async def told(ledger: Ledger, *changes: Change, day: int = 0, **more: Any) -> list[Told]:
    wanted = [Wanted(uuid4(), change, "order") for change in changes]
    return await territory.tell(desk_on(ledger, day), wanted, more.pop("by", OPERATOR), **more)


async def facts(ledger: Ledger) -> list[tuple[Any, ...]]:
    rows = await ledger.rows(
        "SELECT partition, sequence, type, subject, event_id, cause, value FROM outbox WHERE topic = :topic"
        " ORDER BY partition, sequence", topic=TERRITORY.name,
    )  # fmt: skip
    return [tuple(row.values()) for row in rows]


@pytest.fixture
async def places(ledger: Ledger) -> Ledger:
    """A ledger that knows where its contracts lie."""
    ledger.places |= {"CV218": 0, "CV220": 1, "CV224": 1}
    return ledger


async def test_a_merger_is_announced_to_each_contract_that_goes_through_it(places: Ledger) -> None:
    await told(places, *HOMES)
    [merged] = await told(places, MERGED)
    assert merged.is_new
    assert [tuple(fact[:4]) for fact in await facts(places)] == [
        (0, 1, "ContractAttached", "CV218"), (0, 2, "EpciMerged", "CV218"),
        (1, 1, "ContractAttached", "CV220"), (1, 2, "ContractAttached", "CV224"), (1, 3, "EpciMerged", "CV220"),
    ]  # fmt: skip
    assert {fact[5] for fact in await facts(places) if fact[2] == "EpciMerged"} == {merged.change.command_id}


async def test_the_same_again_is_answered_the_same_and_changes_nothing(places: Ledger) -> None:
    wanted = [*territory.of_programme([*HOMES, MERGED, ANNULLED])]
    first = await territory.tell(desk(places), wanted, OPERATOR)
    before = await facts(places)
    again = await territory.tell(desk(places), wanted, OPERATOR)
    other_road = await told(places, MERGED)
    assert [each.is_new for each in first] == [True] * 5
    assert [each.is_new for each in (*again, *other_road)] == [False] * 6
    assert other_road[0].change.command_id == first[3].change.command_id
    assert await facts(places) == before


async def test_a_dry_run_says_whom_it_concerns_and_leaves_nothing(places: Ledger) -> None:
    await told(places, *HOMES)
    before = await facts(places)
    [tried] = await told(places, MERGED, dry_run=True)
    assert tried.rehearsed
    assert [contract for _, contract, _ in tried.change.facts] == ["CV218", "CV220"]
    assert await facts(places) == before
    assert len(await places.rows("SELECT * FROM territory_change")) == 3


async def test_one_identifier_is_one_change(places: Ledger) -> None:
    await told(places, *HOMES)
    one = UUID(int=1)
    await territory.tell(desk(places), [Wanted(one, MERGED, "order")], OPERATOR)
    with pytest.raises(NotCommanded) as refused:
        await territory.tell(desk(places), [Wanted(one, ANNULLED, "order")], OPERATOR)
    assert refused.value.reason == "command-conflict"


async def test_a_manager_speaks_for_its_own_contracts_only(places: Ledger) -> None:
    await told(places, *HOMES)
    with pytest.raises(NotCommanded) as refused:
        await told(places, MERGED, by=SOMEBODY)
    assert refused.value.reason == "not-allowed"
    alone = Merger("aire-2017", ("246200018",), "200069037", "CA du Pays de Saint-Omer", date(2017, 1, 1))
    [done] = await told(places, alone, by=SOMEBODY)
    assert (done.change.by, done.change.told_by) == ("cdc", "driss")


async def test_what_is_refused_leaves_nothing_of_all_that_was_told_with_it(places: Ledger) -> None:
    with pytest.raises(NotCommanded) as refused:
        await told(places, *HOMES, Annulment("nobody", date(2017, 1, 1)))
    assert (refused.value.reason, refused.value.field) == ("merger-unknown", "merger")
    assert await facts(places) == []


async def test_told_in_one_batch_or_one_by_one_the_facts_are_the_same_to_the_byte(places: Ledger) -> None:
    wanted = territory.of_programme([*HOMES, MERGED, ANNULLED])
    await territory.tell(desk(places), wanted, OPERATOR)
    at_once = await facts(places)
    here = {**places.places}
    await places.empty()
    places.places |= here
    for each in wanted:
        await territory.tell(desk(places), [each, each], OPERATOR)
    assert await facts(places) == at_once
    assert len(at_once) == 7


async def test_managers_who_speak_at_once_are_heard_one_after_the_other(places: Ledger) -> None:
    await told(places, *HOMES)
    answers = await asyncio.gather(*(told(places, MERGED, day=n) for n in range(6)))
    assert sum(answer[0].is_new for answer in answers) == 1
    assert [row["number"] for row in await places.rows("SELECT number FROM territory_change ORDER BY 1")] == [
        1,
        2,
        3,
        4,
    ]


async def groups(ledger: Ledger, on: date, until: datetime | None = None) -> list[Group]:
    async with reading(ledger.engine) as session:
        found = await store.territory(session, until=until)
        return by_epci(found, await store.envelopes(session, until=until), on)


async def test_views_are_right_on_both_sides_of_a_merger_and_as_they_were_known(places: Ledger) -> None:
    opened = [{"open": f"{contract}.CDC.2016", "amount_cents": cents} for contract, cents in
              (("CV218", 100_01), ("CV220", 200_02), ("CV224", 300_03))]  # fmt: skip
    for step, partition in zip(opened, (0, 1, 1), strict=True):
        await places.open([step], partition=partition, clock=lambda: at(0))
    await told(places, *HOMES, day=0)
    await told(places, MERGED, day=30)
    asked = {"exercise": 2016, "priority": 5, "cdc_cents": 40_00, "state_cents": 0, "cost_cents": 40_00}
    log = [event("CommitmentDeclared", "one", contract="CV218", number=1, known_at=at(40), **asked)]
    await places.decide(records(log), [1])
    await told(places, ANNULLED, day=60)

    def seen(found: list[Group]) -> list[tuple[str, list[str], int, int]]:
        sums = [(each, sum_of(each.envelopes)) for each in found]
        return [(each.epci, [*each.contracts], total.authorised, total.reserved) for each, total in sums]

    apart = [("246200018", ["CV218"], 100_01, 40_00), ("246200455", ["CV220"], 200_02, 0)]
    calais = ("246201149", ["CV224"], 300_03, 0)
    new_year, eve = date(2017, 1, 1), date(2016, 12, 31)
    assert seen(await groups(places, new_year)) == [*apart, calais]
    assert seen(await groups(places, new_year, at(60))) == [*apart, calais]
    assert seen(await groups(places, new_year, at(59))) == [("200069037", ["CV218", "CV220"], 300_03, 40_00), calais]
    assert seen(await groups(places, eve, at(59))) == [*apart, calais]
    assert seen(await groups(places, new_year, at(39))) == [("200069037", ["CV218", "CV220"], 300_03, 0), calais]
    assert seen(await groups(places, new_year, at(29))) == [("246200018", ["CV218"], 100_01, 0), apart[1], calais]
    assert seen(await groups(places, new_year, datetime(2016, 1, 1, tzinfo=UTC))) == []


async def test_what_is_attached_to_no_epci_is_still_counted(places: Ledger) -> None:
    await places.open([{"open": "CV218.CDC.2016", "amount_cents": 100_01}], partition=0)
    [left] = await groups(places, date(2017, 1, 1))
    assert (left.epci, left.contracts, sum_of(left.envelopes).authorised) == ("", ["CV218"], 100_01)


ATTACKS = ("UPDATE territory_change SET content = '{}'", "DELETE FROM territory_change", "TRUNCATE territory_change",
           "UPDATE territory_change SET told_by = 'nobody'")  # fmt: skip
INSERT = (
    'INSERT INTO territory_change (number, command_id, kind, subject, content, facts, "by", told_by, reason, known_at)'
)
IMPOSSIBLE = {
    "ck_territory_change_number": "0, gen_random_uuid(), 'merge', 'x'",
    "ck_territory_change_kind": "9, gen_random_uuid(), 'dream', 'x'",
    "uq_territory_change_subject": "9, gen_random_uuid(), 'attach', 'CV218'",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_trail_refuses(places: Ledger, attack: str) -> None:
    await told(places, *HOMES)
    with pytest.raises(IntegrityError, match="the audit trail cannot be changed"):
        async with transaction(places.engine) as session:
            await session.execute(text(attack))


@pytest.mark.parametrize("constraint", IMPOSSIBLE)
async def test_the_database_refuses(places: Ledger, constraint: str) -> None:
    await told(places, *HOMES)
    insert = f"{INSERT} SELECT {IMPOSSIBLE[constraint]}, '{{}}', '[]', 'x', 'x', 'x', now()"
    with pytest.raises(IntegrityError, match=constraint):
        async with transaction(places.engine) as session:
            await session.execute(text(insert))
