"""The plain consumer's own arithmetic: it folds right, and each planted difference is found and named."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from fabrique.reconcile.comparison import CHECKS, Evidence
from fabrique.reconcile.fold import Books, fold
from fabrique.reconcile.log import Log, Record, take
from fabrique.reconcile.sources import Told

COMMITMENTS, ALLOCATIONS = "intake.commitment.v1", "funding.allocation.v1"
ENVELOPES, BUDGETS = "funding.envelope.v1", "reporting.budget.v1"
CDC, STATE = "CV219.CDC.2016", "CV219.STATE.2016"


def record(sequence: int, type_: str, *, cause: str = "", key: str = "CV219", id_: str = "", **data: Any) -> Record:
    """A record of partition 0."""
    value = json.dumps(data).encode()
    return Record(0, sequence - 1, key, id_ or f"{type_}-{sequence}", type_, cause, (0, sequence), value)


def decision(sequence: int, type_: str, cause: str, cdc: int, state: int, **more: Any) -> Record:
    """A decision on a commitment of CV219."""
    terms = {"contract": "CV219", "exercise": 2016, "cdc_cents": cdc, "state_cents": state}
    return record(sequence, type_, cause=cause, **terms, **more)


ALLOCATED = (
    record(1, "EnvelopeOpened", envelope_id=CDC, amount_cents=1_000),
    record(2, "EnvelopeOpened", envelope_id=STATE, amount_cents=2_000),
    decision(3, "AllocationReserved", "a", 600, 900),
    decision(4, "AllocationWaitlisted", "b", 500, 0),
    decision(5, "AllocationRefused", "c", 5_000, 0, reason="exceeds-authorised"),
    decision(6, "AllocationAmended", "d", 400, 1_000, standing="reserved", previous_cdc_cents=600,
             previous_state_cents=900),
    decision(7, "AllocationPromoted", "d", 500, 0),
    decision(8, "MovementHeld", "e", 0, 0, movement="CommitmentEngaged"),
)  # fmt: skip
STANDING: dict[str, dict[str, int]] = {
    CDC: {"authorised_cents": 1_000, "frozen_cents": 0, "reserved_cents": 900, "waitlisted_cents": 0,
          "engaged_cents": 0, "available_cents": 100, "reserved_count": 2, "waiting_count": 0, "refused_count": 1},
    STATE: {"authorised_cents": 2_000, "frozen_cents": 0, "reserved_cents": 1_000, "waitlisted_cents": 0,
            "engaged_cents": 0, "available_cents": 1_000, "reserved_count": 1, "waiting_count": 0, "refused_count": 0},
}  # fmt: skip


def log_of(topic: str, *records: Record, dense: bool = True) -> Log:
    """A log with these records."""
    log = Log(topic)
    for each in records:
        log.add(each, dense=dense)
    return log


@pytest.fixture
def evidence() -> Evidence:
    """Evidence in which everything agrees."""
    told = [record(n, "CommitmentDeclared", id_=cause) for n, cause in enumerate("abcde", start=1)]
    stated = [record(n, "Stated", key=name, **STANDING[name]) for n, name in enumerate((CDC, STATE), start=1)]
    topics = ("intake.entrepreneur.v1", "reporting.survival.v1")
    logs = {topic: log_of(topic) for topic in topics} | {
        COMMITMENTS: log_of(COMMITMENTS, *told),
        ALLOCATIONS: log_of(ALLOCATIONS, *ALLOCATED),
        ENVELOPES: log_of(ENVELOPES, *stated, dense=False),
        BUDGETS: log_of(BUDGETS, *stated, dense=False),
    }
    posted = {
        name: {
            "voted": -row["authorised_cents"],
            "available": row["available_cents"],
            "reserved": row["reserved_cents"],
        }
        for name, row in STANDING.items()
    }
    return Evidence(
        logs,
        fold(ALLOCATED),
        Told(
            ledger={**STANDING}, posted=posted, budgets={**STANDING}, accepted={COMMITMENTS: 5},
            outbox={topic: dict(log.last) for topic, log in logs.items()}, quarantined={}, retried={},
            funding_answers={**STANDING}, reporting_answers={**STANDING}, budget_read={0: 8},
            survival={"read": [], "version": 0, "figures": []},
        ),
    )  # fmt: skip


def found_in(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """The differences that the checks find, by check."""
    return {name: differences for name, check in CHECKS if (differences := check(evidence)[1])}


def test_books_that_agree_show_no_difference(evidence: Evidence) -> None:
    assert found_in(evidence) == {}


@pytest.mark.parametrize("source", ["ledger", "budgets", "funding_answers", "reporting_answers"])
def test_a_cent_too_much_in_any_source_is_found_and_named(evidence: Evidence, source: str) -> None:
    wrong = {**STANDING, CDC: {**STANDING[CDC], "reserved_cents": 901}}
    found = found_in(replace(evidence, told=replace(evidence.told, **{source: wrong})))
    assert any(f"{CDC}: reserved_cents is 901" in line for lines in found.values() for line in lines)


@pytest.mark.parametrize("topic", [ENVELOPES, BUDGETS])
def test_a_compacted_topic_that_says_something_else_is_found(evidence: Evidence, topic: str) -> None:
    stale = record(3, "Stated", key=STATE, **{**STANDING[STATE], "waitlisted_cents": 1})
    logs = {**evidence.logs, topic: log_of(topic, *evidence.logs[topic].records, stale, dense=False)}
    found = found_in(replace(evidence, logs=logs))
    assert any(f"{STATE}: waitlisted_cents is 1" in line for lines in found.values() for line in lines)


@pytest.mark.parametrize(
    ("allocated", "said"),
    [
        (ALLOCATED[:4] + ALLOCATED[5:], "CommitmentDeclared c at 0@2 has 0 decisions"),
        ((*ALLOCATED, decision(9, "AllocationRefused", "a", 1, 0)), "CommitmentDeclared a at 0@0 has 2 decisions"),
        ((*ALLOCATED, decision(9, "AllocationRefused", "z", 1, 0)), "a decision names z"),
    ],
)
def test_an_event_without_exactly_one_decision_is_found(
    evidence: Evidence, allocated: tuple[Record, ...], said: str
) -> None:
    found = found_in(replace(evidence, books=fold(allocated)))["each commitment event has one decision"]
    assert any(said in line for line in found)


def test_a_quarantined_event_needs_no_decision(evidence: Evidence) -> None:
    told = replace(evidence.told, quarantined={COMMITMENTS: {(0, 2)}})
    books = fold(ALLOCATED[:4] + ALLOCATED[5:])
    assert "each commitment event has one decision" not in found_in(replace(evidence, books=books, told=told))


def stray(value: bytes = b"{}", **headers: bytes) -> ConsumerRecord:
    """What anybody may write to a topic by hand."""
    return ConsumerRecord(
        topic=COMMITMENTS, partition=0, offset=5, timestamp=0, timestamp_type=0, key=None, value=value, checksum=None,
        serialized_key_size=0, serialized_value_size=len(value), headers=tuple(headers.items()),
    )  # fmt: skip


@pytest.mark.parametrize("headers", [{}, {"ce_id": b"1", "ce_type": b"A", "ce_sequence": b"\xff"}])
def test_what_a_stranger_wrote_is_not_taken_for_one_of_ours(headers: dict[str, bytes]) -> None:
    log = Log(COMMITMENTS)
    take(log, stray(**headers), dense=True)
    assert (log.records, log.strangers, log.faults) == ([], {(0, 5)}, [])


def test_what_a_stranger_wrote_must_lie_in_quarantine_or_have_been_retried(evidence: Evidence) -> None:
    evidence.logs[COMMITMENTS].strangers.add((0, 5))
    assert "0@5 is none of ours" in str(found_in(evidence))
    for told in ({"quarantined": {COMMITMENTS: {(0, 5)}}}, {"retried": {COMMITMENTS: {(0, 5)}}}):
        assert found_in(replace(evidence, told=replace(evidence.told, **told))) == {}


def test_a_decision_on_what_was_mended_has_no_cause_in_the_log(evidence: Evidence) -> None:
    evidence.logs[COMMITMENTS].strangers.add((0, 5))
    told = replace(evidence.told, retried={COMMITMENTS: {(0, 5)}})
    books = fold((*ALLOCATED, decision(9, "AllocationRefused", "mended", 1, 0)))
    assert "each commitment event has one decision" not in found_in(replace(evidence, books=books, told=told))


def test_an_accepted_event_that_was_never_published_is_found(evidence: Evidence) -> None:
    told = replace(evidence.told, accepted={COMMITMENTS: 6})
    assert "6 accepted, 5 published" in str(found_in(replace(evidence, told=told)))


def test_what_a_database_gave_out_and_kafka_lost_is_found(evidence: Evidence) -> None:
    told = replace(evidence.told, outbox={**evidence.told.outbox, ALLOCATIONS: {0: (0, 9)}})
    assert "Kafka holds all that databases gave out" in found_in(replace(evidence, told=told))


def test_a_balance_that_its_postings_do_not_explain_is_found(evidence: Evidence) -> None:
    posted = {**evidence.told.posted, CDC: {**evidence.told.posted[CDC], "reserved": 899}}
    found = found_in(replace(evidence, told=replace(evidence.told, posted=posted)))
    assert "its postings add up to 899" in str(found)
    assert "not to zero" in str(found)


def test_figures_that_have_not_read_to_the_end_are_found(evidence: Evidence) -> None:
    told = replace(evidence.told, budget_read={0: 7})
    assert "read up to 7, the log ends at 8" in str(found_in(replace(evidence, told=told)))


def test_an_overdrawn_moment_is_found_though_it_is_mended_later() -> None:
    books = fold(
        [
            record(1, "EnvelopeOpened", envelope_id=CDC, amount_cents=100),
            decision(2, "AllocationReserved", "a", 101, 0),
            decision(3, "AllocationReleased", "b", 101, 0, standing="reserved"),
        ]
    )
    assert len(books.faults) == 1
    assert "overdrawn" in books.faults[0]


def test_a_repetition_is_passed_over_and_a_hole_is_a_fault() -> None:
    log = log_of("t", record(1, "A"), record(2, "A"), record(2, "A"), record(4, "A"))
    assert (len(log.records), log.repeated) == (3, 1)
    assert log.faults == ["t/0: after (0, 2) comes (0, 4)"]


def test_what_is_not_understood_is_never_passed_over_in_silence() -> None:
    books = Books()
    books.take(record(1, "EnvelopeReduced", envelope_id=CDC, amount_cents=1))
    books.take(decision(2, "PaymentRecorded", "a", 1, 0))
    assert sum("is not understood" in fault for fault in books.faults) == 2
