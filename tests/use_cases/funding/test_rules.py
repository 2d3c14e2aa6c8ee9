"""Rules are versions at their place in the line; however events are batched, they decide the same."""

import json
import random
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from shared.database.transaction import transaction
from tests.support.books import assert_books_balance
from tests.support.commands import assert_examined
from tests.support.commitment_events import Json, event, named, opened, records
from tests.support.ledger import Ledger
from tests.support.topics import Log

OPENINGS = [opened("CV219", "CDC", 2016, 100), opened("CV219", "STATE", 2016, 100)]


def declared(number: int, cdc: int, **more: Any) -> Json:
    terms = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc} | more
    return event("CommitmentDeclared", f"commitment {number}", contract="CV219", number=number, **terms)


def withdrawn(number: int, whose: int) -> Json:
    about = {"contract": "CV219", "number": number, "reason": "abandoned"}
    return event("CommitmentWithdrawn", f"commitment {whose}", **about)


async def said(ledger: Ledger) -> list[tuple[str, str | None, int | None]]:
    rows = await ledger.rows("SELECT type, value FROM outbox WHERE type NOT LIKE 'Envelope%' ORDER BY sequence")
    values = [(row["type"], json.loads(row["value"])) for row in rows]
    return [(type_, value.get("reason"), value.get("rules_version")) for type_, value in values]


async def test_rules_bind_from_their_place_on_and_each_decision_says_the_version(ledger: Ledger) -> None:
    await ledger.open(OPENINGS, partition=0)
    log = records([declared(1, 60), declared(2, 60), declared(3, 10)])
    await ledger.decide(log[:1], [1])
    [first] = await ledger.rule("CV219", 2016, {"cap_per_project_cents": 50})
    assert await ledger.rule("CV219", 2016, {"cap_per_project_cents": 50}) == []
    await ledger.decide(log[1:2], [1])
    [second] = await ledger.rule("CV219", 2016, {"cap_per_project_cents": 5})
    await ledger.decide(log[2:], [1])
    assert (first.version, second.version) == (1, 2)
    assert await said(ledger) == [
        ("AllocationReserved", None, None), ("AllocationRefused", "exceeds-project-cap", 1),
        ("AllocationRefused", "exceeds-project-cap", 2),
    ]  # fmt: skip
    kept = await ledger.rows("SELECT version, content, partition, next_offset FROM rule_set ORDER BY version")
    assert [(row["version"], row["content"], row["partition"], row["next_offset"]) for row in kept] == [
        (1, {"cap_per_project_cents": 50}, 0, 1), (2, {"cap_per_project_cents": 5}, 0, 2),
    ]  # fmt: skip
    await assert_books_balance(ledger.url, log={0: log})
    await assert_examined(ledger)


async def test_rules_that_skip_serve_who_fits_at_once(ledger: Ledger) -> None:
    await ledger.open(OPENINGS, partition=0)
    log = records([declared(1, 60), declared(2, 50), declared(3, 30)])
    await ledger.decide(log, [3])
    await ledger.rule("CV219", 2016, {"waitlist": "skip"})
    assert (await said(ledger))[-1] == ("AllocationPromoted", None, 1)
    [promoted] = await ledger.rows("SELECT cause, value FROM outbox WHERE type = 'AllocationPromoted'")
    [command] = await ledger.rows("SELECT command_id, kind, outcome FROM command WHERE kind = 'rules'")
    assert promoted["cause"] == command["command_id"]
    assert [fact["type"] for fact in command["outcome"]["facts"]] == ["AllocationPromoted"]
    await assert_books_balance(ledger.url, log={0: log})
    await assert_examined(ledger)


@pytest.mark.parametrize("sizes", [[1], [2, 3], [100]])
async def test_a_beneficiary_is_recognised_however_events_are_batched(ledger: Ledger, sizes: list[int]) -> None:
    await ledger.open(OPENINGS, partition=0)
    x = {"beneficiary_id": named("X")}
    before = records([declared(1, 20, **x)])
    await ledger.decide(before, [1])
    await ledger.rule("CV219", 2016, {"cap_per_beneficiary_cents": 40})
    amended = {"contract": "CV219", "cdc_cents": 21, "state_cents": 0, "cost_cents": 21}
    log = [
        *before,
        *records(
            [
                declared(2, 20, **x),
                declared(3, 1, **x),
                declared(4, 40, beneficiary_id=named("Y")),
                event("CommitmentAmended", "commitment 1", number=5, **amended),
                withdrawn(6, 1),
                declared(7, 20, **x),
                declared(8, 1, **x),
            ],
            start=1,
        ),
    ]
    await ledger.decide(log[1:], sizes)
    cap = "exceeds-beneficiary-cap"
    assert await said(ledger) == [
        ("AllocationReserved", None, None), ("AllocationReserved", None, 1), ("AllocationRefused", cap, 1),
        ("AllocationReserved", None, 1), ("MovementRefused", cap, 1), ("AllocationReleased", None, None),
        ("AllocationReserved", None, 1), ("AllocationRefused", cap, 1),
    ]  # fmt: skip
    await assert_books_balance(ledger.url, log={0: log})


@pytest.mark.parametrize("seed", range(4))
async def test_any_line_with_rules_is_decided_as_the_oracle_does(ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    await ledger.open(OPENINGS, partition=0)
    events = []
    for number in range(60):
        whose = chance.choice(({}, {"beneficiary_id": named("X")}, {"beneficiary_id": named("Y")}))
        asked = chance.randint(1, 40)
        terms = {"cost_cents": asked + chance.randint(0, 30), "priority": chance.choice((1, 5)), **whose}
        events.append(declared(number, asked, **terms) if chance.random() < 0.7 or not number
                      else withdrawn(number, chance.randrange(number)))  # fmt: skip
    log = records(events)
    start = 0
    while start < len(log):
        if chance.random() < 0.5:
            limits = {"cap_per_project_cents": 30, "cap_per_beneficiary_cents": 60, "public_aid_max": 70,
                      "waitlist": "skip", "order": "first-come"}  # fmt: skip
            await ledger.rule("CV219", 2016, {k: v for k, v in limits.items() if chance.random() < 0.5})
        size = chance.randint(1, 15)
        await ledger.decide(log[start : start + size], [chance.randint(1, size)])
        start += size
    found: Log = {0: log}
    await assert_books_balance(ledger.url, log=found)
    await assert_examined(ledger)


@pytest.mark.parametrize("statement", ["UPDATE rule_set SET version = 9", "DELETE FROM rule_set"])
async def test_a_version_stays_as_it_is(ledger: Ledger, statement: str) -> None:
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"cap_per_project_cents": 50})
    with pytest.raises(IntegrityError, match="the audit trail cannot be changed"):
        async with transaction(ledger.engine) as session:
            await (await session.connection()).exec_driver_sql(statement)
