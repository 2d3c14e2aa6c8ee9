"""Runs the demonstration on a stack that is up: opens, plays, watches, until all has settled or somebody stops it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from fabrique.client import Door
from fabrique.demo import opening
from fabrique.demo.observation import Observation, Observer
from fabrique.demo.play import play
from fabrique.demo.roads import ByHttp, ByKafka, Road, Tally, producer
from fabrique.demo.simulation import Road as Way
from fabrique.demo.simulation import Told, simulate
from fabrique.imports import Row
from fabrique.stack.addresses import Addresses
from fabrique.stack.stack import Stack
from shared.kernel.errors import ProgrammeError

GRANTS_PLATFORM, KAFKA_PLATFORM = "ci-ville", "cci"
PLAYED = "played"
SETTLE_SECONDS_MAX = 300
LOOK_SECONDS, LOOKS = 1.0, 2
Advance = Callable[[str, int], None]


class NotSettled(ProgrammeError):
    """Something was still to be applied or published after a long time."""


@dataclass(slots=True)
class Demonstration:
    """One run: what is told so far, and what was seen last."""

    stack: Stack
    found: Addresses
    seed: int
    scale: float
    tally: Tally = field(default_factory=Tally)
    seen: Observation = field(default_factory=Observation)
    rows: Sequence[Row] = ()
    _settled_looks: int = 0

    async def run(self, say: Callable[[str], None], advance: Advance) -> None:
        """Open the envelopes, then play the real grants and the simulation, unless this stack has seen them."""
        async with self._client() as client:
            await self._open(client, say)
            keys = await opening.partner_keys(self.stack.folder)
            async with self._roads(client, keys) as roads:
                if self._is_new("grants"):
                    began = time.monotonic()
                    await play(self._grants(), roads, advance=advance)
                    self._remember("grants")
                    say(f"real grants told in {time.monotonic() - began:.1f} s")
                name = f"simulation seed {self.seed} scale {self.scale:g}"
                if self._is_new(name):
                    began = time.monotonic()
                    told = simulate(self.seed, people_per_year_scale=self.scale)
                    await play(told, roads, advance=advance)
                    self._remember(name)
                    say(f"simulated programme told in {time.monotonic() - began:.1f} s")
                else:
                    say(f"the {name} was played before on these data (`make clean` forgets it)")

    async def watch(self, show: Callable[[Observation], None]) -> None:
        """Look every second, for ever."""
        async with self._client() as client:
            observer = Observer(client, self.found)
            while True:
                self.seen = await observer.look()
                self._settled_looks = self._settled_looks + 1 if self.seen.is_settled else 0
                show(self.seen)
                await asyncio.sleep(LOOK_SECONDS)

    async def settle(self) -> None:
        """Return when two looks in a row found nothing left to do, while `watch` looks. Raises NotSettled."""
        self._settled_looks = 0
        settled = await _comes_true(lambda: self._settled_looks >= LOOKS, seconds=SETTLE_SECONDS_MAX)
        if not settled:
            raise NotSettled(f"not settled within {SETTLE_SECONDS_MAX} s; `fabrique lag` says what is behind")

    async def _open(self, client: httpx.AsyncClient, say: Callable[[str], None]) -> None:
        self.rows = await asyncio.to_thread(opening.grant_rows)
        opened = await opening.open_envelopes(client, self.found.http["funding"], self.stack.operator_key, self.rows)
        usable = sum(row.event is not None for row in self.rows)
        say(f"{opened} envelopes opened; {usable} of the {len(self.rows)} real grants can be used")
        await opening.wait_for_contracts(self.found.databases["intake"])

    def _grants(self) -> Iterator[Told]:
        for row in self.rows:
            if row.event is not None:
                yield Told(GRANTS_PLATFORM, Way.HTTP, row.event)

    def _is_new(self, name: str) -> bool:
        return name not in self.stack.folder.read(PLAYED)

    def _remember(self, name: str) -> None:
        self.stack.folder.write(PLAYED, {**self.stack.folder.read(PLAYED), name: True})

    @asynccontextmanager
    async def _roads(self, client: httpx.AsyncClient, keys: dict[str, str]) -> AsyncIterator[dict[str, Road]]:
        """Each platform's road: HTTP for all but one, which emits on its own topic."""
        roads: dict[str, Road] = {
            platform: ByHttp(platform, Door(client, self.found.http["intake"], key), self.tally)
            for platform, key in keys.items()
        }
        async with producer(self.found.servers) as kafka:
            yield {**roads, KAFKA_PLATFORM: ByKafka(KAFKA_PLATFORM, kafka, self.tally)}

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=30, trust_env=False)


async def _comes_true(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether a condition came true in the time given."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True
