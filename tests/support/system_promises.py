"""The promises of design.md, section 4, judged on the evidence of a run; each check names every breach."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, ENTREPRENEUR, ENVELOPE, SURVIVAL
from tests.support import books
from tests.support.spine_checks import Row, checkpoint_breaches, outbox_breaches, topic_breaches
from tests.support.system_evidence import FOLDED, OURS, Evidence
from tests.support.system_figures import budget_breaches, figures_are_traced, survival_breaches, unlike
from tests.support.system_fold import budgets, latest, once

COMPACTED = (ENVELOPE.name, BUDGET.name, SURVIVAL.name)
READS = {"intake": (ALLOCATION.name, BUDGET.name, SURVIVAL.name), "funding": (COMMITMENT.name,),
         "reporting": (ALLOCATION.name, ENTREPRENEUR.name)}  # fmt: skip
Breaches = Iterator[str]


def nothing_acknowledged_is_lost(evidence: Evidence) -> Breaches:
    """1. Every acknowledged event is accepted once under one identifier, published once, or lies in quarantine."""
    received = {row["door_key"]: row for row in evidence.tables["intake"]["received_event"]}
    published = Counter(told.id for topic in (COMMITMENT, ENTREPRENEUR) for told in once(evidence.logs[topic.name]))
    places: dict[str, tuple[str, int, int]] = {}
    for topic in (COMMITMENT, ENTREPRENEUR):
        for told in once(evidence.logs[topic.name]):
            places[told.id] = (topic.name, told.partition, told.sequence)
    for each in evidence.told:
        name = (each.platform, each.event["source"], each.event["id"])
        row = received.get(evidence.door_keys[name])
        replies = {(r.event_id, r.commitment_id) for r in each.replies if r.status == 202}
        refused = {r.problem for r in each.replies if r.status != 202}
        if refused or (row is None and (replies or each.times_on_kafka)):
            yield f"{name}: acknowledged ({each.times_on_kafka} times on Kafka), and lost or refused: {refused or ''}"
        elif row is not None:
            if replies - {(str(row["event_id"]), row["commitment_id"] and str(row["commitment_id"]))}:
                yield f"{name}: its answers are not all of {row['event_id']}: {replies}"
            if places.get(str(row["event_id"])) != (row["topic"], row["partition"], row["sequence"]):
                yield f"{name}: accepted, and not on Kafka where it was announced"
    if strange := published.keys() - {str(row["event_id"]) for row in received.values()}:
        yield f"{len(strange)} events are published that nobody accepted"
    if twice := [event_id for event_id, times in published.items() if times > 1]:
        yield f"{len(twice)} events are published under two sequences"
    told = {evidence.door_keys[(each.platform, each.event["source"], each.event["id"])] for each in evidence.told}
    if invented := received.keys() - told:
        yield f"{len(invented)} events are accepted that nobody told"


def nothing_is_overdrawn(evidence: Evidence) -> Breaches:
    """2. After each fact of the topic, and in the tables, no envelope has given more than it has."""
    for told, envelope, now in budgets(once(evidence.logs[ALLOCATION.name])):
        used = now["reserved_cents"] + now["engaged_cents"] + now["lapsed_cents"] + now["frozen_cents"]
        to_pay = now["payment_credits_cents"] - now["payments_frozen_cents"] or now["engaged_cents"]
        if used > now["authorised_cents"] or now["paid_cents"] > to_pay or min(now.values()) < 0:
            yield f"{envelope}: {now} after {told.partition}/{told.sequence}"
    for row in evidence.tables["funding"]["envelope"]:
        if row["reserved_cents"] + row["engaged_cents"] > row["authorised_cents"] - row["frozen_cents"]:
            yield f"{row['envelope_id']}: overdrawn in the ledger"


def postings_are_the_balances(evidence: Evidence) -> Breaches:
    """3. Each balance is the sum of its postings and of its commitments; what is stated of it only grows."""
    yield from books.envelope_breaches(evidence.tables["funding"])
    yield from books.statement_breaches(evidence.tables["funding"])


def decisions_are_the_oracles(evidence: Evidence) -> Breaches:
    """1 and 4. Each event of the log has one decision or one quarantine row, and the decisions are the oracle's."""
    log = evidence.logs[COMMITMENT.name]
    yield from books.decision_breaches(evidence.tables["funding"], log)
    yield from books.oracle_breaches(evidence.tables["funding"], log)


def sequences_reach_kafka_and_are_applied_once(evidence: Evidence) -> Breaches:
    """5. Each outbox is dense and on Kafka, first occurrences in order; each reader has applied all, to the last."""
    for found in evidence.tables.values():
        yield from outbox_breaches(found)
        announced: dict[str, dict[int, list[Row]]] = defaultdict(dict)
        for (topic, partition), rows in found.outbox().items():
            announced[topic][partition] = rows
        for topic, by_partition in announced.items():
            yield from topic_breaches(topic, by_partition, evidence.logs[topic], compacted=topic in COMPACTED)
    for service, topics in READS.items():
        for topic in topics:
            yield from checkpoint_breaches(evidence.tables[service], topic, evidence.logs[topic])
            yield from _last_sequence_breaches(evidence, service, topic)


def _last_sequence_breaches(evidence: Evidence, service: str, topic: str) -> Breaches:
    last = dict.fromkeys(evidence.logs[topic], 0)
    for told in once(evidence.logs[topic]):
        last[told.partition] = max(last[told.partition], told.sequence)
    for row in evidence.tables[service]["checkpoint"]:
        partition, reached = row["partition"], row["last_sequence"]
        if row["topic"] == topic and reached != last[partition]:
            yield f"{service} has applied {topic}/{partition} to {reached}, not {last[partition]}"


