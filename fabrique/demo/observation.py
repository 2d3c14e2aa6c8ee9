"""Looks at the running stack from outside: what the services answer, and what intake's database counts."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import httpx

from fabrique.stack.addresses import SERVICES, Addresses

ACCEPTED = "SELECT count(*) FROM received_event"
QUARANTINED = "SELECT reason, count(*) FROM quarantine WHERE state = 'open' GROUP BY reason"
LAST = "SELECT partition, last_sequence FROM outbox_partition WHERE topic = $1 AND last_sequence > 0"
FOLDED = {"survival": ("intake", "intake.entrepreneur.v1"), "budget": ("funding", "funding.allocation.v1")}
"""The topic that each set of figures folds, and whose database knows where it ends."""
Json = dict[str, Any]
Marks = dict[int, int]


@dataclass(slots=True)
class Observation:
    """What was seen at one moment; of a service that did not answer, which is in `silent`, what was seen before."""

    accepted: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    lags: dict[str, Json] = field(default_factory=dict)
    budget: Json = field(default_factory=dict)
    survival: Json = field(default_factory=dict)
    ends: dict[str, Marks] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)

    @property
    def lag_records(self) -> int:
        """Records that some service has not applied yet."""
        return sum(row["records"] for lag in self.lags.values() for row in lag["partitions"])

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest record not applied."""
        return max((row["seconds"] for lag in self.lags.values() for row in lag["partitions"]), default=0.0)

    @property
    def unpublished(self) -> int:
        """Outbox events that Kafka has not acknowledged yet."""
        return sum(int(lag["unpublished"]) for lag in self.lags.values())

    @property
    def are_figures_current(self) -> bool:
        """Whether the figures shown have read their topics to the end."""
        return all(
            end == {mark["partition"]: mark["sequence"] for mark in figures.get("read", [])}
            for end, figures in ((self.ends.get("survival"), self.survival), (self.ends.get("budget"), self.budget))
        )

    @property
    def is_settled(self) -> bool:
        """Whether every service answered, nothing is left to apply or to publish, and all figures are current."""
        return not self.silent and not self.lag_records and not self.unpublished and self.are_figures_current


class Observer:
    """Asks again and again; keeps what it saw last of whoever does not answer."""

    def __init__(self, client: httpx.AsyncClient, found: Addresses) -> None:
        self._client = client
        self._found = found
        self.last = Observation()

    async def look(self) -> Observation:
        """Look once at everything, side by side."""
        seen = replace(self.last, silent=[], lags=dict(self.last.lags), ends=dict(self.last.ends))
        await asyncio.gather(
            *(self._look_at_lag(seen, name) for name in SERVICES),
            self._look_at_figures(seen, "survival"),
            self._look_at_figures(seen, "budget"),
            self._count(seen),
        )
        self.last = seen
        return seen

    async def _look_at_lag(self, seen: Observation, service: str) -> None:
        lag = await self._get(service, "/ops/lag")
        if lag is None:
            seen.silent.append(service)
        else:
            seen.lags[service] = lag

    async def _look_at_figures(self, seen: Observation, name: str) -> None:
        """Look at where the log ends first: what the figures have read may only be more than that."""
        service, topic = FOLDED[name]
        rows = await self._ask(service, LAST, topic)
        figures = await self._get("reporting", f"/v1/{name}")
        if figures is not None and rows is not None:
            seen.ends[name] = dict(rows)
            setattr(seen, name, figures)

    async def _count(self, seen: Observation) -> None:
        accepted, reasons = await self._ask("intake", ACCEPTED), await self._ask("intake", QUARANTINED)
        if accepted is not None and reasons is not None:
            seen.accepted, seen.quarantined = accepted[0][0], Counter(dict(reasons))

    async def _get(self, service: str, path: str) -> Json | None:
        try:
            answer = await self._client.get(self._found.http[service] + path)
            return dict(answer.raise_for_status().json())
        except (httpx.HTTPError, ValueError):
            return None

    async def _ask(self, service: str, query: str, *arguments: object) -> list[Any] | None:
        try:
            connection = await asyncpg.connect(self._found.databases[service].replace("+asyncpg", ""), timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return None
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()
