"""Builds the records that reporting reads: allocation facts and entrepreneur facts, as their relays write them."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

from shared.contracts import allocation, entrepreneur
from shared.contracts.fields import Fact
from shared.contracts.topics import ALLOCATION, ENTREPRENEUR, Topic
from shared.kernel.funders import Funder
from shared.messaging.cloudevents import binary_headers, source_of

NAMES = UUID("d7a0f1c2-3b44-5a55-8c66-7d8e9fa0b1c2")
START = datetime(2016, 4, 4, 8, 0, tzinfo=UTC)
Record: TypeAlias = "ConsumerRecord[Any, Any]"


def named(name: object) -> UUID:
    """A UUID for a name that people can read."""
    return uuid5(NAMES, str(name))


def decided(type_: str, name: object = "c", /, *, contract: str = "CV219", **fields: Any) -> Any:
    """An allocation fact of funding about one commitment, of the exercise 2016 and nobody's money unless told."""
    told = {"exercise": 2016, "cdc_cents": 0, "state_cents": 0, "known_at": START} | fields
    model: type[Any] = getattr(allocation, type_)
    return model(commitment_id=named(name), contract=contract, **told)


def envelope(type_: str, name: str, amount_cents: int, /, **fields: Any) -> Any:
    """A manager's act on the envelope called `name`."""
    contract, funder, exercise = name.split(".")
    told = {"by": "cdc", "reason": "protocol-2016", "effective_on": date(2016, 1, 1), "known_at": START} | fields
    model: type[Any] = getattr(allocation, type_)
    return model(
        envelope_id=name, contract=contract, funder=Funder(funder), exercise=int(exercise),
        amount_cents=amount_cents, **told,
    )  # fmt: skip


def told(type_: str, name: object = "b", /, *, on: date = date(2016, 5, 2), late_days: int = 3, **fields: Any) -> Any:
    """A fact about one business (or, without `business_id` in its model, about its person)."""
    model: type[Any] = getattr(entrepreneur, type_)
    declared_at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC) + timedelta(days=late_days)
    values = {
        "entrepreneur_id": named(f"person of {name}"), "contract": "CV219", "platform": "citeslab", "occurred_on": on,
        "declared_at": declared_at, "known_at": declared_at + timedelta(hours=1),
    }  # fmt: skip
    if "business_id" in model.model_fields:
        values["business_id"] = named(name)
    return model(**values | fields)


def record(topic: Topic, fact: Fact, *, partition: int, offset: int, sequence: int | None = None) -> Record:
    """The record of a fact; its sequence is dense unless told."""
    value = fact.model_dump_json().encode()
    headers = binary_headers(
        event_id=str(uuid5(NAMES, f"{topic.name}/{partition}/{offset}")),
        source=source_of(topic.name, partition, 0).encode(),
        type_=type(fact).__name__, topic=topic.name, subject="s", sequence=sequence or offset + 1, time=START,
        cause=str(named(offset)), traceparent=None,
    )  # fmt: skip
    return raw(topic.name, headers, value, partition=partition, offset=offset)


def raw(
    topic: str, headers: Sequence[tuple[str, bytes]], value: bytes | None, *, partition: int, offset: int
) -> Record:
    """Any record at all."""
    return ConsumerRecord(
        topic=topic, partition=partition, offset=offset, timestamp=int(START.timestamp() * 1000) + offset,
        timestamp_type=0, key=b"k", value=value, checksum=None, serialized_key_size=1,
        serialized_value_size=len(value or b""), headers=tuple(headers),
    )  # fmt: skip


def log(topic: Topic, facts: Iterable[Fact], *, partition: int = 0, start: int = 0) -> list[Record]:
    """The records of a whole partition."""
    return [record(topic, fact, partition=partition, offset=offset) for offset, fact in enumerate(facts, start)]


def allocations(*facts: Fact, partition: int = 0, start: int = 0) -> list[Record]:
    """A partition of `funding.allocation.v1`."""
    return log(ALLOCATION, facts, partition=partition, start=start)


def entrepreneurs(*facts: Fact, partition: int = 0, start: int = 0) -> list[Record]:
    """A partition of `intake.entrepreneur.v1`."""
    return log(ENTREPRENEUR, facts, partition=partition, start=start)


def cut(chance: random.Random, records: Sequence[Record]) -> list[list[Record]]:
    """Cut a log into batches at random."""
    batches, rest = [], list(records)
    while rest:
        size = chance.choice((1, 7, 40, 300))
        batches.append(rest[:size])
        rest = rest[size:]
    return batches