def reporting_is_the_fold(evidence: Evidence) -> Breaches:
    """6. Tables, figures and compacted topics are what a plain fold of the topics gives, and so are they rebuilt."""
    yield from budget_breaches(evidence)
    yield from survival_breaches(evidence)
    yield from _compacted_breaches(evidence)
    if evidence.rebuilt is not None:
        for table in FOLDED:
            if list(map(dict, evidence.rebuilt[table])) != list(map(dict, evidence.tables["reporting"][table])):
                yield f"{table}: rebuilt from nothing it is another"
        if _figures(evidence.rebuilt["statement"]) != _figures(evidence.tables["reporting"]["statement"]):
            yield "figures: rebuilt from nothing they are others"


def _figures(statements: Any) -> dict[str, Any]:
    """What is stated, without how far was read when it was: that is the same only for the last of all."""
    return {f"{r['topic']}/{r['key']}": json.loads(r["value"]) | {"read": None} for r in statements}


def _compacted_breaches(evidence: Evidence) -> Breaches:
    statements = evidence.tables["reporting"]["statement"]
    for topic in (BUDGET.name, SURVIVAL.name):
        table = {row["key"]: bytes(row["value"]) for row in statements if row["topic"] == topic}
        yield from unlike(f"{topic} and its table", latest(evidence.logs[topic]), table)
    fields = ("version", "authorised_cents", "reserved_cents", "waitlisted_cents", "waiting_count")
    stated = {k: json.loads(v) for k, v in latest(evidence.logs[ENVELOPE.name]).items()}
    ledger = {row["envelope_id"]: {n: row[n] for n in fields} for row in evidence.tables["funding"]["envelope"]}
    yield from unlike(ENVELOPE.name, {k: {n: v[n] for n in fields} for k, v in stated.items()}, ledger)


def bad_records_hide_nothing(evidence: Evidence) -> Breaches:
    """7. Each spoilt record is in quarantine and has a dead letter, with its reason; its neighbours are applied."""
    quarantined = {
        (r["topic"], r["partition"], r["offset"]): r["reason"] for r in evidence.tables["intake"]["quarantine"]
    }
    accepted = Counter(row["door_key"] for row in evidence.tables["intake"]["received_event"])
    for bad in evidence.poisoned:
        place = (bad.topic, bad.partition, bad.offset)
        if quarantined.pop(place, None) != bad.reason:
            yield f"{place}: not in quarantine for {bad.reason}"
        letters = evidence.logs[f"{bad.topic}.intake.dlq"]
        told = [json.loads(r.value) for r in letters[0] if r.key == "/".join(map(str, place)).encode()]
        if not told or any((letter["reason"], letter["offset"]) != (bad.reason, bad.offset) for letter in told):
            yield f"{place}: {len(told)} dead letters, or for another reason than {bad.reason}"
        for record in evidence.logs[bad.topic][bad.partition]:
            if record.offset in bad.neighbours and not accepted[evidence.door_keys[_name(record)]]:
                yield f"{place}: its neighbour {record.offset} is not accepted"
    yield from (f"{place} is in quarantine ({reason}), and was not spoilt" for place, reason in quarantined.items())
    for service in ("funding", "reporting"):
        yield from (f"{service} refused {dict(row)}" for row in evidence.tables[service]["quarantine"])


def _name(record: Any) -> tuple[str, str, str]:
    """(platform, source, id) of a good record of a partner's topic, in either mode."""
    headers = dict(record.headers)
    event = json.loads(record.value)
    source, given = event.get("source"), event.get("id")
    if "ce_id" in headers:
        source, given = headers["ce_source"].decode(), headers["ce_id"].decode()
    return record.topic.split(".")[1], source, given


def every_lag_is_zero(evidence: Evidence) -> Breaches:
    """8. Nothing is left to do, nothing is parked, and what was asked about has been reported."""
    for name, lag in evidence.lags.items():
        if lag is None or lag["unpublished"] or any(row["records"] for row in lag["partitions"]):
            yield f"{name} lags: {lag}"
    for name, said in evidence.readiness.items():
        if not said["ready"] or said["parked"]:
            yield f"{name} is not ready, or parked: {said}"
    for service, found in evidence.tables.items():
        for row in found["outbox_partition"]:
            if row["parked"] or row["relayed_sequence"] != row["last_sequence"]:
                yield f"{service}: {row['topic']}/{row['partition']} is not relayed to its end ({row['parked']})"
    late = {event_id: status for event_id, status in evidence.statuses.items() if status not in ("held", "reported")}
    yield from (f"{event_id} has only come to be {status}" for event_id, status in late.items())


CHECKS: dict[str, Callable[[Evidence], Breaches]] = {
    check.__name__: check
    for check in (
        nothing_acknowledged_is_lost, nothing_is_overdrawn, postings_are_the_balances, decisions_are_the_oracles,
        sequences_reach_kafka_and_are_applied_once, reporting_is_the_fold, bad_records_hide_nothing, every_lag_is_zero,
        figures_are_traced,
    )
}  # fmt: skip


def duplicates(evidence: Evidence) -> int:
    """How many records our relays sent twice."""
    return sum(
        len(records) - len({dict(record.headers)["ce_sequence"] for record in records})
        for topic in OURS
        for records in evidence.logs[topic].values()
    )
