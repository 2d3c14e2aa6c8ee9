"""Holds funding's database against the sequential oracle: the lines told again, and every answer compared."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import ConsumerRecord

from tests.support.commitment_events import Json
from tests.support.oracle import Oracle
from tests.support.spine_checks import Row, Snapshot
from tests.support.topics import Log

COMMITMENT, ALLOCATION = "intake.commitment.v1", "funding.allocation.v1"
OPENED = "EnvelopeOpened"
"""A programme opens its envelopes in one step, in any order: where they end is compared, not how it is told."""
SAID = ("type", "commitment_id", "contract", "exercise", "cdc_cents", "state_cents", "reason", "standing", "movement",
        "previous_cdc_cents", "previous_state_cents", "funder", "same_exercise", "credit_exercise",
        "from_payment_credits", "kind", "movement_id", "rules_version")  # fmt: skip
SAID_OF_ENVELOPES = ("type", "envelope_id", "amount_cents", "payment_cents", "to_envelope_id", "from_envelope_id")
BALANCES = ("authorised_cents", "frozen_cents", "reserved_cents", "engaged_cents", "lapsed_cents", "waitlisted_cents",
            "waiting_count", "paid_cents", "closed")  # fmt: skip
TERMS = ("cdc_cents", "state_cents", "contract", "exercise", "state", "cost_cents", "priority", "score")
Records = Iterable[ConsumerRecord[Any, Any]]


class Entry(NamedTuple):
    """What is told at one place of one line, or of two for a transfer between partitions."""

    partitions: frozenset[int]
    steps: list[Json]


def oracle_breaches(found: Snapshot, log: Log) -> Iterator[str]:
    """Decisions, what they post and where everything ends are those of the sequential oracle."""
    oracle = Oracle().tell(step for entry in lines(found, log) for step in entry.steps)
    yield from _answers_differ(found, oracle)
    refused = {(str(r["command_id"]), json.loads(r["outcome"])["refusal"]) for r in found["command"]
               if r["state"] == "refused"}  # fmt: skip
    expected = {(each["command"], each["reason"]) for each in oracle.refused_commands}
    if refused != expected:
        yield f"commands refused otherwise than by the oracle: {sorted(refused ^ expected)}"
    waiting = {(str(row["event_id"]), row["reason"]) for row in found["held_movement"]}
    if waiting != set(oracle.held()):
        yield f"held otherwise than by the oracle: {sorted(waiting ^ set(oracle.held()))}"
    ours = {str(r["envelope_id"]): _envelope(r) for r in found["envelope"]}
    if ours != oracle.balances():
        yield f"envelopes end otherwise than the oracle's: {_difference(ours, oracle.balances())}"
    acts, commitments = _acts(found), oracle.commitments()
    ours = {str(r["commitment_id"]): {n: r[n] for n in TERMS} | acts[r["commitment_id"]] for r in found["commitment"]}
    for kept in commitments.values():
        del kept["lapsed"]  # the ledger keeps it with the envelope alone
    if ours != commitments:
        yield f"commitments end otherwise than the oracle's: {_difference(ours, commitments)}"


def lines(found: Snapshot, log: Log) -> Iterator[Entry]:
    """Events and managers' commands of all partitions, each line in its order."""
    refused = {(r["partition"], r["offset"]) for r in found["quarantine"] if r["topic"] == COMMITMENT}
    placed: dict[int, list[tuple[tuple[int, int, int], Entry]]] = defaultdict(list)
    for partition, records in log.items():
        for record in once(records):
            if (partition, record.offset) not in refused:
                entry = Entry(frozenset({partition}), [_event(record)])
                placed[partition].append(((record.offset, 1, 0), entry))
    for row in found["command"]:
        if row["state"] in ("applied", "refused"):
            places = [(row["partition"], row["next_offset"], row["step"])]
            if row["to_partition"] is not None:
                places.append((row["to_partition"], row["to_next_offset"], row["to_step"]))
            entry = Entry(frozenset(place[0] for place in places), [*_commanded(row)])
            for partition, next_offset, step in places:
                placed[partition].append(((next_offset, 0, step), entry))
    queues = {p: deque(entry for _, entry in sorted(line, key=lambda each: each[0])) for p, line in placed.items()}
    while any(queues.values()):
        heads = [queue[0] for queue in queues.values() if queue]
        ready = next(e for e in heads if all(queues[p] and queues[p][0] is e for p in e.partitions))
        for partition in ready.partitions:
            queues[partition].popleft()
        yield ready


