"""The plain consumer's own arithmetic: it folds right, and each planted difference is found and named."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from fabrique.reconcile.comparison import CHECKS, Evidence
from fabrique.reconcile.fold import Books, fold
from fabrique.reconcile.log import Log, Record, take
from fabrique.reconcile.sources import Told, left_out_by

COMMITMENTS, ALLOCATIONS = "intake.commitment.v1", "funding.allocation.v1"
ENVELOPES, BUDGETS = "funding.envelope.v1", "reporting.budget.v1"
CDC, STATE, LATER = "CV219.CDC.2016", "CV219.STATE.2016", "CV219.STATE.2017"


def record(sequence: int, type_: str, *, cause: str = "", key: str = "CV219", id_: str = "", **data: Any) -> Record:
    """A record of partition 0."""
    value = json.dumps(data).encode()
    return Record(0, sequence - 1, key, id_ or f"{type_}-{sequence}", type_, cause, (0, sequence), value)


def decision(sequence: int, type_: str, cause: str, cdc: int, state: int, **more: Any) -> Record:
    """A decision on a commitment of CV219: the one called as its cause, unless told."""
    terms = {"contract": "CV219", "exercise": 2016, "cdc_cents": cdc, "state_cents": state, "commitment_id": cause}
    return record(sequence, type_, cause=cause, **terms | more)


ALLOCATED = (
    record(1, "EnvelopeOpened", envelope_id=CDC, amount_cents=1_000),
    record(2, "EnvelopeOpened", envelope_id=STATE, amount_cents=2_000),
    decision(3, "AllocationReserved", "a", 600, 900),
    decision(4, "AllocationWaitlisted", "b", 500, 0),
    decision(5, "AllocationRefused", "c", 5_000, 0, reason="exceeds-authorised"),
    decision(6, "AllocationAmended", "d", 400, 1_000, standing="reserved", previous_cdc_cents=600,
             previous_state_cents=900, commitment_id="a"),
    decision(7, "AllocationPromoted", "d", 500, 0, commitment_id="b"),
    decision(8, "MovementHeld", "e", 0, 0, movement="CommitmentEngaged", commitment_id="a"),
    decision(9, "AllocationEngaged", "f", 0, 1_000, funder="STATE", commitment_id="a"),
    decision(10, "AllocationEngaged", "f", 300, 0, funder="CDC", commitment_id="a", movement_id="e"),
    record(11, "EnvelopeOpened", envelope_id=LATER, amount_cents=0, payment_cents=500, has_payment_credits=True),
    record(12, "EnvelopeIncreased", envelope_id=STATE, amount_cents=0, payment_cents=700, cause="command"),
    record(13, "EnvelopeFrozen", envelope_id=STATE, amount_cents=0, payment_cents=50, cause="command"),
    decision(14, "PaymentRecorded", "g", 0, 200, funder="STATE", commitment_id="a", credit_exercise=2017),
    decision(15, "PaymentReturnRecorded", "h", 0, 20, funder="STATE", commitment_id="a", credit_exercise=2017),
    decision(16, "PaymentRecorded", "i", 0, 320, funder="STATE", commitment_id="a"),
    decision(17, "PaymentRecorded", "j", 250, 0, funder="CDC", commitment_id="a"),
    decision(18, "AllocationDisplaced", "command", 500, 0, commitment_id="b"),
    decision(19, "AllocationReleased", "command", 500, 0, standing="waitlisted", commitment_id="b"),
    decision(20, "CertificationRecorded", "k", 300, 0, funder="CDC", commitment_id="a"),
    decision(21, "AllocationDecommitted", "l", 50, 0, funder="CDC", commitment_id="a", same_exercise=True),
    decision(22, "AllocationDecommitted", "l", 0, 500, funder="STATE", commitment_id="a", same_exercise=False),
    decision(23, "AllocationClosed", "l", 100, 0, commitment_id="a"),
    record(24, "EnvelopeCarriedOver", envelope_id=LATER, amount_cents=100, payment_cents=10, from_envelope_id=STATE),
    record(25, "EnvelopeUnfrozen", envelope_id=STATE, amount_cents=0, payment_cents=50, cause="command"),
    record(26, "EnvelopeClosed", envelope_id=STATE, amount_cents=900, payment_cents=370),
)  # fmt: skip
EVENTS = {"d": "CommitmentAmended", "l": "CommitmentClosed"}
CENTS = ("authorised", "frozen", "reserved", "waitlisted", "engaged", "lapsed", "paid", "available", "payment_credits",
         "payments_frozen", "payable")  # fmt: skip


def standing(has_payment_credits: bool, closed: bool, *counts: int, **cents: int) -> dict[str, int]:
    """An envelope's row: its counts (reserved, waiting, engaged, refused) and its cents; what is not told is 0."""
    names = ("reserved_count", "waiting_count", "engaged_count", "refused_count")
    amounts = {f"{name}_cents": cents.get(name, 0) for name in CENTS}
    flags = {"has_payment_credits": has_payment_credits, "closed": closed}
    return {**amounts, **flags, **dict(zip(names, counts, strict=True))}


