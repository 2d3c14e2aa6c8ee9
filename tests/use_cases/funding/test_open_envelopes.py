"""Opening envelopes is one command a contract, between two offsets of its partition, and done once."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from tests.support.books import assert_books_balance
from tests.support.commands import assert_examined
from tests.support.commitment_events import event, opened, records
from tests.support.ledger import NOW, Ledger

OPENINGS = [opened("CV219", "CDC", 2016, 100), opened("CV219", "STATE", 2016, 0), opened("CV221", "CDC", 2016, 70)]


def declared(number: int) -> dict[str, Any]:
    terms: dict[str, Any] = {"exercise": 2016, "priority": 5, "cdc_cents": 1, "state_cents": 0, "cost_cents": 1}
    return event("CommitmentDeclared", f"commitment {number}", contract="CV219", number=number, **terms)


async def test_envelopes_are_opened_once_however_often_they_are_commanded(ledger: Ledger) -> None:
    assert await ledger.open(OPENINGS, partition=0) == ["CV219.CDC.2016", "CV219.STATE.2016", "CV221.CDC.2016"]
    before = await ledger.rows("SELECT * FROM outbox")
    changed = [opened("CV219", "CDC", 2016, 999), *OPENINGS[1:]]
    assert await ledger.open(changed, partition=0) == []
    assert await ledger.rows("SELECT * FROM outbox") == before
    assert {row["envelope_id"]: row["authorised_cents"] for row in await ledger.rows("SELECT * FROM envelope")} == {
        "CV219.CDC.2016": 100, "CV219.STATE.2016": 0, "CV221.CDC.2016": 70,
    }  # fmt: skip


async def test_only_what_is_missing_is_opened(ledger: Ledger) -> None:
    await ledger.open(OPENINGS[:1], partition=0)
    assert await ledger.open(OPENINGS, partition=0) == ["CV219.STATE.2016", "CV221.CDC.2016"]
    await assert_books_balance(ledger.url, log={0: []})


async def test_two_managers_at_once_open_each_envelope_once(ledger: Ledger) -> None:
    opened_by_each = await asyncio.gather(*(ledger.open(OPENINGS, partition=0) for _ in range(6)))
    assert sorted(name for names in opened_by_each for name in names) == sorted(s["open"] for s in OPENINGS)
    facts = await ledger.rows("SELECT subject FROM outbox WHERE type = 'EnvelopeOpened'")
    assert sorted(row["subject"] for row in facts) == sorted(s["open"] for s in OPENINGS)
    await assert_books_balance(ledger.url, log={0: []})


async def test_an_opening_is_announced_with_who_and_when_and_posted_to_the_cent(ledger: Ledger) -> None:
    await ledger.open(OPENINGS[:2], partition=3)
    first, second = await ledger.rows("SELECT * FROM outbox ORDER BY sequence")
    assert (first["topic"], first["partition"], bytes(first["key"])) == ("funding.allocation.v1", 3, b"CV219")
    assert json.loads(first["value"]) == {
        "envelope_id": "CV219.CDC.2016", "contract": "CV219", "funder": "CDC", "exercise": 2016, "amount_cents": 100,
        "payment_cents": 0, "has_payment_credits": False, "by": "operator", "reason": "programme",
        "effective_on": "2016-01-01", "known_at": "2016-12-01T12:00:00Z",
    }  # fmt: skip
    assert json.loads(second["value"])["amount_cents"] == 0
    [posting] = await ledger.rows("SELECT * FROM posting")  # nothing is posted of nothing
    assert (posting["credit"], posting["debit"], posting["amount_cents"]) == ("voted", "available", 100)
    assert (posting["partition"], posting["sequence"]) == (3, first["sequence"])


async def test_a_command_is_kept_with_the_place_between_two_offsets_where_it_was_applied(ledger: Ledger) -> None:
    await ledger.open(OPENINGS[:1], partition=0)
    log = records([declared(1), declared(2), declared(3)])
    await ledger.decide(log[:2], [2])
    await ledger.open(OPENINGS[1:2], partition=0)
    await ledger.open(OPENINGS[2:], partition=0)
    await ledger.decide(log[2:], [1])
    commands = await ledger.rows("SELECT next_offset, step, kind, by, content, applied_at FROM command ORDER BY 1, 2")
    assert [(c["next_offset"], c["step"], c["content"]) for c in commands] == [
        (0, 1, {"CV219.CDC.2016": 100}), (2, 1, {"CV219.STATE.2016": 0}), (2, 2, {"CV221.CDC.2016": 70}),
    ]  # fmt: skip
    assert {(c["kind"], c["by"], c["applied_at"]) for c in commands} == {("open-envelopes", "operator", NOW)}
    await assert_books_balance(ledger.url, log={0: log})


async def test_a_stale_batch_of_one_partition_does_not_forget_the_commands_of_another(ledger: Ledger) -> None:
    await ledger.open(OPENINGS[:1], partition=1)
    stale = records([declared(1)], partition=1)
    await ledger.decide(stale, [1])
    await ledger.open([opened("CV219", "CDC", 2017, 1)], partition=1)
    await ledger.decide([*records([declared(2)], partition=0), *stale], [2])
    await ledger.open([opened("CV219", "CDC", 2018, 1)], partition=1)
    commands = await ledger.rows("SELECT next_offset, step FROM command WHERE partition = 1 ORDER BY 1, 2")
    assert [(c["next_offset"], c["step"]) for c in commands] == [(0, 1), (1, 1), (1, 2)]


async def test_an_opening_is_never_known_before_what_was_announced_before_it(ledger: Ledger) -> None:
    await ledger.open(OPENINGS[:1], partition=0)
    await ledger.open(OPENINGS[2:], partition=0, clock=lambda: datetime(2016, 11, 30, tzinfo=UTC))
    assert [row["time"] for row in await ledger.rows("SELECT time FROM outbox ORDER BY sequence")] == [NOW, NOW]


async def test_a_funder_with_payment_credits_is_told_apart_even_when_they_are_nothing(ledger: Ledger) -> None:
    steps = [opened("CV219", "STATE", 2016, 100) | {"payment_cents": 60}, opened("CV221", "STATE", 2016, 7),
             opened("CV222", "STATE", 2016, 5) | {"payment_cents": 0}]  # fmt: skip
    await ledger.open(steps, partition=0)
    facts = [json.loads(row["value"]) for row in await ledger.rows("SELECT value FROM outbox ORDER BY sequence")]
    assert [(f["payment_cents"], f["has_payment_credits"]) for f in facts] == [(60, True), (0, False), (0, True)]
    rows = await ledger.rows("SELECT payment_credits_cents, payment_opened_cents FROM envelope ORDER BY envelope_id")
    assert [tuple(row.values()) for row in rows] == [(60, 60), (None, 0), (0, 0)]
    await assert_examined(ledger)
