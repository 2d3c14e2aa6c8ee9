"""A manager's command is one step of its partitions' lines: decided once, announced in order, and undone when tried."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4, uuid5

import pytest

from services.funding.domain.command import Act
from services.funding.domain.manager import OPERATOR
from services.funding.use_cases import commanding
from services.funding.use_cases.commanding import NotCommanded
from tests.support.commands import CDC, CDC_2017, CDC_NEXT_DOOR, assert_examined, commanded, desk, opened_with, wanted
from tests.support.commitment_events import event, named, records
from tests.support.ledger import Ledger


def declared(name: str, number: int, cdc: int, *, contract: str = "CV219") -> dict[str, Any]:
    terms: dict[str, Any] = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc}
    return event("CommitmentDeclared", name, contract=contract, number=number, **terms)


async def ask(ledger: Ledger, *amounts: int) -> None:
    """Declare commitments c0, c1, … of these amounts."""
    await ledger.decide(records([declared(f"c{n}", n, cents) for n, cents in enumerate(amounts)]), [100])


async def told(ledger: Ledger) -> list[tuple[str, str]]:
    """What was announced, after the openings."""
    found = await ledger.rows(
        "SELECT type, subject FROM outbox WHERE type <> 'EnvelopeOpened' ORDER BY partition, sequence"
    )
    return [(row["type"], row["subject"]) for row in found]


async def test_a_command_is_announced_with_who_why_and_from_when_and_posted_to_the_cent(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    command_id = uuid4()
    answer = await commanded(ledger, wanted(Act.INCREASE, CDC, 25, reason="reprogramming", by="cdc"), command_id)
    assert answer.command.state == "applied"
    [row] = await ledger.rows("SELECT * FROM outbox WHERE type = 'EnvelopeIncreased'")
    assert (row["event_id"], row["cause"], row["subject"]) == (uuid5(command_id, "0"), command_id, CDC)
    assert json.loads(row["value"]) == {
        "envelope_id": CDC, "contract": "CV219", "funder": "CDC", "exercise": 2016, "amount_cents": 25,
        "payment_cents": 0, "by": "cdc", "reason": "reprogramming", "effective_on": "2016-10-01",
        "known_at": "2016-12-01T12:00:00Z",
    }  # fmt: skip
    [posting] = await ledger.rows("SELECT * FROM posting WHERE sequence = :sequence", sequence=row["sequence"])
    assert (posting["credit"], posting["debit"], posting["amount_cents"]) == ("voted", "available", 25)
    await assert_examined(ledger)


async def test_what_is_given_serves_who_waits_in_the_same_step(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    await ask(ledger, 80, 40)
    await commanded(ledger, wanted(Act.INCREASE, CDC, 20))
    assert (await told(ledger))[-2:] == [("EnvelopeIncreased", CDC), ("AllocationPromoted", named("c1"))]
    await assert_examined(ledger)


async def test_what_is_taken_sends_back_the_last_first_and_only_who_must_go(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    await ask(ledger, 30, 30, 30)
    answer = await commanded(ledger, wanted(Act.REDUCE, CDC, 35))
    assert (answer.command.state, answer.command.outcome) == ("refused", {
        "refusal": "no-room", "field": "amount_cents", "in_the_way_count": 3, "in_the_way": [
            {"commitment_id": named(f"c{n}"), "state": "reserved", "place": n << 20, "sent_back": n == 2,
             "cdc_cents": 30, "state_cents": 0}
            for n in (2, 1, 0)
        ],
    })  # fmt: skip
    await commanded(ledger, wanted(Act.REDUCE, CDC, 35, displace=True))
    assert (await told(ledger))[3:] == [("AllocationDisplaced", named("c2")), ("EnvelopeReduced", CDC)]
    await assert_examined(ledger)


async def test_a_refused_command_is_kept_at_its_place_and_announces_nothing(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    await ask(ledger, 30)
    before = await ledger.rows("SELECT * FROM outbox")
    await commanded(ledger, wanted(Act.REDUCE, CDC, 71))
    assert await ledger.rows("SELECT * FROM outbox") == before
    [row] = await ledger.rows("SELECT * FROM command WHERE kind = 'reduce'")
    assert (row["state"], row["partition"], row["next_offset"], row["step"]) == ("refused", 0, 1, 1)
    assert row["content"] == {
        "kind": "reduce", "envelope": CDC, "amount_cents": 71, "payment_cents": 0, "to": None, "displace": False,
    }  # fmt: skip


async def test_the_same_command_again_is_answered_the_same_again(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    command_id = uuid4()
    first = await commanded(ledger, wanted(Act.INCREASE, CDC, 25), command_id)
    again = await asyncio.gather(*(commanded(ledger, wanted(Act.INCREASE, CDC, 25), command_id) for _ in range(4)))
    assert {answer.is_new for answer in again} == {False}
    assert [answer.command.model_dump() for answer in again] == [first.command.model_dump()] * 4
    [row] = await ledger.rows("SELECT authorised_cents FROM envelope")
    assert row["authorised_cents"] == 125
    with pytest.raises(NotCommanded) as refused:
        await commanded(ledger, wanted(Act.INCREASE, CDC, 26), command_id)
    assert refused.value.reason == "command-conflict"


async def test_the_same_command_at_once_is_done_once(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    command_id = uuid4()
    answers = await asyncio.gather(*(commanded(ledger, wanted(Act.INCREASE, CDC, 25), command_id) for _ in range(6)))
    assert sorted(answer.is_new for answer in answers) == [False] * 5 + [True]
    [row] = await ledger.rows("SELECT authorised_cents FROM envelope")
    assert row["authorised_cents"] == 125


async def test_a_dry_run_says_what_would_happen_and_leaves_no_trace(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    await ask(ledger, 30, 30, 30)
    tables = ("outbox", "outbox_partition", "checkpoint", "command", "posting", "envelope", "commitment")

    async def everything() -> list[Any]:
        return [await ledger.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]  # noqa: S608  ours

    before = await everything()
    command_id, reduce = uuid4(), wanted(Act.REDUCE, CDC, 35, displace=True)
    tried = await commanded(ledger, reduce, command_id, dry_run=True)
    assert await everything() == before
    assert tried.rehearsed
    done = await commanded(ledger, reduce, command_id)
    assert tried.command.outcome == done.command.outcome
    [envelope] = (done.command.outcome or {})["envelopes"]  # type: ignore[misc]
    assert (envelope["before"]["room_cents"], envelope["after"]["room_cents"]) == (10, 5)  # type: ignore[index]


async def test_a_command_for_an_envelope_that_moved_is_not_taken(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    await ask(ledger, 30)
    with pytest.raises(NotCommanded) as refused:
        await commanded(ledger, wanted(Act.REDUCE, CDC, 5), expected_version=1)
    assert refused.value.reason == "envelope-moved"
    assert (await commanded(ledger, wanted(Act.REDUCE, CDC, 5), expected_version=2)).command.state == "applied"


async def test_a_transfer_between_two_partitions_takes_a_step_in_both_and_tells_each_its_part(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100}, partition=5)
    await opened_with(ledger, {CDC_NEXT_DOOR: 10}, partition=2)
    await commanded(ledger, wanted(Act.TRANSFER, CDC, 40, to=CDC_NEXT_DOOR))
    facts = await ledger.rows("SELECT partition, type, subject FROM outbox WHERE cause IS NOT NULL ORDER BY partition")
    assert [tuple(row.values()) for row in facts] == [
        (2, "EnvelopeReceived", CDC_NEXT_DOOR), (5, "EnvelopeTransferred", CDC),
    ]  # fmt: skip
    [row] = await ledger.rows("SELECT * FROM command WHERE kind = 'transfer'")
    assert [row[name] for name in ("partition", "next_offset", "step")] == [5, 0, 2]
    assert [row[name] for name in ("to_partition", "to_next_offset", "to_step")] == [2, 0, 2]
    await assert_examined(ledger)


async def test_transfers_to_and_fro_between_partitions_never_wait_for_each_other_for_ever(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 1000}, partition=0)
    await opened_with(ledger, {CDC_NEXT_DOOR: 1000}, partition=1)
    there, back = wanted(Act.TRANSFER, CDC, 3, to=CDC_NEXT_DOOR), wanted(Act.TRANSFER, CDC_NEXT_DOOR, 2, to=CDC)
    answers = await asyncio.gather(*(commanded(ledger, each) for each in [there, back] * 12))
    assert {answer.command.state for answer in answers} == {"applied"}
    rows = await ledger.rows("SELECT envelope_id, authorised_cents FROM envelope ORDER BY 1")
    assert [row["authorised_cents"] for row in rows] == [1000 - 12, 1000 + 12]
    await assert_examined(ledger)


async def test_a_transfer_within_one_partition_takes_one_step(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100, CDC_NEXT_DOOR: 0})
    await commanded(ledger, wanted(Act.TRANSFER, CDC, 100, to=CDC_NEXT_DOOR))
    [row] = await ledger.rows("SELECT * FROM command WHERE kind = 'transfer'")
    assert (row["partition"], row["to_partition"], row["to_step"]) == (0, None, None)
    await assert_examined(ledger)


async def test_the_end_of_a_year_carries_over_and_closes(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100, CDC_2017: 0})
    await ask(ledger, 60, 30, 30)
    await commanded(ledger, wanted(Act.FREEZE, CDC, 5))
    await commanded(ledger, wanted(Act.CARRY_OVER, CDC, 5, to=CDC_2017))
    refused = await commanded(ledger, wanted(Act.CLOSE, CDC))
    assert (refused.command.outcome or {})["in_the_way_count"] == 3
    await commanded(ledger, wanted(Act.CLOSE, CDC, displace=True))
    assert (await told(ledger))[-5:] == [
        ("AllocationReleased", named("c2")), ("AllocationReleased", named("c1")), ("AllocationReleased", named("c0")),
        ("EnvelopeUnfrozen", CDC), ("EnvelopeClosed", CDC),
    ]  # fmt: skip
    [closed, next_year] = await ledger.rows("SELECT * FROM envelope ORDER BY exercise")
    assert (closed["authorised_cents"], closed["closed"], next_year["authorised_cents"]) == (0, True, 5)
    await assert_examined(ledger)


async def test_commands_and_events_at_once_keep_one_line(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    log = records([declared(f"c{n}", n, 7) for n in range(30)])
    acts = [wanted(act, CDC, 9, displace=act is Act.FREEZE) for act in (Act.FREEZE, Act.UNFREEZE, Act.INCREASE) * 4]
    await asyncio.gather(ledger.decide(log, [1, 2, 3]), *(commanded(ledger, each) for each in acts))
    await assert_examined(ledger)


async def test_nobody_commands_what_is_not_theirs(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    stranger = replace(OPERATOR, name="stranger", funders=frozenset())
    with pytest.raises(NotCommanded) as refused:
        await commanding.command(desk(ledger), uuid4(), wanted(Act.INCREASE, CDC, 1), stranger)
    assert refused.value.reason == "not-allowed"
    assert await ledger.rows("SELECT 1 FROM command WHERE kind = 'increase'") == []
