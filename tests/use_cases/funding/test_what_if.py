"""What if, on a real PostgreSQL and a real Kafka: proved first, then replayed; applied by ordinary commands, once."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord

from fabrique.embedded.kafka import Broker
from services.funding.domain.command import Act
from services.funding.domain.manager import OPERATOR
from services.funding.domain.reapportionment import nothing_yet
from services.funding.handlers import commitments
from services.funding.programme import Opening
from services.funding.use_cases import what_if
from services.funding.use_cases.commanding import NotCommanded, approve
from services.funding.use_cases.what_if import Answer, Outturn, Question, ReplayDiffers, Told
from shared.kernel.funders import Funder
from shared.messaging.history import Extent, HistoryLost, read_again
from shared.messaging.quarantine_desk import Correction
from shared.messaging.quarantine_desk import Desk as Quarantine
from tests.domain.funding.test_commands_against_oracle import a_command
from tests.support.commands import CDC, CDC_NEXT_DOOR, assert_examined, commanded, desk, opened_with, wanted
from tests.support.commitment_events import Scribe, named, record, records
from tests.support.ledger import Ledger, fixed_clock
from tests.support.topics import make_topics, send_records
from tests.support.what_if import as_told, declared

Records = Sequence[ConsumerRecord[Any, Any]]
HOW = nothing_yet(by="cdc", reason="another-key", effective_on=date(2016, 11, 1))
NOBODY = Question((), HOW)


class Log:
    """A topic of a test, under a name of its own, that holds what the ledger applied."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.servers = servers
        self.name = f"what-if-{uuid4().hex}"

    async def hold(self, found: Records, partitions: int) -> None:
        await make_topics(self.servers, {self.name: partitions})
        await send_records(self.servers, [_renamed(each, self.name) for each in found])

    async def __call__(self, known: Extent, *, progress: Callable[[int], None]) -> Told:
        """Read it again, as funding does its own."""
        ours = Extent(self.name, known.ends, known.quarantined)
        return await read_again(commitments, ours, servers=self.servers, progress=progress)


def _renamed(each: ConsumerRecord[Any, Any], name: str) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(name, *[getattr(each, field) for field in each.__dataclass_fields__ if field != "topic"])


@pytest.fixture
def log(kafka: Broker) -> Log:
    return Log(kafka.bootstrap_servers)


def a_question(amounts: dict[str, int], **more: Any) -> Question:
    """Other credits for some envelopes."""
    wished = [
        Opening(contract, Funder(funder), int(exercise), cents)
        for contract, funder, exercise, cents in ((*name.split("."), cents) for name, cents in amounts.items())
    ]
    return Question(tuple(wished), HOW, **more)


async def asked(ledger: Ledger, history: Any, question: Question = NOBODY) -> Answer:
    return await what_if.what_if(ledger.engine, history, question, four_eyes_from_cents=1000)


async def a_life(ledger: Ledger, seed: int, length: int = 80) -> Records:
    """Two partitions of events at random, and commands between them, some on both; what lies on their log."""
    chance = random.Random(seed)
    homes = {"CV219": 0, "CV221": 1}
    logs: dict[int, list[ConsumerRecord[Any, Any]]] = {0: [], 1: []}
    scribe = Scribe(chance, [*homes])
    names = []
    for contract, partition in homes.items():
        steps = [step for step in scribe.openings() if step["open"].startswith(contract)]
        await ledger.open(steps, partition=partition)
        names += [step["open"] for step in steps]
    for told in scribe.events(length):
        home = homes[told["value"]["contract"]]
        logs[home].append(record(told, offset=len(logs[home]), partition=home))
        await ledger.decide(logs[home][-1:], [1])
        if chance.random() < 0.3:
            with suppress(NotCommanded):
                await commanded(ledger, a_command(chance, names))
        if chance.random() < 0.1:
            giver, receiver = chance.sample([f"{contract}.CDC.2016" for contract in homes], 2)
            await commanded(ledger, wanted(Act.TRANSFER, giver, 3, to=receiver, displace=chance.random() < 0.5))
    return [*logs[0], *logs[1]]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_replay_of_the_log_and_the_commands_ends_where_the_ledger_stands(
    ledger: Ledger, log: Log, seed: int
) -> None:
    found = await a_life(ledger, seed)
    [both] = await ledger.rows("SELECT count(*) AS n FROM command WHERE to_partition IS NOT NULL")
    assert both["n"] > 0, "some commands are steps of two lines"
    await log.hold(found, 2)
    answer = await asked(ledger, log)
    assert answer.replayed.is_empty
    assert answer.applied.is_empty
    assert answer.orders == ()
    await assert_examined(ledger)


