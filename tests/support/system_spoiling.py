"""Breaches planted in a copy of the evidence, one for each thing that a promise's checker must notice."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, ENTREPRENEUR, ENVELOPE, SURVIVAL
from tests.support.spine_checks import Snapshot
from tests.support.system_evidence import Evidence

Spoil = Callable[[Evidence], Evidence]
NOBODY = "00000000-0000-7000-8000-000000000000"


def _table(evidence: Evidence, service: str, table: str, change: Callable[[list[dict[str, Any]]], Any]) -> Evidence:
    """A copy in which `change` has had its way with one table."""
    rows = [dict(row) for row in evidence.tables[service][table]]
    change(rows)
    found = Snapshot({**evidence.tables[service].tables, table: rows})
    return dataclasses.replace(evidence, tables={**evidence.tables, service: found})


def _log(evidence: Evidence, topic: str, change: Callable[[list[Any]], Any]) -> Evidence:
    """A copy in which `change` has had its way with the longest partition of a topic."""
    log = {partition: list(records) for partition, records in evidence.logs[topic].items()}
    change(log[max(log, key=lambda partition: len(log[partition]))])
    return dataclasses.replace(evidence, logs={**evidence.logs, topic: log})


def _value(records: list[Any], place: int, **fields: Any) -> None:
    """Change fields of the value of a record."""
    value = json.loads(records[place].value) | fields
    records[place] = dataclasses.replace(records[place], value=json.dumps(value).encode())


def _first(rows: list[dict[str, Any]], **terms: Any) -> int:
    """The place of the first row with these values."""
    return next(place for place, row in enumerate(rows) if all(row[name] == value for name, value in terms.items()))


def _update(rows: list[dict[str, Any]], place: int, **fields: Any) -> None:
    rows[place] |= fields


def _drop_accepted(evidence: Evidence) -> Evidence:
    return _table(evidence, "intake", "received_event", lambda rows: rows.pop(len(rows) // 2))


def _another_answer(evidence: Evidence) -> Evidence:
    told = list(evidence.told)
    place = next(i for i, each in enumerate(told) if each.replies)
    first = told[place].replies[0]
    changed = [*told[place].replies, dataclasses.replace(first, event_id=NOBODY)]
    told[place] = dataclasses.replace(told[place], replies=changed)
    return dataclasses.replace(evidence, told=told)


def _overdraw(evidence: Evidence) -> Evidence:
    def change(records: list[Any]) -> None:
        kinds = [dict(record.headers)["ce_type"] for record in records]
        _value(records, kinds.index(b"AllocationReserved"), cdc_cents=10**9, state_cents=10**9)

    return _log(evidence, ALLOCATION.name, change)


def _drop_last(records: list[Any], kind: bytes) -> None:
    records.pop(max(i for i, record in enumerate(records) if dict(record.headers)["ce_type"] == kind))


def _move(records: list[Any]) -> None:
    records[-1], records[-2] = records[-2], records[-1]


def _decide_otherwise(rows: list[dict[str, Any]]) -> None:
    _update(rows, _first(rows, type="AllocationReserved"), type="AllocationWaitlisted")


def _forget_decision(rows: list[dict[str, Any]]) -> None:
    rows.pop(_first(rows, type="AllocationReleased"))


def _lag(evidence: Evidence) -> Evidence:
    lags = json.loads(json.dumps(evidence.lags))
    lags["funding"]["partitions"][0]["records"] = 1
    return dataclasses.replace(evidence, lags=lags)


def _parked(evidence: Evidence) -> Evidence:
    said = {**evidence.readiness["reporting"], "parked": {"intake.entrepreneur.v1/0": "a plant"}}
    return dataclasses.replace(evidence, readiness={**evidence.readiness, "reporting": said})


def _unreported(evidence: Evidence) -> Evidence:
    return dataclasses.replace(evidence, statuses={**evidence.statuses, UUID(NOBODY): "published"})


def _rebuilt_otherwise(evidence: Evidence) -> Evidence:
    assert evidence.rebuilt is not None
    rows: list[Mapping[str, Any]] = [dict(row) for row in evidence.rebuilt["budget"]]
    rows[0] = {**rows[0], "reserved_cents": rows[0]["reserved_cents"] + 1}
    return dataclasses.replace(evidence, rebuilt=Snapshot({**evidence.rebuilt.tables, "budget": rows}))


def _no_letter(evidence: Evidence) -> Evidence:
    topic = f"{evidence.poisoned[0].topic}.intake.dlq"
    return _log(evidence, topic, lambda records: records.clear())


def _neighbour_lost(evidence: Evidence) -> Evidence:
    bad = evidence.poisoned[0]
    record = next(r for r in evidence.logs[bad.topic][bad.partition] if r.offset == bad.neighbours[0])
    event = json.loads(record.value)
    headers = dict(record.headers)
    source = event.get("source") or headers["ce_source"].decode()
    given = event.get("id") if "ce_id" not in headers else headers["ce_id"].decode()
    key = evidence.door_keys[(bad.topic.split(".")[1], source, given)]
    return _table(evidence, "intake", "received_event", lambda rows: rows.pop(_first(rows, door_key=key)))


def _in_table(service: str, table: str, change: Callable[[list[dict[str, Any]]], Any]) -> Spoil:
    return lambda evidence: _table(evidence, service, table, change)


def _in_log(topic: str, change: Callable[[list[Any]], Any]) -> Spoil:
    return lambda evidence: _log(evidence, topic, change)


SPOILT: dict[str, tuple[str, Spoil]] = {
    "an accepted event is forgotten": ("nothing_acknowledged_is_lost", _drop_accepted),
    "a retry gets another answer": ("nothing_acknowledged_is_lost", _another_answer),
    "a fact never reached Kafka": ("nothing_acknowledged_is_lost", _in_log(ENTREPRENEUR.name, lambda r: r.pop())),
    "a reservation is beyond what there is": ("nothing_is_overdrawn", _overdraw),
    "the ledger's own row is overdrawn": (
        "nothing_is_overdrawn",
        _in_table("funding", "envelope", lambda rows: _update(rows, 0, reserved_cents=10**12)),
    ),
    "a posting is doubled": (
        "postings_are_the_balances",
        _in_table("funding", "posting", lambda rows: rows.append({**rows[-1], "line": 9})),
    ),
    "a balance is a cent off": (
        "postings_are_the_balances",
        _in_table(
            "funding", "envelope", lambda rows: _update(rows, 0, waitlisted_cents=rows[0]["waitlisted_cents"] + 1)
        ),
    ),
    "a decision is missing": ("decisions_are_the_oracles", _in_table("funding", "outbox", _forget_decision)),
    "a decision is another": ("decisions_are_the_oracles", _in_table("funding", "outbox", _decide_otherwise)),
    "a command is forgotten": (
        "decisions_are_the_oracles", _in_table("funding", "command", lambda rows: rows.pop()),
    ),
    "an event came twice under two sequences": (
        "decisions_are_the_oracles", _in_log(COMMITMENT.name, lambda records: records.append(_again(records[-1]))),
    ),
    "an outbox row is deleted": (
        "sequences_reach_kafka_and_are_applied_once", _in_table("funding", "outbox", lambda rows: rows.pop(7)),
    ),
    "a record is dropped from Kafka": (
        "sequences_reach_kafka_and_are_applied_once", _in_log(COMMITMENT.name, lambda records: records.pop(3)),
    ),
    "two records changed places": ("sequences_reach_kafka_and_are_applied_once", _in_log(ENTREPRENEUR.name, _move)),
    "a reader is one record behind": (
        "sequences_reach_kafka_and_are_applied_once",
        _in_table(
            "reporting", "checkpoint", lambda rows: _update(rows, -1, next_offset=rows[-1]["next_offset"] - 1)
        ),
    ),
    "an allocation is dropped from the folded log": (
        "reporting_is_the_fold", _in_log(ALLOCATION.name, lambda records: _drop_last(records, b"AllocationReleased")),
    ),
    "a business is dropped from the folded log": (
        "reporting_is_the_fold", _in_log(ENTREPRENEUR.name, lambda records: _drop_last(records, b"BusinessCreated")),
    ),
    "a budget is a cent off": (
        "reporting_is_the_fold",
        _in_table(
            "reporting", "budget", lambda rows: _update(rows, 0, reserved_cents=rows[0]["reserved_cents"] + 1)
        ),
    ),
    "the compacted topic ends on an old budget": (
        "reporting_is_the_fold", _in_log(BUDGET.name, lambda records: _value(records, -1, version=1)),
    ),
    "the compacted topic ends on an old envelope": (
        "reporting_is_the_fold", _in_log(ENVELOPE.name, lambda records: _value(records, -1, reserved_cents=1)),
    ),
    "a survival figure is wrong": (
        "reporting_is_the_fold", _in_log(SURVIVAL.name, lambda records: _value(records, -1, size=10**6)),
    ),
    "a rebuilt budget is a cent off": ("reporting_is_the_fold", _rebuilt_otherwise),
    "a bad record is not in quarantine": (
        "bad_records_hide_nothing", _in_table("intake", "quarantine", lambda rows: rows.pop()),
    ),
    "a bad record has no dead letter": ("bad_records_hide_nothing", _no_letter),
    "a bad record's neighbour is lost": ("bad_records_hide_nothing", _neighbour_lost),
    "a reader lags by one record": ("every_lag_is_zero", _lag),
    "a partition is parked": ("every_lag_is_zero", _parked),
    "an event is never reported": ("every_lag_is_zero", _unreported),
    "a budget does not say what it was read from": (
        "figures_are_traced", _in_log(BUDGET.name, lambda records: _value(records, 0, read=[])),
    ),
    "a budget of long ago counts a fact too many": (
        "figures_are_traced", _in_log(BUDGET.name, lambda records: _value(records, 0, version=10**6)),
    ),
    "a survival figure of long ago counts a business too many": (
        "figures_are_traced", _in_log(SURVIVAL.name, lambda records: _value(records, 0, size=10**6, hidden=None)),
    ),
}  # fmt: skip


def _again(record: Any) -> Any:
    """The same event, under the next sequence."""
    headers = dict(record.headers)
    headers["ce_sequence"] = b"%020d" % (int(headers["ce_sequence"]) + 1)
    return dataclasses.replace(record, offset=record.offset + 1, headers=tuple(headers.items()))
