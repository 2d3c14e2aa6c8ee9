"""The real grants of 2020–2023 on the real ledger: each key's envelopes opened, each grant declared in its order."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from fabrique.grants import Comparison, Grants, compare, programme_by, shipped_grants
from fabrique.grants.play import published
from services.funding.programme import openings
from services.reporting.domain.grants import Key, Placed
from tests.support.books import assert_books_balance
from tests.support.commitment_events import Json, named, opened, records
from tests.support.ledger import Ledger

PLAYS = [
    (key, exercise) for key in Key for exercise in (2020, 2021, 2022, 2023) if (key, exercise) != ("caseload", 2020)
]
FIGURES = [f"{answer}_{of}" for answer in ("reserved", "waitlisted", "refused") for of in ("count", "cents")]
ANSWERS = {"AllocationReserved": "reserved", "AllocationWaitlisted": "waitlisted", "AllocationRefused": "refused"}


@cache
def grants() -> Grants:
    return shipped_grants()


@cache
def comparison() -> Comparison:
    return compare(grants())


def lines(key: Key, exercise: int) -> list[Placed]:
    """What the comparison says of one play."""
    return [line for line in comparison().placed if (line.key, line.exercise) == (key, exercise)]


def log_of(exercise: int) -> list[Json]:
    """The exercise's grants as intake publishes them, in the file's order."""
    told = grants().of(exercise)
    return [{"id": named(event["id"]), "type": event["type"], "value": json.loads(published(event))} for event in told]


async def open_envelopes(ledger: Ledger, key: Key, exercise: int) -> dict[str, int]:
    """Open what the programme file of the key opens; the amounts by contract."""
    programme = programme_by(key, exercise, grants())
    assert programme is not None
    wanted = openings(programme)
    steps = [opened(each.contract, each.funder, each.exercise, each.amount_cents) for each in wanted]
    await ledger.open(steps, partition=0, clock=lambda: datetime(exercise, 1, 1, tzinfo=UTC))
    return {each.contract: each.amount_cents for each in wanted}


async def answered(ledger: Ledger) -> dict[str, Counter[str]]:
    """Counts and cents of each answer, by contract, as they were announced."""
    facts = await ledger.rows("SELECT type, value FROM outbox WHERE topic = 'funding.allocation.v1' ORDER BY sequence")
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        if answer := ANSWERS.get(fact["type"]):
            said = json.loads(fact["value"])
            found[said["contract"]][f"{answer}_count"] += 1
            found[said["contract"]][f"{answer}_cents"] += said["state_cents"]
    return found


@pytest.mark.parametrize(("key", "exercise"), PLAYS)
async def test_the_ledger_answers_the_real_grants_as_the_comparison_says(
    ledger: Ledger, key: Key, exercise: int
) -> None:
    shares = await open_envelopes(ledger, key, exercise)
    log = records(log_of(exercise))
    await ledger.decide(log, [1, 7, 40])
    found = await answered(ledger)
    envelopes: dict[str, Any] = {e["contract"]: e for e in await ledger.rows("SELECT * FROM envelope")}
    assert lines(key, exercise)
    for line in lines(key, exercise):
        answer, envelope = found[line.contract], envelopes[line.contract]
        for name in FIGURES:
            assert answer[name] == getattr(line, name), (line.contract, name)
        assert line.share_cents == shares[line.contract] == envelope["authorised_cents"]
        assert (envelope["reserved_cents"], envelope["waitlisted_cents"], envelope["waiting_count"]) == (
            line.reserved_cents, line.waitlisted_cents, line.waitlisted_count,
        )  # fmt: skip
    assert sum(shares.values()) == sum(event["data"]["state_cents"] for event in grants().of(exercise))
    await assert_books_balance(ledger.url, log={0: log})