async def test_what_was_retried_is_replayed_in_its_place_and_what_was_repeated_once(ledger: Ledger, log: Log) -> None:
    await opened_with(ledger, {CDC: 100})
    mistaken = declared("b", 2, 60)
    mistaken["value"]["cost_cents"] = -1
    told = [declared("a", 1, 60), mistaken, declared("c", 3, 40)]
    found = records(told)
    repeated = record(told[2], offset=3, sequence=3)
    dropped = record(declared("e", 5, 1), offset=4, sequence=4)
    dropped.headers = tuple((n, b"Nothing" if n == "ce_type" else v) for n, v in dropped.headers)
    found = [*found, repeated, dropped, record(declared("d", 4, 50), offset=5, sequence=5)]
    await ledger.decide(found[:4], [4])
    terms: Any = type("Terms", (), {"streams": [commitments], "clock": staticmethod(lambda: None)})()
    [row] = await ledger.rows("SELECT id FROM quarantine")

    terms.clock, terms.seal, terms.service = fixed_clock, bytes, "funding"
    quarantine = Quarantine(terms, ledger.engine, ledger.route)
    mended = record(declared("b", 2, 60), offset=1).value
    assert await quarantine.retry(row["id"], Correction(value=mended)) is None
    await ledger.decide(found[4:], [2])
    await log.hold(found, 1)
    answer = await asked(ledger, log, a_question({CDC: 160}))
    fates = {str(c.commitment_id): c.after.state for c in answer.replayed.changes}
    assert fates == {named("b"): "reserved"}, "c came before b was mended"


async def test_a_ledger_that_does_not_follow_from_its_line_is_not_answered_for(ledger: Ledger) -> None:
    await opened_with(ledger, {CDC: 100})
    found = records([declared("a", 1, 60)])
    await ledger.decide(found, [1])
    await ledger.execute("UPDATE envelope SET authorised_cents = authorised_cents + 1")
    with pytest.raises(ReplayDiffers) as error:
        await asked(ledger, as_told(found))
    assert CDC in error.value.differences[0]


async def test_a_log_that_is_shorter_than_what_was_applied_is_not_answered_for(ledger: Ledger, log: Log) -> None:
    await opened_with(ledger, {CDC: 100})
    found = records([declared("a", 1, 60), declared("b", 2, 30)])
    await ledger.decide(found, [2])
    await log.hold(found[:1], 1)
    with pytest.raises(HistoryLost, match="applied up to 2"):
        await asked(ledger, log)


async def test_what_is_not_applied_yet_is_not_replayed(ledger: Ledger, log: Log) -> None:
    await opened_with(ledger, {CDC: 100})
    found = records([declared("a", 1, 60), declared("b", 2, 30), declared("c", 3, 10)])
    await ledger.decide(found[:2], [2])
    await log.hold(found, 1)
    answer = await asked(ledger, log, a_question({CDC: 50}))
    assert [str(c.commitment_id) for c in answer.replayed.changes] == [named("a")]


async def fill(ledger: Ledger) -> Records:
    """Two envelopes of 100 in two partitions: 90 reserved and 30 waiting of one, 10 reserved of the other."""
    await opened_with(ledger, {CDC: 100})
    await opened_with(ledger, {CDC_NEXT_DOOR: 100}, partition=1)
    here = records([declared("a", 1, 60), declared("b", 2, 30), declared("c", 3, 30)])
    there = records([declared("d", 1, 10, contract="CV221")], partition=1)
    await ledger.decide(here, [3])
    await ledger.decide(there, [1])
    return [*here, *there]


async def applied(ledger: Ledger, question: Question, *, four_eyes_from: int = 1000, **more: Any) -> list[Outturn]:
    return await what_if.apply(desk(ledger, four_eyes_from=four_eyes_from), question, OPERATOR, **more)


OTHER = {CDC: 130, CDC_NEXT_DOOR: 70}


