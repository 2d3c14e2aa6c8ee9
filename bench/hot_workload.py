"""Workload 2's data: commitments on a few hot envelopes, one in a hundred of which must be refused."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord

from bench.workload import KNOWN_AT, event_record
from services.funding.programme import Opening
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE
from shared.kernel.funders import Funder, envelope_id
from shared.messaging.cluster import Router

EXERCISE = 2016
REFUSED_ONE_IN = 100
ASKED_CENTS_MAX = 500_000
BATCH_RECORDS = 8_000
"""What a reader takes at most: `max_records` of shared/messaging/reader.py."""
Ask = tuple[str, int, int]
"""A contract, and the cents asked of CDC and of the State."""
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


@dataclass(frozen=True, slots=True)
class HotEnvelopes:
    """How many commitments on how many envelopes (two a contract); the seed makes it the same each time."""

    events: int
    envelopes: int
    partitions: int = 4
    seed: int = 2016

    @property
    def codes(self) -> list[str]:
        """The contracts' codes."""
        return [f"CV{number:04d}" for number in range(self.envelopes // 2)]

    @property
    def outputs(self) -> dict[str, int]:
        """The partitions of every topic that funding writes."""
        return {ALLOCATION.name: self.partitions, ENVELOPE.name: self.partitions, COMMITMENT.dlq("funding"): 1}

    @property
    def route(self) -> Router:
        """Where keys go."""
        return Router({COMMITMENT.name: self.partitions, **self.outputs})


@dataclass(frozen=True, slots=True)
class Drawn:
    """The commitments in order, what each envelope may spend, and how many of them must be refused.

    Every envelope is authorised for exactly what is accepted on it, so its last cent is reserved at the end, in
    whatever order the commitments come; a refused one asks more of one envelope than is authorised.
    """

    workload: HotEnvelopes
    asks: list[Ask]
    authorised: dict[str, int]
    refused: int

    @property
    def accepted(self) -> int:
        """How many commitments must be reserved."""
        return len(self.asks) - self.refused

    @property
    def openings(self) -> list[Opening]:
        """The envelopes to open."""
        return [
            Opening(code, funder, EXERCISE, self.authorised[envelope_id(code, funder, EXERCISE)])
            for code in self.workload.codes
            for funder in Funder
        ]


def draw(workload: HotEnvelopes) -> Drawn:
    """Draw the commitments; exactly one in a hundred, anywhere among them, is to be refused."""
    rng = random.Random(workload.seed)
    codes = workload.codes
    asks = [
        (rng.choice(codes), rng.randint(1, ASKED_CENTS_MAX), rng.randint(1, ASKED_CENTS_MAX))
        for _ in range(workload.events)
    ]
    refused = sorted(rng.sample(range(workload.events), workload.events // REFUSED_ONE_IN))
    authorised = {envelope_id(code, funder, EXERCISE): 0 for code in codes for funder in Funder}
    too_much = set(refused)
    for place, (code, cdc, state) in enumerate(asks):
        if place not in too_much:
            authorised[envelope_id(code, Funder.CDC, EXERCISE)] += cdc
            authorised[envelope_id(code, Funder.STATE, EXERCISE)] += state
    for place in refused:
        code, cdc, state = asks[place]
        if place % 2:
            asks[place] = (code, authorised[envelope_id(code, Funder.CDC, EXERCISE)] + cdc, state)
        else:
            asks[place] = (code, cdc, authorised[envelope_id(code, Funder.STATE, EXERCISE)] + state)
    return Drawn(workload, asks, authorised, len(refused))


def batches(drawn: Drawn, size: int = BATCH_RECORDS) -> Iterator[list[Record]]:
    """Make the records as a reader gets them: so many at once, those of one partition together and in order.

    They are made when asked for, so that memory holds one batch.
    """
    workload = drawn.workload
    rng = random.Random(workload.seed + 1)
    route = workload.route
    homes = {code: route(COMMITMENT.name, code.encode()) for code in workload.codes}
    written = [0] * workload.partitions
    for start in range(0, len(drawn.asks), size):
        batch = []
        for code, cdc, state in drawn.asks[start : start + size]:
            home = homes[code]
            written[home] += 1
            batch.append(_record(rng, code, cdc, state, partition=home, sequence=written[home]))
        batch.sort(key=lambda record: record.partition)
        yield batch


def _record(rng: random.Random, code: str, cdc: int, state: int, *, partition: int, sequence: int) -> Record:
    event_id = UUID(int=rng.getrandbits(128), version=4)
    key, value, headers = event_record(
        rng, code, event_id=event_id, partition=partition, sequence=sequence, cdc=cdc, state=state
    )
    return ConsumerRecord(
        topic=COMMITMENT.name, partition=partition, offset=sequence - 1,
        timestamp=int(KNOWN_AT.timestamp() * 1000), timestamp_type=0, key=key, value=value, checksum=None,
        serialized_key_size=len(key), serialized_value_size=len(value), headers=tuple(headers),
    )  # fmt: skip
