"""The checker is not blind: whatever is changed behind the ledger's back, it names it."""

import random
from typing import Any

import pytest

from tests.support.books import BooksDoNotBalance, assert_books_balance
from tests.support.commitment_events import Scribe, opened, records
from tests.support.ledger import Ledger

MARK = "topic = 'funding.allocation.v1' AND type = 'AllocationReserved'"
FIRST = f"({MARK} AND sequence = (SELECT min(sequence) FROM outbox WHERE {MARK}))"  # noqa: S608  constants
QUARANTINED = (
    "INSERT INTO quarantine SELECT gen_random_uuid(), 'intake.commitment.v1', 0, 0, 'r', 'd', '', 0, false, '',"
    " 'open', 0, now()"
)
RAISED = "convert_to(replace(convert_from(value, 'UTF8'), '_cents\":', '_cents\":9'), 'UTF8')"
TAMPERED = {
    "a cent leaves an envelope": (
        "UPDATE envelope SET reserved_cents = reserved_cents - 1 WHERE reserved_cents > 0", "its postings sum to",
    ),
    "credits are voted that nobody posted": (
        "UPDATE envelope SET authorised_cents = authorised_cents + 1", "authorised, ",
    ),
    "a posting is larger than its envelope": (
        "UPDATE posting SET amount_cents = 1000000 WHERE credit = 'available'", "available falls to",
    ),
    "somebody is released in silence": (
        "UPDATE commitment SET state = 'released' WHERE state = 'reserved'", "its commitments ask",
    ),
    "somebody waits who is not counted": (
        "UPDATE commitment SET state = 'waitlisted' WHERE state = 'released'", "are said to wait",
    ),
    "a priority is lowered": ("UPDATE commitment SET priority = 9 WHERE priority < 9", "commitments end otherwise"),
    "a decision is lost": ("DELETE FROM outbox WHERE @first", "sequences are not dense"),
    "a decision has another identity": (
        "UPDATE outbox SET event_id = gen_random_uuid() WHERE @first", "not derived from it",
    ),
    "a decision has another cause": (
        "UPDATE outbox SET cause = gen_random_uuid() WHERE @first", "0 decisions, 0 quarantined",
    ),
    "a decision says another amount": ("UPDATE outbox SET value = @raised WHERE @first", "the oracle"),
    "a decision is another one": ("UPDATE outbox SET type = 'AllocationWaitlisted' WHERE @first", "the oracle"),
    "a decision is known before the one before": (
        "UPDATE outbox SET time = '2000-01-01' WHERE sequence > 20", "goes back in time",
    ),
    "a decided event is in quarantine as well": (QUARANTINED, "1 decisions, 1 quarantined"),
    "the checkpoint goes back": ("UPDATE checkpoint SET next_offset = next_offset - 1", "applied up to"),
}  # fmt: skip


async def decided(ledger: Ledger) -> dict[int, Any]:
    scribe = Scribe(random.Random(2016), ["CV219"], exercises=(2016,))
    await ledger.open([opened("CV219", "CDC", 2016, 90), opened("CV219", "STATE", 2016, 90)], partition=0)
    log = records(scribe.events(80))
    await ledger.decide(log, [80])
    return {0: log}


@pytest.mark.parametrize("change", TAMPERED)
async def test_the_checker_names_what_was_changed(ledger: Ledger, change: str) -> None:
    log = await decided(ledger)
    await assert_books_balance(ledger.url, log=log)
    statement, complaint = TAMPERED[change]
    await ledger.execute(statement.replace("@first", FIRST).replace("@raised", RAISED).replace(":", r"\:"))
    with pytest.raises(BooksDoNotBalance) as seen:
        await assert_books_balance(ledger.url, log=log)
    assert any(complaint in breach for breach in seen.value.breaches), seen.value.breaches


async def test_the_checker_names_a_decision_of_an_event_that_nobody_told(ledger: Ledger) -> None:
    log = await decided(ledger)
    with pytest.raises(BooksDoNotBalance, match="nowhere in the log"):
        await assert_books_balance(ledger.url, log={0: log[0][:-1]})