STANDING = {
    CDC: standing(False, False, 0, 0, 1, 1, authorised=1_000, engaged=250, paid=250, available=750),
    STATE: standing(True, True, 0, 0, 1, 0, authorised=1_000, engaged=500, lapsed=500, paid=320, payment_credits=320),
    LATER: standing(True, False, 0, 0, 0, 0, authorised=100, available=100, payment_credits=510, paid=180, payable=330),
}


def log_of(topic: str, *records: Record, dense: bool = True) -> Log:
    """A log with these records."""
    log = Log(topic)
    for each in records:
        log.add(each, dense=dense)
    return log


@pytest.fixture
def evidence() -> Evidence:
    """Evidence in which everything agrees."""
    told = [
        record(n, EVENTS.get(cause, "CommitmentDeclared"), id_=cause) for n, cause in enumerate("abcdefghijkl", start=1)
    ]
    stated = [record(n, "Stated", key=name, **STANDING[name]) for n, name in enumerate(STANDING, start=1)]
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
            **{name: row[f"{name}_cents"] for name in ("frozen", "reserved", "engaged", "lapsed", "paid")},
            "payment-voted": -row["payment_credits_cents"],
            "rest": row["payment_credits_cents"] - row["paid_cents"],
        }
        for name, row in STANDING.items()
    }
    return Evidence(
        logs,
        fold(ALLOCATED),
        Told(
            ledger={**STANDING}, posted=posted, budgets={**STANDING}, accepted={COMMITMENTS: 12},
            outbox={topic: dict(log.last) for topic, log in logs.items()}, quarantined={}, retried={},
            funding_answers={**STANDING}, reporting_answers={**STANDING}, budget_read={0: 26},
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
    wrong = {**STANDING, CDC: {**STANDING[CDC], "engaged_cents": 901}}
    found = found_in(replace(evidence, told=replace(evidence.told, **{source: wrong})))
    assert any(f"{CDC}: engaged_cents is 901" in line for lines in found.values() for line in lines)


@pytest.mark.parametrize("topic", [ENVELOPES, BUDGETS])
def test_a_compacted_topic_that_says_something_else_is_found(evidence: Evidence, topic: str) -> None:
    stale = record(4, "Stated", key=STATE, **{**STANDING[STATE], "waitlisted_cents": 1})
    logs = {**evidence.logs, topic: log_of(topic, *evidence.logs[topic].records, stale, dense=False)}
    found = found_in(replace(evidence, logs=logs))
    assert any(f"{STATE}: waitlisted_cents is 1" in line for lines in found.values() for line in lines)


@pytest.mark.parametrize(
    ("allocated", "said"),
    [
        (ALLOCATED[:4] + ALLOCATED[5:], "CommitmentDeclared c at 0@2 has 0 decisions"),
        ((*ALLOCATED, decision(27, "MovementRefused", "a", 1, 0)), "CommitmentDeclared a at 0@0 has 2 decisions"),
        ((*ALLOCATED, decision(27, "MovementRefused", "z", 1, 0)), "a decision names z"),
        ((*ALLOCATED, decision(27, "MovementRefused", "l", 1, 0, movement_id="e")), "e at 0@4 has 2 decisions"),
        ((*ALLOCATED, decision(27, "MovementHeld", "e", 1, 0)), "e at 0@4 has 3 decisions"),
        ((*ALLOCATED, decision(27, "AllocationClosed", "l", 0, 0)), "l at 0@11 has 2 decisions"),
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
    evidence.logs[COMMITMENTS].strangers.add((0, 99))
    assert "0@99 is none of ours" in str(found_in(evidence))
    for told in ({"quarantined": {COMMITMENTS: {(0, 99)}}}, {"retried": {COMMITMENTS: {(0, 99)}}}):
        assert found_in(replace(evidence, told=replace(evidence.told, **told))) == {}


def test_a_decision_on_what_was_mended_has_no_cause_in_the_log(evidence: Evidence) -> None:
    evidence.logs[COMMITMENTS].strangers.add((0, 99))
    told = replace(evidence.told, retried={COMMITMENTS: {(0, 99)}})
    books = fold((*ALLOCATED, decision(27, "AllocationRefused", "mended", 1, 0)))
    assert "each commitment event has one decision" not in found_in(replace(evidence, books=books, told=told))


def test_an_accepted_event_that_was_never_published_is_found(evidence: Evidence) -> None:
    told = replace(evidence.told, accepted={COMMITMENTS: 13})
    assert "13 accepted, 12 published" in str(found_in(replace(evidence, told=told)))


def test_what_a_database_gave_out_and_kafka_lost_is_found(evidence: Evidence) -> None:
    told = replace(evidence.told, outbox={**evidence.told.outbox, ALLOCATIONS: {0: (0, 27)}})
    assert "Kafka holds all that databases gave out" in found_in(replace(evidence, told=told))


def test_a_balance_that_its_postings_do_not_explain_is_found(evidence: Evidence) -> None:
    posted = {**evidence.told.posted, CDC: {**evidence.told.posted[CDC], "engaged": 899}}
    found = found_in(replace(evidence, told=replace(evidence.told, posted=posted)))
    assert "its postings add up to 899" in str(found)
    assert "not to zero" in str(found)


def test_figures_that_have_not_read_to_the_end_are_found(evidence: Evidence) -> None:
    told = replace(evidence.told, budget_read={0: 25})
    assert "read up to 25, the log ends at 26" in str(found_in(replace(evidence, told=told)))


def test_an_overdrawn_moment_is_found_though_it_is_mended_later() -> None:
    books = fold(
        [
            record(1, "EnvelopeOpened", envelope_id=CDC, amount_cents=100),
            decision(2, "AllocationReserved", "a", 101, 0),
            decision(3, "AllocationReleased", "b", 101, 0, standing="reserved", commitment_id="a"),
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
    books.take(record(1, "EnvelopeDoubled", envelope_id=CDC, amount_cents=1))
    books.take(decision(2, "PaymentDoubled", "a", 1, 0))
    assert sum("is not understood" in fault for fault in books.faults) == 2


IMPOSSIBLE = {
    "CV219.CDC.2016 is overdrawn": [decision(27, "AllocationReserved", "m", 751, 0)],
    "CV219.STATE.2017 is overdrawn": [decision(27, "PaymentRecorded", "m", 0, 331, funder="STATE", exercise=2017)],
    "a commitment has less than nothing of CV219.CDC.2016": [
        decision(27, "AllocationReserved", "m", 10, 0),
        decision(28, "AllocationReleased", "n", 10, 0, standing="reserved"),
    ],
    "EnvelopeIncreased of CV219.STATE.2016, which is closed": [
        record(27, "EnvelopeIncreased", envelope_id=STATE, amount_cents=1)
    ],
    "EnvelopeOpened of CV219.CDC.2016, which is open already": [
        record(27, "EnvelopeOpened", envelope_id=CDC, amount_cents=1)
    ],
    "EnvelopeFrozen of CV220.CDC.2016, which is never opened": [
        record(27, "EnvelopeFrozen", envelope_id="CV220.CDC.2016", amount_cents=0)
    ],
}


@pytest.mark.parametrize(("said", "more"), IMPOSSIBLE.items())
def test_what_can_never_be_in_the_log_is_found(said: str, more: list[Record]) -> None:
    assert fold(ALLOCATED).faults == []
    assert any(said in fault for fault in fold([*ALLOCATED, *more]).faults)


def test_a_ledger_that_says_nothing_of_payment_credits_has_none(evidence: Evidence) -> None:
    row: dict[str, Any] = {**STANDING[CDC], "payment_credits_cents": None}
    del row["has_payment_credits"], row["payable_cents"], row["available_cents"]
    told = replace(evidence.told, ledger={**STANDING, CDC: row}, funding_answers={**STANDING, CDC: row})
    assert found_in(replace(evidence, told=told)) == {}


def test_a_difference_that_a_correction_in_reporting_made_is_named_with_its_reason(evidence: Evidence) -> None:
    wrong = {**STANDING, CDC: {**STANDING[CDC], "engaged_cents": 200}}
    rows = [
        {"topic": ALLOCATIONS, "partition": 0, "offset": 9, "state": "retried", "retried": True, "corrected": True,
         "reason": "stake-impossible"},
        {"topic": ALLOCATIONS, "partition": 0, "offset": 10, "state": "open", "retried": False, "corrected": False,
         "reason": "balance-impossible"},
        {"topic": ALLOCATIONS, "partition": 0, "offset": 11, "state": "retried", "retried": True, "corrected": False,
         "reason": "balance-impossible"},
    ]  # fmt: skip
    told = replace(evidence.told, budgets=wrong, ledger=wrong, left_out=left_out_by(rows))
    found = found_in(replace(evidence, told=told))
    (difference,) = found["budgets in reporting's database"]
    assert difference == (
        f"{CDC}: engaged_cents is 200, the log adds up to 250; in reporting's quarantine, 0@9 was corrected by a person"
        " there, and the correction is in no topic, 0@10 lies there, open (balance-impossible)"
    )
    assert "quarantine" not in str(found["envelopes in funding's database"])
