"""Writes commitment events as intake publishes them, in JSON and as Kafka records, and draws whole logs at random."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

Json = dict[str, Any]
TOPIC = "intake.commitment.v1"
NAMES = UUID("5f1c9a52-7d0e-4c6b-9a2e-2f6f4f6f9b10")
START = datetime(2016, 10, 3, 9, 0, tzinfo=UTC)
FUNDERS_ACTS = ("CommitmentEngaged", "CommitmentEngaged", "ServiceCertified", "PaymentMade", "PaymentMade",
                "PaymentReturned", "PaymentReturned", "CommitmentDecommitted", "CommitmentClosed")  # fmt: skip


def named(name: str) -> str:
    """A UUID for a name that people can read."""
    return str(uuid5(NAMES, name))


def event(
    type_: str, commitment: str, /, *, contract: str, number: int, known_at: datetime | None = None, **terms: Any
) -> Json:
    """One event of the log: its identity comes from the contract, the commitment and its number."""
    at = (known_at or START + timedelta(seconds=number)).isoformat()
    value = {
        "commitment_id": named(commitment), "contract": contract, "platform": "citeslab", "occurred_on": "2016-10-02",
        "declared_at": START.isoformat(), "known_at": at, **terms,
    }  # fmt: skip
    return {"id": named(f"{contract}/{commitment}/{number}"), "type": type_, "value": value}


def record(
    told: Json, *, offset: int, partition: int = 0, topic: str = TOPIC, epoch: int = 0, sequence: int | None = None
) -> ConsumerRecord[bytes, bytes]:
    """The Kafka record of an event, with the headers that intake's relay writes; by default its sequence is dense."""
    number = offset + 1 if sequence is None else sequence
    headers = [
        ("ce_specversion", b"1.0"), ("content-type", b"application/json"), ("ce_id", told["id"].encode()),
        ("ce_source", f"/fabrique/intake/{topic}/{partition}/epoch/{epoch}".encode()),
        ("ce_type", told["type"].encode()), ("ce_time", told["value"]["known_at"].encode()),
        ("ce_subject", told["value"]["commitment_id"].encode()), ("ce_sequence", f"{number:020}".encode()),
    ]  # fmt: skip
    return raw_record(
        headers, json.dumps(told["value"]).encode(), offset=offset, partition=partition, topic=topic,
        key=told["value"]["contract"].encode(),
    )  # fmt: skip


def raw_record(
    headers: Sequence[tuple[str, Any]], value: bytes | None, *, offset: int, partition: int = 0, topic: str = TOPIC,
    key: bytes | None = None,
) -> ConsumerRecord[bytes, bytes]:  # fmt: skip
    """Any record at all."""
    return ConsumerRecord(
        topic=topic, partition=partition, offset=offset, timestamp=int(START.timestamp() * 1000) + offset,
        timestamp_type=0, key=key, value=value, checksum=None, serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""), headers=tuple(headers),
    )  # fmt: skip


def records(events: Iterable[Json], *, partition: int = 0, start: int = 0) -> list[ConsumerRecord[bytes, bytes]]:
    """The records of a whole partition."""
    return [record(told, offset=offset, partition=partition) for offset, told in enumerate(events, start)]


def opened(contract: str, funder: str, exercise: int, amount_cents: int, payment_cents: int | None = None) -> Json:
    """A manager's step, as the oracle reads it; without `payment_cents` the funder has no payment credits."""
    step: Json = {"open": f"{contract}.{funder}.{exercise}", "amount_cents": amount_cents}
    return step if payment_cents is None else step | {"payment_cents": payment_cents}


@dataclass
class Scribe:
    """Draws a log at random, in small amounts and tight envelopes, so that every rule is met again and again."""

    chance: random.Random
    contracts: Sequence[str]
    exercises: Sequence[int] = (2016, 2017)
    known: dict[str, list[str]] = field(default_factory=dict)
    number: int = 0
    asked: dict[str, Json] = field(default_factory=dict)

    def openings(self, most: int = 120) -> list[Json]:
        """Envelopes of each contract; now and then one is missing."""
        return [
            opened(contract, funder, exercise, self.chance.randint(0, most))
            for contract in self.contracts
            for exercise in self.exercises
            for funder in ("CDC", "STATE")
            if self.chance.random() < 0.93
        ]

    def events(self, count: int) -> list[Json]:
        """The next `count` events."""
        return [self._event() for _ in range(count)]

    def _event(self) -> Json:
        self.number += 1
        chance, contract = self.chance, self.chance.choice(self.contracts)
        mine = self.known.setdefault(contract, [])
        fate = chance.random()
        when = START + timedelta(seconds=self.number - chance.choice((0, 0, 0, 90)))
        if not mine or fate < 0.42:
            name = f"{contract}-{self.number}" if not mine or chance.random() < 0.95 else chance.choice(mine)
            mine.append(name)
            terms = self._asks() | {"exercise": chance.choice(self.exercises), "priority": chance.choice((1, 5, 5, 9))}
            self.asked[name] = terms
            return event("CommitmentDeclared", name, contract=contract, number=self.number, known_at=when, **terms)
        name = chance.choice(mine) if chance.random() < 0.97 else f"nobody-{self.number}"
        if fate < 0.58:
            kind, terms = "CommitmentAmended", self._asks()
        elif fate < 0.75:
            kind, terms = "CommitmentWithdrawn", {"reason": "abandoned"}
            if name in mine and chance.random() < 0.9:
                mine.remove(name)
        else:
            kind, name = chance.choice(FUNDERS_ACTS), chance.choice((name, *mine[-3:], *mine[-2:] * 3))
            terms = self._act(kind, self.asked.get(name, {}))
        return event(kind, name, contract=contract, number=self.number, known_at=when, **terms)

    def _act(self, kind: str, asked: Json) -> Json:
        """What a funder says of its act: mostly one that was asked, in its exercise, and possible now and then."""
        chance = self.chance
        if kind == "CommitmentClosed":
            return {}
        funder = "CDC" if asked.get("cdc_cents") else "STATE"
        exercise, likely = asked.get("exercise", self.exercises[0]), chance.random() < 0.8
        most = asked.get(f"{funder.lower()}_cents", 9)
        terms = {
            "funder": funder if likely else chance.choice(("CDC", "STATE")),
            "exercise": exercise if likely else chance.choice(self.exercises),
            "amount_cents": most if chance.random() < 0.4 else chance.randint(1, max(1, most // 2)),
        }
        if kind == "PaymentMade":
            terms["kind"] = chance.choice(("advance", "instalment", "balance"))
        return terms

    def _asks(self) -> Json:
        cdc, state = self.chance.choice(((1, 0), (0, 1), (1, 1)))
        most = self.chance.choice((6, 20, 45, 130))
        asked = {"cdc_cents": cdc * self.chance.randint(1, most), "state_cents": state * self.chance.randint(1, most)}
        return asked | {"cost_cents": sum(asked.values()) + self.chance.randint(0, 50)}
