"""What is owed, kept between pages, is what the whole journal says: after any acts, for today and for a past day."""

import random
from datetime import date
from unittest.mock import AsyncMock

import pytest

from services.funding.domain.journal import Fact
from services.funding.domain.unpaid import DeedKind
from services.funding.pages.debts import Debt, debts
from services.funding.routes.owed import Owed
from services.funding.store import owed
from services.funding.store.journal import open_journal
from shared.database.transaction import reading
from tests.services.funding.managers_pages import act, at, declared, tell_life
from tests.support.commitment_events import Json, Scribe, named, opened, records
from tests.support.ledger import NOW, Ledger

TODAY, BEFORE = NOW.date(), date(2016, 10, 3)
EVENTS, BATCH = 400, 6


async def kept(ledger: Ledger, by: Owed, as_of: date) -> list[Debt]:
    async with reading(ledger.engine) as session:
        return [*await by.debts(session, as_of, is_past=as_of < TODAY)]


async def whole(ledger: Ledger, as_of: date) -> list[Debt]:
    """From every fact of the journal, read in order, without any index or memory."""
    async with reading(ledger.engine) as session:
        journal = await open_journal(session)
        facts: list[Fact] = [r.fact async for r in journal.records() if r.fact and r.fact.type in [*DeedKind]]
    return debts(facts, as_of)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_is_kept_is_what_the_whole_journal_says(seed: int, ledger: Ledger) -> None:
    scribe = Scribe(random.Random(seed), ["CV219", "CV220"], exercises=(2016,))
    for partition, contract in enumerate(scribe.contracts):
        steps: list[Json] = [opened(contract, funder, 2016, 10_000) for funder in ("CDC", "STATE")]
        await ledger.open(steps, partition=partition)
    told, by, seen = scribe.events(EVENTS), Owed(), 0
    batch, written = ledger.micro_batch(), dict.fromkeys(scribe.contracts, 0)
    for start in range(0, EVENTS, BATCH):
        for partition, contract in enumerate(scribe.contracts):
            mine = [each for each in told[start : start + BATCH] if each["value"]["contract"] == contract]
            await batch.apply(records(mine, partition=partition, start=written[contract]))
            written[contract] += len(mine)
        for day in (TODAY, BEFORE):
            found = await kept(ledger, by, day)
            assert found == await whole(ledger, day)
            seen += len(found)
    assert seen > EVENTS // BATCH


async def test_only_commitments_on_which_a_funder_acted_are_read_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell_life(ledger)
    by = Owed()
    first = await kept(ledger, by, TODAY)
    assert [str(debt.commitment_id) for debt in first] == [named("paid")]
    monkeypatch.setattr(owed, "deeds", AsyncMock(side_effect=AssertionError("all was read again")))
    read = AsyncMock(side_effect=owed.deeds_after)
    monkeypatch.setattr(owed, "deeds_after", read)
    await ledger.micro_batch().apply(records([declared("new", 9, 10_00)], start=8))
    assert await kept(ledger, by, TODAY) == first
    assert read.await_count == 0  # a declaration is no act
    payments = [act("PaymentMade", "paid", number, at(11, 30), 200_00, kind="instalment") for number in (10, 11)]
    for offset, (payment, left) in enumerate(zip(payments, (200_00, 0), strict=True), 9):
        await ledger.micro_batch().apply(records([payment], start=offset))
        found = await kept(ledger, by, TODAY)
        assert found == await whole(ledger, TODAY)
        assert sum(debt.unpaid.amount_cents for debt in found) == left
    assert read.await_count == 2


async def test_a_journal_that_was_put_back_is_read_anew(ledger: Ledger) -> None:
    await tell_life(ledger)
    by = Owed()
    assert await kept(ledger, by, TODAY)
    await ledger.execute("DELETE FROM outbox WHERE type <> 'AllocationEngaged'")
    assert await kept(ledger, by, TODAY) == await whole(ledger, TODAY)
    await ledger.execute("UPDATE outbox_partition SET epoch = epoch + 1")
    await ledger.execute("DELETE FROM outbox WHERE sequence <"
                         " (SELECT max(sequence) FROM outbox WHERE type = 'AllocationEngaged')")  # fmt: skip
    assert await kept(ledger, by, TODAY) == await whole(ledger, TODAY)


BY_SUBJECT, BY_PLACE = "ix_outbox_deed_subject", "ix_outbox_deed_place"
QUERIES = ((owed.DEEDS, BY_SUBJECT), (owed.DEEDS_OF, BY_SUBJECT), (owed.LAST_DEEDS, BY_PLACE), (owed.TOUCHED, BY_PLACE))


@pytest.mark.parametrize(("query", "index"), QUERIES)
async def test_each_query_keeps_to_what_its_partial_index_holds(ledger: Ledger, query: str, index: str) -> None:
    other = BY_PLACE if index == BY_SUBJECT else BY_SUBJECT
    async with ledger.engine.connect() as connection:  # never committed
        await connection.exec_driver_sql(f"DROP INDEX {other}")
        await connection.exec_driver_sql("ALTER TABLE outbox DROP CONSTRAINT outbox_pkey")
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        second = {owed.DEEDS: "false", owed.DEEDS_OF: "'{a}'", owed.TOUCHED: "'{0}'"}.get(query, "")
        asked = query.replace("$1", "'funding.allocation.v1'").replace("$2", second).replace("$3", "'{5}'")
        plan = (await connection.exec_driver_sql(f"EXPLAIN {asked}")).scalars().all()
    assert any(index in line for line in plan), plan
