"""Each envelope that changed is stated once, whole, with a version that only grows."""

import asyncio
import json
import random
from typing import Any

import pytest

from services.funding.use_cases import stating
from shared.contracts.allocation import EnvelopeStated
from tests.support.books import assert_books_balance
from tests.support.commitment_events import Scribe, opened, records
from tests.support.ledger import Ledger, fixed_clock


async def state(ledger: Ledger) -> int:
    return await stating.state_envelopes(engine=ledger.engine, route=ledger.route, clock=fixed_clock, partitions=8)


async def statements(ledger: Ledger) -> list[Any]:
    return await ledger.rows(
        "SELECT partition, key, subject, value FROM outbox WHERE topic = 'funding.envelope.v1'"
        " ORDER BY partition, sequence"
    )


async def test_what_changed_is_stated_once_and_nothing_when_nothing_changed(ledger: Ledger) -> None:
    assert await state(ledger) == 0
    await ledger.open([opened("CV219", "CDC", 2016, 100), opened("CV219", "STATE", 2016, 0)], partition=2)
    assert await state(ledger) == 2
    assert await state(ledger) == 0
    told = await statements(ledger)
    assert [(row["subject"], row["partition"], bytes(row["key"])) for row in told] == [
        ("CV219.CDC.2016", 2, b"CV219.CDC.2016"), ("CV219.STATE.2016", 2, b"CV219.STATE.2016"),
    ]  # fmt: skip


async def test_many_envelopes_are_stated_page_by_page_each_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stating, "STATED_AT_ONCE", 3)
    contracts = [f"CV{number}" for number in range(210, 215)]
    await ledger.open([opened(c, f, 2016, 100) for c in contracts for f in ("CDC", "STATE")], partition=2)
    assert await state(ledger) == 10
    assert sorted(row["subject"] for row in await statements(ledger)) == sorted(
        f"{c}.{f}.2016" for c in contracts for f in ("CDC", "STATE")
    )
    assert await state(ledger) == 0


async def test_a_statement_is_the_envelope_whole_and_its_versions_only_grow(ledger: Ledger) -> None:
    log = {}
    for partition in (1, 2):
        scribe = Scribe(random.Random(partition), [f"CV21{partition}"])
        await ledger.open(scribe.openings(), partition=partition)
        log[partition] = records(scribe.events(200), partition=partition)
    for start in range(0, 200, 25):
        for partition in (1, 2):
            await ledger.decide(log[partition][start : start + 25], [25])
        assert await state(ledger) > 0
    last = {row["subject"]: EnvelopeStated.model_validate_json(row["value"]) for row in await statements(ledger)}
    for row in await ledger.rows("SELECT * FROM envelope"):
        told = last[row["envelope_id"]].model_dump(exclude={"known_at", "available_cents"})
        kept_alone = {"payment_opened_cents", "payment_carried_over_cents"}
        to_pay = {"has_payment_credits": False, "payment_credits_cents": 0}
        assert told == {name: value for name, value in row.items() if name not in kept_alone} | to_pay
        used = sum(row[f"{name}_cents"] for name in ("frozen", "reserved", "engaged", "lapsed"))
        assert last[row["envelope_id"]].available_cents == row["authorised_cents"] - used
    await assert_books_balance(ledger.url, log=log)


async def test_publishers_at_once_state_each_version_once(ledger: Ledger) -> None:
    scribe = Scribe(random.Random(7), ["CV217", "CV219"])
    await ledger.open(scribe.openings(), partition=0)
    log = records(scribe.events(150))
    decided = asyncio.create_task(ledger.decide(log, [5]))
    counts = []
    while not decided.done():
        counts += await asyncio.gather(*(state(ledger) for _ in range(4)))
    await decided
    counts.append(await state(ledger))
    told = await statements(ledger)
    assert len(told) == sum(counts)
    versions = [(row["subject"], json.loads(row["value"])["version"]) for row in told]
    assert len(set(versions)) == len(versions)
    await assert_books_balance(ledger.url, log={0: log})