def once(records: Records) -> Iterator[ConsumerRecord[Any, Any]]:
    """The records of a partition without those that their relay sent again."""
    last = (0, 0)
    for record in records:
        headers = dict(record.headers)
        source, sequence = headers.get("ce_source") or b"", headers.get("ce_sequence") or b""
        if b"/epoch/" in source and sequence.isdigit():
            stamp = (int(source.rpartition(b"/epoch/")[2]), int(sequence))
            if stamp <= last:
                continue
            last = stamp
        yield record


def identity(record: ConsumerRecord[Any, Any]) -> UUID:
    """The id of a record's event. Raises ValueError, AttributeError or KeyError."""
    return UUID(dict(record.headers)["ce_id"].decode())


def _event(record: ConsumerRecord[Any, Any]) -> Json:
    kind = dict(record.headers)["ce_type"].decode()
    return {"id": str(identity(record)), "type": kind, "value": json.loads(record.value)}


def _commanded(row: Row) -> Iterator[Json]:
    content = json.loads(row["content"])
    if row["kind"] != "open-envelopes":
        yield {"command": str(row["command_id"]), **content}
        return
    for envelope, said in content.items():
        yield {"open": envelope} | (said if isinstance(said, dict) else {"amount_cents": said})


def _answers_differ(found: Snapshot, oracle: Oracle) -> Iterator[str]:
    """Name, for each contract, the first answer that is not the oracle's."""
    postings: dict[tuple[int, int], list[tuple[str, str, str, int]]] = defaultdict(list)
    for row in found["posting"]:
        line = (row["envelope_id"], row["credit"], row["debit"], row["amount_cents"])
        postings[row["partition"], row["sequence"]].append(line)
    ours: dict[str, list[Json]] = defaultdict(list)
    for row in found["outbox"]:
        if row["topic"] == ALLOCATION and row["type"] != OPENED:
            said = _said(row) | {"postings": postings[row["partition"], row["sequence"]]}
            ours[json.loads(row["value"])["contract"]].append(said)
    theirs: dict[str, list[Json]] = defaultdict(list)
    for told in oracle.decisions:
        if told["type"] == OPENED:
            continue
        theirs[told.get("contract") or told["envelope_id"].partition(".")[0]].append(told)
    for contract in sorted({*ours, *theirs}):
        for said, expected in zip(ours[contract], theirs[contract], strict=False):
            if said != {name: expected.get(name) for name in said}:
                yield f"{contract}: says {said}, the oracle {expected}"
                break
        if len(ours[contract]) != len(theirs[contract]):
            yield f"{contract}: {len(ours[contract])} answers, the oracle has {len(theirs[contract])}"


def _said(row: Row) -> Json:
    said = {"type": row["type"]} | json.loads(row["value"])
    names = SAID_OF_ENVELOPES if row["type"].startswith("Envelope") else SAID
    return {"id": str(row["event_id"]), "cause": str(row["cause"])} | {name: said.get(name) for name in names}


def _envelope(row: Row) -> Json:
    """An envelope as the oracle says it."""
    room = row["authorised_cents"] - sum(row[f"{n}_cents"] for n in ("frozen", "reserved", "engaged", "lapsed"))
    has_credits = row["payment_credits_cents"] is not None
    payable = row["payment_credits_cents"] - row["payments_frozen_cents"] - row["paid_cents"] if has_credits else None
    return {name: row[name] for name in BALANCES} | {
        "room_cents": room, "payment_cents": row["payment_credits_cents"], "payable_cents": payable,
        "payment_frozen_cents": row["payments_frozen_cents"],
    }  # fmt: skip


def _acts(found: Snapshot) -> dict[UUID, Json]:
    """What funders engaged, certified and paid of each commitment, as the oracle says it."""
    acts: dict[UUID, Json] = defaultdict(_nothing_done)
    for row in found["engagement"]:
        for name in ("engaged", "certified"):
            acts[row["commitment_id"]][name][row["funder"]] = row[f"{name}_cents"]
    for row in found["payment"]:
        if row["paid_cents"]:
            acts[row["commitment_id"]]["paid"][row["funder"]][row["exercise"]] = row["paid_cents"]
    return acts


def _nothing_done() -> Json:
    return {name: {"CDC": 0, "STATE": 0} for name in ("engaged", "certified")} | {"paid": {"CDC": {}, "STATE": {}}}


def _difference(ours: Json, theirs: Json) -> Json:
    return {k: (ours.get(k), theirs.get(k)) for k in sorted({*ours, *theirs}) if ours.get(k) != theirs.get(k)}
