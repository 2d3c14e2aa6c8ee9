"""How far behind each service is, asked of the service, or found in its database and on Kafka when it is silent."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg
import httpx

from fabrique.stack.addresses import Addresses

CHECKPOINTS = "SELECT topic, partition, next_offset FROM checkpoint"
WINDOW = 5
"""Looks that a state is judged on."""
STALE_SECONDS = 60


class State(StrEnum):
    """How a reader does on one partition, judged from several looks; after Burrow's rules."""

    OK = "ok"
    BEHIND = "behind"
    GROWING = "growing"
    STALLED = "stalled"
    STOPPED = "stopped"
    REWOUND = "rewound"


@dataclass(frozen=True, slots=True)
class Look:
    """One partition at one moment: where its reader is, where it ends, how old the oldest record left is."""

    service: str
    topic: str
    partition: int
    next_offset: int
    records: int
    seconds: float
    answered: bool

    @property
    def of(self) -> tuple[str, str, int]:
        """Which reading this is about."""
        return self.service, self.topic, self.partition


@dataclass(slots=True)
class History:
    """The last looks at each partition."""

    looks: dict[tuple[str, str, int], deque[Look]] = field(default_factory=dict)

    def judge(self, look: Look) -> State:
        """Add a look, and say how that reader does."""
        past = self.looks.setdefault(look.of, deque(maxlen=WINDOW))
        past.append(look)
        return judge(past)


def judge(past: Sequence[Look]) -> State:
    """Say how a reader does from its looks, oldest first; one look alone only tells ok, behind or stopped."""
    now = past[-1]
    if any(later.next_offset < earlier.next_offset for earlier, later in zip(past, [*past][1:], strict=False)):
        return State.REWOUND
    if not now.records:
        return State.OK
    if not now.answered or (now.seconds > STALE_SECONDS and past[0].next_offset == now.next_offset):
        return State.STOPPED
    if len(past) == WINDOW and all(look.records for look in past):
        if past[0].next_offset == now.next_offset:
            return State.STALLED
        if all(later.records > earlier.records for earlier, later in zip(past, [*past][1:], strict=False)):
            return State.GROWING
    return State.BEHIND


async def look(found: Addresses, service: str) -> list[Look]:
    """Look at all partitions that a service reads."""
    rows, answered = await _answer(found, service), True
    if rows is None:
        rows, answered = await _measured(found, service), False
    return [
        Look(service, row["topic"], row["partition"], row["next_offset"], row["records"], row["seconds"], answered)
        for row in sorted(rows, key=lambda row: (row["topic"], row["partition"]))
    ]


async def _answer(found: Addresses, service: str) -> list[dict[str, Any]] | None:
    """What the service says; None when it does not answer."""
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.get(f"{found.http[service]}/ops/lag")
            return list(answer.raise_for_status().json()["partitions"])
    except (httpx.HTTPError, ValueError, KeyError):
        return None


async def _measured(found: Addresses, service: str) -> list[Any]:
    """What its database and Kafka say; nothing when we do not know its database."""
    from shared.database.checkpoint import Source  # noqa: PLC0415  takes long to import, for what is rarely needed
    from shared.messaging.lag import measure  # noqa: PLC0415  as above

    if service not in found.databases:
        return []
    connection = await asyncpg.connect(found.databases[service].replace("+asyncpg", ""), timeout=10)
    try:
        rows = await connection.fetch(CHECKPOINTS)
    finally:
        await connection.close()
    lags = await measure(found.servers, {Source(row["topic"], row["partition"]): row["next_offset"] for row in rows})
    return [lag.as_row() for lag in lags]