async def test_who_gains_and_loses_is_shown_and_nothing_is_kept(ledger: Ledger) -> None:
    found = await fill(ledger)
    before = await ledger.rows("SELECT * FROM envelope ORDER BY envelope_id")
    answer = await asked(ledger, as_told(found), a_question(OTHER))
    assert [(c.commitment_id.hex, c.gained) for c in answer.replayed.changes] == [(_hex("c"), 30)]
    assert {pair.name: pair.difference.authorised for pair in answer.replayed.envelopes} == {
        CDC: 30,
        CDC_NEXT_DOOR: -30,
    }
    assert answer.replayed.totals[0].difference.authorised == 0
    [order] = answer.orders
    assert (order.order.command.act, order.order.command.amount_cents) == (Act.TRANSFER, 30)
    assert order.refusal is None
    assert await ledger.rows("SELECT * FROM envelope ORDER BY envelope_id") == before


def _hex(name: str) -> str:
    return named(name).replace("-", "")


async def test_applying_does_what_was_shown_and_applying_again_does_nothing(ledger: Ledger) -> None:
    found = await fill(ledger)
    question = a_question(OTHER)
    answer = await asked(ledger, as_told(found), question)
    first = await applied(ledger, question, expected=answer.plan.digest)
    assert [(each.state, each.reason) for each in first] == [("applied", None)]
    rows = await ledger.rows("SELECT envelope_id, authorised_cents, reserved_cents FROM envelope ORDER BY envelope_id")
    shown = {pair.name: pair.after for pair in answer.applied.envelopes}
    assert {r["envelope_id"]: (r["authorised_cents"], r["reserved_cents"]) for r in rows} == {
        name: (after.authorised, after.reserved) for name, after in shown.items()
    }
    assert await applied(ledger, question) == []
    again = await asked(ledger, as_told(found), question)
    assert (again.orders, again.replayed.envelopes[0].difference.authorised) == ((), 0)
    await assert_examined(ledger)


async def test_back_and_there_again_are_new_commands(ledger: Ledger) -> None:
    await fill(ledger)
    for amounts in (OTHER, {CDC: 120, CDC_NEXT_DOOR: 80}, OTHER, {CDC: 120, CDC_NEXT_DOOR: 80}):
        assert [each.state for each in await applied(ledger, a_question(amounts, displace=True))] == ["applied"]
        [row] = await ledger.rows("SELECT authorised_cents FROM envelope WHERE envelope_id = :e", e=CDC)
        assert row["authorised_cents"] == amounts[CDC]
    await assert_examined(ledger)


async def test_a_large_order_waits_for_another_manager_and_is_not_proposed_twice(ledger: Ledger) -> None:
    await fill(ledger)
    question = a_question(OTHER)
    [proposed] = await applied(ledger, question, four_eyes_from=10)
    [again] = await applied(ledger, question, four_eyes_from=10)
    assert (proposed.state, again.state) == ("proposed", "proposed")
    assert proposed.order.command_id == again.order.command_id
    other = type(OPERATOR)("anne", "cdc", frozenset(Funder))
    await approve(desk(ledger), proposed.order.command_id, other)
    assert await applied(ledger, question, four_eyes_from=10) == []


async def test_who_stands_in_the_way_is_sent_back_only_when_asked(ledger: Ledger) -> None:
    found = await fill(ledger)
    amounts = {CDC: 80, CDC_NEXT_DOOR: 120}
    [refused] = (await asked(ledger, as_told(found), a_question(amounts))).orders
    assert (refused.refusal, refused.displaced) == ("no-room", 0)
    [order] = (await asked(ledger, as_told(found), a_question(amounts, displace=True))).orders
    assert (order.refusal, order.displaced) == (None, 1)
    assert [(o.state, o.reason) for o in await applied(ledger, a_question(amounts))] == [("refused", "no-room")]
    assert [o.state for o in await applied(ledger, a_question(amounts, displace=True))] == ["applied"]
    await assert_examined(ledger)


async def test_a_plan_that_moved_is_not_applied(ledger: Ledger) -> None:
    found = await fill(ledger)
    answer = await asked(ledger, as_told(found), a_question(OTHER))
    with pytest.raises(NotCommanded) as error:
        await applied(ledger, a_question(OTHER | {CDC: 140}), expected=answer.plan.digest)
    assert error.value.reason == "plan-moved"


async def test_rights_are_asked_of_each_order(ledger: Ledger) -> None:
    await fill(ledger)
    stranger = type(OPERATOR)("chloe", "prefecture", frozenset({Funder.STATE}))
    [each] = await what_if.apply(desk(ledger), a_question(OTHER), stranger)
    assert (each.state, each.reason) == ("not-taken", "not-allowed")
    assert await ledger.rows("SELECT * FROM command WHERE kind = 'transfer'") == []
