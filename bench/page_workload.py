"""What the managers' pages are measured with: a year of commitments of a whole country, and what funders did."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.kernel.funders import Funder
from shared.messaging.cloudevents import binary_headers, source_of
from shared.messaging.cluster import Router

START = datetime(2016, 2, 1, 8, tzinfo=UTC)
FIRST_ACT = datetime(2016, 8, 1, 8, tzinfo=UTC)
DAYS_OF_ACTS = 100
BATCH_RECORDS = 4_000
LAST_BATCHES = 7
LAST_RECORDS = 10
"""The last acts come in small batches, between which pages are asked for."""
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Told = tuple[datetime, str, dict[str, Any]]
"""When it is known, its type, and what it says."""


@dataclass(frozen=True, slots=True)
class Country:
    """How many commitments, and how many of them both funders engage; the seed makes it the same each time."""

    commitments: int = 50_000
    engaged: int = 8_000
    contracts: int = 1_500
    partitions: int = 4
    seed: int = 2016

    @property
    def codes(self) -> list[str]:
        """The contracts' codes."""
        return [f"CV{number:04d}" for number in range(self.contracts)]

    @property
    def outputs(self) -> dict[str, int]:
        """The partitions of every topic that funding writes."""
        return dict.fromkeys((t.name for t in (ALLOCATION, ENVELOPE, TERRITORY)), self.partitions) | {
            COMMITMENT.dlq("funding"): 1
        }

    @property
    def route(self) -> Router:
        """Where keys go."""
        return Router({COMMITMENT.name: self.partitions, **self.outputs})


def events(country: Country) -> list[Told]:
    """Tell the year in order: declarations, then engagements, of which half are paid in part and a quarter whole."""
    rng = random.Random(country.seed)
    found: list[Told] = []
    for number in range(country.commitments):
        cents = {funder: rng.randint(100, 500_000) for funder in Funder}
        common = {"commitment_id": str(UUID(int=rng.getrandbits(128), version=4)),
                  "contract": rng.choice(country.codes), "platform": "bench"}  # fmt: skip
        asked = {"cost_cents": sum(cents.values()), "cdc_cents": cents[Funder.CDC], "state_cents": cents[Funder.STATE],
                 "priority": 5, "exercise": 2016}  # fmt: skip
        found.append((START, "CommitmentDeclared", common | asked))
        if number < country.engaged:
            for funder, amount in cents.items():
                found += _acts(rng, common | {"funder": funder.value, "exercise": 2016}, amount)
    return sorted(found, key=lambda told: told[0])


def _acts(rng: random.Random, common: dict[str, Any], amount: int) -> Iterator[Told]:
    on = FIRST_ACT + timedelta(days=rng.randrange(DAYS_OF_ACTS))
    yield on, "CommitmentEngaged", common | {"amount_cents": amount}
    fate = rng.random()
    if fate < 0.75:
        paid = amount if fate < 0.25 else amount // 2
        yield on + timedelta(days=10), "PaymentMade", common | {"amount_cents": paid, "kind": "advance"}
    if fate > 0.9:
        yield on + timedelta(days=11), "ServiceCertified", common | {"amount_cents": amount // 2}


def batches(country: Country) -> Iterator[list[Record]]:
    """Make the records as a reader gets them: so many at once, those of one partition together and in order.

    The last batches are small: acts that come while pages are looked at.
    """
    rng = random.Random(country.seed + 1)
    route, written = country.route, [0] * country.partitions
    year = events(country)
    whole, last = year[: -LAST_BATCHES * LAST_RECORDS], year[-LAST_BATCHES * LAST_RECORDS :]
    cut = [whole[start : start + BATCH_RECORDS] for start in range(0, len(whole), BATCH_RECORDS)]
    cut += [last[start : start + LAST_RECORDS] for start in range(0, len(last), LAST_RECORDS)]
    for part in cut:
        batch = []
        for told in part:
            home = route(COMMITMENT.name, told[2]["contract"].encode())
            written[home] += 1
            batch.append(_record(UUID(int=rng.getrandbits(128), version=4), home, written[home], told))
        yield sorted(batch, key=lambda record: record.partition)


def _record(event_id: UUID, home: int, sequence: int, told: Told) -> Record:
    when, type_, said = told
    known = when.isoformat().replace("+00:00", "Z")
    value = json.dumps(said | {"occurred_on": known[:10], "declared_at": known, "known_at": known}).encode()
    headers = binary_headers(
        event_id=str(event_id), source=source_of(COMMITMENT.name, home, 0).encode(), type_=type_, topic=COMMITMENT.name,
        subject=said["commitment_id"], sequence=sequence, time=when, cause=None, traceparent=None,
    )  # fmt: skip
    return ConsumerRecord(
        topic=COMMITMENT.name, partition=home, offset=sequence - 1, timestamp=int(when.timestamp() * 1000),
        timestamp_type=0, key=said["contract"].encode(), value=value, checksum=None, serialized_key_size=6,
        serialized_value_size=len(value), headers=tuple(headers),
    )  # fmt: skip
