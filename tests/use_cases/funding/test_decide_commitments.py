"""Decisions on a real PostgreSQL are those of the oracle, however the log is cut into batches."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.books import assert_books_balance
from tests.support.commitment_events import Json, Scribe, event, named, opened, record, records
from tests.support.ledger import Ledger, open_ledger
from tests.support.seeds import seeds

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def declare(name: str, number: int, cdc: int = 0, state: int = 0, **more: Any) -> Json:
    terms: Json = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state, "exercise": 2016, "priority": 5}
    return event("CommitmentDeclared", name, contract="CV219", number=number, **(terms | more))


def amend(name: str, number: int, cdc: int = 0, state: int = 0) -> Json:
    terms: Json = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state}
    return event("CommitmentAmended", name, contract="CV219", number=number, **terms)


def withdraw(name: str, number: int, contract: str = "CV219") -> Json:
    return event("CommitmentWithdrawn", name, contract=contract, number=number, reason="abandoned")


async def told(ledger: Ledger, partition: int = 0) -> list[tuple[str, str]]:
    """What was announced about commitments, in order: type and commitment."""
    rows = await ledger.rows(
        "SELECT type, subject FROM outbox WHERE topic = 'funding.allocation.v1' AND partition = :partition"
        " AND type NOT LIKE 'Envelope%' ORDER BY sequence",
        partition=partition,
    )
    return [(row["type"], row["subject"]) for row in rows]


@pytest.mark.parametrize("seed", seeds(2))
async def test_decisions_are_the_oracles_whatever_the_batching(ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    log = {}
    for partition, (events, largest) in enumerate([(30, 1), (90, 3), (200, 10), (300, 40), (300, 300)]):
        scribe = Scribe(random.Random(seed + partition), [f"CV{partition}{n:02}" for n in range(2)])
        await ledger.open(scribe.openings(), partition=partition)
        log[partition] = records(scribe.events(events), partition=partition)
        await ledger.decide(log[partition], (chance.randint(1, largest) for _ in range(events)))
    await assert_books_balance(ledger.url, log=log)


@pytest.mark.parametrize("seed", seeds(1))
async def test_a_batch_may_span_partitions(ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    log = {}
    for partition in range(4):
        scribe = Scribe(random.Random(seed + partition), [f"CV{partition}{n:02}" for n in range(2)])
        await ledger.open(scribe.openings(), partition=partition)
        log[partition] = records(scribe.events(200), partition=partition)
    batch, reached = ledger.micro_batch(), dict.fromkeys(log, 0)
    while any(reached[p] < len(log[p]) for p in log):
        handed = []
        for partition in chance.sample(sorted(log), chance.randint(1, 4)):
            size = chance.randint(0, 30)
            handed += log[partition][reached[partition] : reached[partition] + size]
            reached[partition] = min(reached[partition] + size, len(log[partition]))
        if handed:
            await batch.apply(handed)
    await assert_books_balance(ledger.url, log=log)


@pytest.mark.parametrize("seed", seeds(1))
async def test_the_bytes_are_the_same_in_any_batching(fresh_database: Callable[[], str], seed: int) -> None:
    scribe = Scribe(random.Random(seed), ["CV217", "CV219"])
    opening, log = scribe.openings(), records(scribe.events(300))
    written = []
    for largest in (4, 300):
        async with open_ledger(fresh_database()) as ledger:
            await ledger.open(opening, partition=0)
            chance = random.Random(largest)
            await ledger.decide(log, (chance.randint(1, largest) for _ in range(300)))
            written.append(
                [
                    await ledger.rows("SELECT sequence, key, event_id, type, subject, cause, time, value FROM outbox"
                                      " WHERE topic = 'funding.allocation.v1' ORDER BY sequence"),
                    await ledger.rows("SELECT * FROM posting ORDER BY sequence, line"),
                    await ledger.rows("SELECT * FROM commitment ORDER BY commitment_id"),
                    await ledger.rows("SELECT * FROM envelope ORDER BY envelope_id"),
                ]
            )  # fmt: skip
    assert written[0] == written[1]


async def test_what_a_batch_declares_and_moves_stays_behind_those_who_waited_before(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    log = records(
        [
            declare("A", 1, 60), declare("B", 2, 50),
            declare("C", 3, 30), declare("D", 4, 5), amend("C", 5, 20), withdraw("C", 6),
        ]
    )  # fmt: skip
    await ledger.decide(log, [2, 4])
    assert await told(ledger) == [
        ("AllocationReserved", named("A")), ("AllocationWaitlisted", named("B")), ("AllocationWaitlisted", named("C")),
        ("AllocationWaitlisted", named("D")), ("AllocationAmended", named("C")), ("AllocationReleased", named("C")),
    ]  # fmt: skip
    await assert_books_balance(ledger.url, log={0: log})


async def test_the_whole_log_told_again_changes_nothing(ledger: Ledger) -> None:
    scribe = Scribe(random.Random(2016), ["CV219"])
    await ledger.open(scribe.openings(), partition=0)
    log = records(scribe.events(120))
    await ledger.decide(log, [50])
    before = await told(ledger)
    await ledger.decide(log, [7, 90])
    assert await told(ledger) == before
    await assert_books_balance(ledger.url, log={0: log})


async def test_envelopes_may_be_opened_between_two_events(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    log = records([declare("A", 1, 10, 10), declare("B", 2, 10), declare("C", 3, 10, 10)])
    await ledger.decide(log[:1], [1])
    assert await ledger.open([opened("CV219", "STATE", 2016, 50)], partition=0) == ["CV219.STATE.2016"]
    await ledger.decide(log[1:], [2])
    assert [kind for kind, _ in await told(ledger)] == ["AllocationRefused", "AllocationReserved", "AllocationReserved"]
    await assert_books_balance(ledger.url, log={0: log})


async def test_an_event_is_known_when_it_was_told_and_never_before_the_one_before_it(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0, clock=lambda: _at(8))
    events = [
        declare(name, number, 10, known_at=_at(hour))
        for number, (name, hour) in enumerate(zip("ABCD", (9, 11, 10, 12), strict=True))
    ]
    await ledger.decide(records(events), [1, 3])
    rows = await ledger.rows("SELECT time, value FROM outbox WHERE type = 'AllocationReserved' ORDER BY sequence")
    assert [row["time"] for row in rows] == [_at(9), _at(11), _at(11), _at(12)]
    assert [json.loads(row["value"])["known_at"] for row in rows] == [
        f"2016-10-03T{h:02}:00:00Z" for h in (9, 11, 11, 12)
    ]


async def test_a_decision_carries_the_trace_of_its_event(ledger: Ledger) -> None:
    await ledger.open([opened("CV219", "CDC", 2016, 100)], partition=0)
    traced = record(declare("A", 1, 10), offset=0)
    traced.headers = (*traced.headers, ("traceparent", TRACE))
    await ledger.micro_batch().apply([traced])
    [row] = await ledger.rows("SELECT traceparent, cause, key FROM outbox WHERE type = 'AllocationReserved'")
    assert (row["traceparent"].encode(), bytes(row["key"])) == (TRACE, b"CV219")


def _at(hour: int) -> datetime:
    return datetime(2016, 10, 3, hour, tzinfo=UTC)
