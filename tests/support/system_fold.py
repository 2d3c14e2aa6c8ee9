"""Plain folds of the topics, as a patient subscriber would do them by hand: nothing here is code of a service."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from aiokafka import ConsumerRecord

from tests.support.topics import Log

Json = dict[str, Any]
AMOUNTS = ("authorised_cents", "frozen_cents", "reserved_cents", "waitlisted_cents", "engaged_cents", "lapsed_cents",
           "paid_cents", "payment_credits_cents", "payments_frozen_cents")  # fmt: skip
COUNTS = {"reserved_cents": "reserved_count", "waitlisted_cents": "waiting_count", "engaged_cents": "engaged_count"}
BALANCES = (*AMOUNTS, *COUNTS.values(), "refused_count")
DEATHS = ("voluntary", "liquidation")
DAYS = {12: 365, 24: 730, 36: 1096, 60: 1826}


class Told(NamedTuple):
    """One record of a topic of ours, read once: a relay may have sent it again."""

    partition: int
    sequence: int
    id: str
    type: str
    value: Json


def once(log: Log) -> Iterator[Told]:
    """The records of a log, each sequence once, partition by partition."""
    for partition, records in sorted(log.items()):
        seen: set[int] = set()
        for record in records:
            headers = dict(record.headers)
            sequence = int(headers["ce_sequence"])
            if sequence not in seen:
                seen.add(sequence)
                event_id, kind = headers["ce_id"].decode(), headers["ce_type"].decode()
                yield Told(partition, sequence, event_id, kind, json.loads(record.value))


def budgets(allocations: Iterable[Told]) -> Iterator[tuple[Told, str, Json]]:
    """After each fact, each envelope that it touched: (fact, envelope, its balances, counts and version).

    A commitment is counted where it has cents: what each has in each envelope is kept beside.
    """
    book: dict[str, Json] = {}
    parts: dict[tuple[str, str], Json] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for told in allocations:
        for envelope, change in _touched(told):
            now = book.setdefault(envelope, dict.fromkeys((*BALANCES, "version"), 0))
            for name, amount in change.items():
                now[name] += amount
            if not told.type.startswith("Envelope"):
                part = parts[envelope, told.value["commitment_id"]]
                for name, count in COUNTS.items():
                    was, part[name] = part[name], part[name] + change.get(name, 0)
                    now[count] += bool(part[name]) - bool(was)
            now["version"] += 1
            yield told, envelope, dict(now)


def _touched(told: Told) -> Iterator[tuple[str, Json]]:
    fact = told.value
    if told.type.startswith("Envelope"):
        yield fact["envelope_id"], _credited(told.type, fact)
        if told.type == "EnvelopeCarriedOver":
            yield fact["from_envelope_id"], _credited("EnvelopeReduced", fact)
        return
    if told.type.startswith("Movement") or told.type == "CertificationRecorded":
        return
    for funder, field in (("CDC", "cdc_cents"), ("STATE", "state_cents")):
        asked, before = fact[field], fact.get(f"previous_{field}", 0)
        if (asked or before) and fact.get("funder", funder) == funder:
            exercise = fact.get("credit_exercise") or fact["exercise"]
            yield f"{fact['contract']}.{funder}.{exercise}", _change(told.type, fact, asked, before)


def _credited(kind: str, fact: Json) -> Json:
    sign = 1 if kind in ("EnvelopeOpened", "EnvelopeIncreased", "EnvelopeReceived", "EnvelopeCarriedOver") else -1
    names = ("authorised_cents", "payment_credits_cents")
    if kind in ("EnvelopeFrozen", "EnvelopeUnfrozen"):
        names, sign = ("frozen_cents", "payments_frozen_cents"), 1 if kind == "EnvelopeFrozen" else -1
    return {names[0]: sign * fact["amount_cents"], names[1]: sign * fact.get("payment_cents", 0)}


def _change(kind: str, fact: Json, asked: int, before: int) -> Json:
    there = "waitlisted_cents" if fact.get("standing") == "waitlisted" else "reserved_cents"
    return {
        "AllocationReserved": {"reserved_cents": asked},
        "AllocationWaitlisted": {"waitlisted_cents": asked},
        "AllocationPromoted": {"reserved_cents": asked, "waitlisted_cents": -asked},
        "AllocationDisplaced": {"reserved_cents": -asked, "waitlisted_cents": asked},
        "AllocationRefused": {"refused_count": 1},
        "AllocationReleased": {there: -asked},
        "AllocationClosed": {there: -asked},
        "AllocationAmended": {there: asked - before},
        "AllocationEngaged": {"reserved_cents": -asked, "engaged_cents": asked},
        "AllocationDecommitted": {"engaged_cents": -asked, "lapsed_cents": 0 if fact.get("same_exercise") else asked},
        "PaymentRecorded": {"paid_cents": asked},
        "PaymentReturnRecorded": {"paid_cents": -asked},
    }[kind]


def businesses(entrepreneurs: Iterable[Told]) -> dict[tuple[int, str], Json]:
    """Each business that has a birth or an end, by (partition, identifier).

    Of two words about the same thing the one that its partner was told last counts; at equal times the later here.
    """
    told: dict[tuple[int, str], list[Told]] = defaultdict(list)
    for each in entrepreneurs:
        if each.type.startswith("Business"):
            told[(each.partition, each.value["business_id"])].append(each)
    return {key: life for key, facts in told.items() if any((life := _life(facts)).values())}


def _life(facts: Sequence[Told]) -> Json:
    births = [each.value for each in facts if each.type == "BusinessCreated"]
    ends = [each for each in facts if each.type in ("BusinessCeased", "BusinessCessationAnnulled")]
    birth = max(enumerate(births), key=lambda item: (_instant(item[1]["declared_at"]), item[0]), default=(0, None))[1]
    end = max(enumerate(ends), key=lambda item: (_instant(item[1].value["declared_at"]), item[0]), default=(0, None))[1]
    ceased = end.value if end is not None and end.type == "BusinessCeased" else None
    return {
        "contract": birth and birth["contract"], "born_on": birth and birth["occurred_on"],
        "first_observed_on": min((b["first_observed_on"] or b["occurred_on"] for b in births), default=None),
        "birth_told_at": birth and _instant(birth["declared_at"]), "ended_on": ceased and ceased["occurred_on"],
        "end_kind": ceased and ("death" if ceased["cessation"] in DEATHS else "left"),
        "end_told_at": end and _instant(end.value["declared_at"]),
    }  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def as_of(entrepreneurs: Iterable[Told]) -> date:
    """The last complete month behind the day until which partners have told."""
    latest = max(min(_instant(t.value["declared_at"]), _instant(t.value["known_at"])) for t in entrepreneurs)
    return latest.date().replace(day=1) - timedelta(days=1)


def survival(lives: Iterable[Mapping[str, Any]], day: date) -> Json:
    """How many were ever at risk by `day`, and, by horizon, the product-limit estimate and who is at risk there."""
    seen = [one for life in lives if life["born_on"] and (one := _observed(life, day))]
    found: Json = {"size": len(seen)}
    for months, horizon in DAYS.items():
        estimate = 1.0
        for time in sorted({end for _, end, died in seen if died and end <= horizon}):
            at_risk = sum(_is_at_risk(one, time) for one in seen)
            died = sum(one[2] and one[1] == time for one in seen)
            estimate *= (at_risk - died) / at_risk
        found[str(months)] = {"survival": estimate, "at_risk": sum(entry < horizon <= end for entry, end, _ in seen)}
    return found


def _is_at_risk(one: tuple[int, int, bool], time: int) -> bool:
    entry, end, _ = one
    return entry < time <= end if time else entry == 0


def _observed(life: Mapping[str, Any], day: date) -> tuple[int, int, bool] | None:
    """(first day seen, last day seen, died), in days of age; None when there was no day on which it could die."""
    born_on, first = _day(life["born_on"]), _day(life["first_observed_on"])
    ended_on = _day(life["ended_on"]) if life["ended_on"] else None
    ended = ended_on is not None and ended_on <= day
    last = ended_on if ended and ended_on is not None else day
    entry, end = max(0, (first - born_on).days), (last - born_on).days
    return (entry, end, ended and life["end_kind"] == "death") if entry < end or entry == end == 0 else None


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def latest(records: Mapping[int, Sequence[ConsumerRecord[Any, Any]]]) -> dict[str, bytes]:
    """The last value of each key of a compacted topic."""
    return {record.key.decode(): record.value for _, some in sorted(records.items()) for record in some}
