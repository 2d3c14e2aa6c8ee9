"""A committee's score is a command at its place in the line: kept once, and who is first now is served at once."""

import asyncio
import random
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from fabrique.ledger.examination import examine
from services.funding.domain.audit import Rule
from services.funding.domain.manager import OPERATOR, Manager
from services.funding.domain.scoring import Scoring
from services.funding.store import queries
from services.funding.store.journal import open_journal
from services.funding.use_cases import scoring
from services.funding.use_cases.commanding import Answer, NotCommanded
from shared.database.transaction import reading
from shared.kernel.funders import Funder
from tests.support.books import assert_books_balance
from tests.support.commands import assert_examined, desk
from tests.support.commitment_events import Json, event, named, opened, records
from tests.support.ledger import Ledger

OPENINGS = [opened("CV219", "CDC", 2016, 100), opened("CV219", "STATE", 2016, 100)]
DAY = date(2016, 10, 1)
CDC_ALONE = frozenset({Funder.CDC})


def declared(name: str, number: int, cdc: int) -> Json:
    terms: Json = {"exercise": 2016, "priority": 5, "cdc_cents": cdc, "state_cents": 0, "cost_cents": cdc}
    return event("CommitmentDeclared", name, contract="CV219", number=number, **terms)


def withdrawn(name: str, number: int) -> Json:
    return event("CommitmentWithdrawn", name, contract="CV219", number=number, reason="abandoned")


async def scored(
    ledger: Ledger,
    name: str,
    points: int | None,
    command_id: UUID | None = None,
    *,
    by: Manager = OPERATOR,
    **more: Any,
) -> Answer:
    wanted = Scoring("", UUID(named(name)), points, by.role, "committee", DAY)
    return await scoring.score(desk(ledger, four_eyes_from=0), command_id or uuid4(), wanted, by, **more)


async def states(ledger: Ledger) -> dict[str, tuple[str, int | None]]:
    rows = await ledger.rows("SELECT commitment_id, state, score FROM commitment")
    found = {str(row["commitment_id"]): (row["state"], row["score"]) for row in rows}
    return {name: found[named(name)] for name in ("A", "B", "C") if named(name) in found}


async def three(ledger: Ledger, rules: Json) -> list[Any]:
    """Two wait behind the first."""
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, rules)
    log = records([declared("A", 1, 60), declared("B", 2, 50), declared("C", 3, 40), withdrawn("A", 4)])
    await ledger.decide(log[:3], [3])
    return log


async def test_the_higher_score_is_served_first_and_lists_are_in_that_order(ledger: Ledger) -> None:
    log = await three(ledger, {"order": "score"})
    answer = await scored(ledger, "C", 12)
    assert (answer.command.state, answer.is_new) == ("applied", True)
    assert [fact["commitment_id"] for fact in answer.command.outcome["facts"]] == [named("C")]  # type: ignore[index]
    assert await states(ledger) == {"A": ("reserved", None), "B": ("waitlisted", None), "C": ("reserved", 12)}
    await ledger.decide(log[3:], [1])
    await assert_books_balance(ledger.url, log={0: log})
    await assert_examined(ledger)


@pytest.mark.parametrize(("order", "first"), [("priority", "B"), ("score", "C")])
async def test_who_waits_is_listed_by_the_order_in_force(ledger: Ledger, order: str, first: str) -> None:
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"order": order, "cap_per_project_cents": 1000})
    await ledger.decide(records([declared("A", 1, 100), declared("B", 2, 50), declared("C", 3, 40)]), [3])
    await scored(ledger, "C", 1)
    async with reading(ledger.engine) as session:
        rows = await queries.waitlist(session, contract="CV219", exercise=2016)
    assert str(rows[0].commitment_id) == named(first)


async def test_the_same_again_is_answered_the_same_and_another_content_is_a_conflict(ledger: Ledger) -> None:
    await three(ledger, {})
    command_id = uuid4()
    first = await scored(ledger, "B", 5, command_id)
    again = await scored(ledger, "B", 5, command_id)
    assert (again.is_new, again.command) == (False, first.command)
    with pytest.raises(NotCommanded) as refused:
        await scored(ledger, "B", 6, command_id)
    assert refused.value.reason == "command-conflict"
    assert len(await ledger.rows("SELECT * FROM command WHERE kind = 'score'")) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [("score = NULL", "expected 9, found None"), ("score = 5", "expected 9, found 5"), ("score = 12", "found 12")],
)
async def test_a_score_that_the_trail_does_not_say_is_named(ledger: Ledger, change: str, said: str) -> None:
    await three(ledger, {})
    for points in (12, 5, None, 9):
        await scored(ledger, "B", points)
    await scored(ledger, "C", 3)
    await scored(ledger, "C", None)
    await assert_examined(ledger)
    await ledger.execute(f"UPDATE commitment SET {change} WHERE commitment_id = '{named('B')}'")  # noqa: S608  constants
    async with reading(ledger.engine) as session:
        audit = await examine(await open_journal(session))
    [difference] = audit.differences
    assert difference.rule is Rule.SCORES
    assert f"commitment {named('B')} score: " in str(difference)
    assert said in str(difference)


async def test_a_rehearsal_leaves_nothing(ledger: Ledger) -> None:
    await three(ledger, {"order": "score"})
    answer = await scored(ledger, "C", 12, dry_run=True)
    assert (answer.rehearsed, answer.command.state) == (True, "applied")
    assert await ledger.rows("SELECT * FROM command WHERE kind = 'score'") == []
    assert (await states(ledger))["C"] == ("waitlisted", None)


async def test_who_stands_no_more_is_refused_and_it_is_kept_so(ledger: Ledger) -> None:
    log = await three(ledger, {})
    await ledger.decide(log[3:], [1])
    answer = await scored(ledger, "A", 5)
    assert (answer.command.state, answer.command.outcome["refusal"]) == ("refused", "not-standing")  # type: ignore[index]
    await assert_books_balance(ledger.url, log={0: log})


@pytest.mark.parametrize(
    ("name", "by", "reason"),
    [
        ("Z", OPERATOR, "commitment-unknown"),
        ("B", Manager("chloe", "prefecture", frozenset({Funder.STATE})), "not-allowed"),
        ("B", Manager("driss", "cdc", CDC_ALONE, frozenset({"CV221"})), "not-allowed"),
    ],
)
async def test_who_may_not_is_told_so_and_nothing_is_kept(ledger: Ledger, name: str, by: Manager, reason: str) -> None:
    await three(ledger, {})
    with pytest.raises(NotCommanded) as refused:
        await scored(ledger, name, 5, by=by)
    assert refused.value.reason == reason
    assert await ledger.rows("SELECT * FROM command WHERE kind = 'score'") == []


@pytest.mark.parametrize("seed", range(3))
async def test_scores_and_events_race_to_one_line(ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    await ledger.open(OPENINGS, partition=0)
    await ledger.rule("CV219", 2016, {"order": "score"})
    events = [declared(f"c{n}", n, chance.randint(10, 60)) for n in range(20)]
    events += [withdrawn(f"c{chance.randrange(20)}", 20 + n) for n in range(60)]
    log = records(events)
    await ledger.decide(log[:20], [20])

    async def committee() -> None:
        for _ in range(15):
            await scored(ledger, f"c{chance.randrange(20)}", chance.choice((None, 1, 2, 3)))

    await asyncio.gather(ledger.decide(log[20:], [3]), committee(), committee())
    rows = await ledger.rows("SELECT DISTINCT next_offset FROM command WHERE kind = 'score'")
    assert len(rows) > 1
    await assert_books_balance(ledger.url, log={0: log})
    await assert_examined(ledger)
