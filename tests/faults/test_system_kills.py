"""Services, broker and database are killed while events flow; then the promises hold, and a planted breach shows."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

import asyncpg
import httpx
import pytest

from shared.contracts.topics import partner_topic
from shared.kernel.funders import Funder
from tests.support.seeds import seeds
from tests.support.system_evidence import OURS, Evidence, gather, rebuild_reporting, tell_all_again
from tests.support.system_faults import KILLS, hurt_servers, kill_again_and_again, pass_time
from tests.support.system_partner import Partner, programme
from tests.support.system_promises import CHECKS, duplicates
from tests.support.system_roads import (
    Correspondence,
    HttpRoad,
    KafkaRoad,
    same_partition_poisons,
    seeded,
)
from tests.support.system_spoiling import SPOILT
from tests.support.system_stack import PARTITIONS, SERVICES, SystemStack, open_stack, say, tell_logs_on_failure

pytestmark = pytest.mark.faults

CONTRACTS = ("CV219", "CV220", "CV222", "CV225", "CV226")
FIRST = [("CDC", 2016, "400.00"), ("STATE", 2016, "900.00"), ("CDC", 2017, "100.00")]
LATER = [*FIRST, ("STATE", 2017, "200.00")]
PLATFORMS = ("citeslab", "adie")
SETTLE_SECONDS_MAX = 60.0
READ = "SELECT next_offset FROM checkpoint"


@dataclass(frozen=True)
class Run:
    """What happened: what partners hold, how long it hurt, how long it took to heal, and what was logged."""

    letters: Correspondence
    told_again: int
    hurt_seconds: float
    settled_seconds: float
    logged: Counter[str]

    def told(self) -> str:
        """In a few lines, for whoever reads the test's output."""
        return (
            f"{len(self.letters.told)} events told in {self.hurt_seconds:.1f} s, {self.letters.tried_again} requests"
            f" and {self.letters.producers_rebuilt} batches tried again, {self.told_again} told once more,"
            f" settled after {self.settled_seconds:.1f} s\n{dict(self.logged)}"
        )


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SystemStack]:
    """A stack of its own, hurt and healed once for all tests of this module."""
    async with open_stack(tmp_path_factory.mktemp("kills"), platforms=PLATFORMS) as opened:
        yield opened


@pytest.fixture(autouse=True)
def logs(request: pytest.FixtureRequest, stack: SystemStack) -> Iterator[None]:
    """On failure, the end of each log."""
    yield from tell_logs_on_failure(request, stack)


async def open_more(stack: SystemStack) -> None:
    """A manager opens more envelopes once events flow, and tries until it is done: one more step of the line."""
    while True:
        try:
            assert min(row["next_offset"] for row in await stack.rows("funding", READ)) > 0
            return await stack.open_programme(programme(CONTRACTS, LATER), CONTRACTS)
        except (httpx.HTTPError, OSError, AssertionError, asyncpg.PostgresError):
            await pass_time(0.2)


async def hurt_everything(
    stack: SystemStack, roads: Sequence[HttpRoad | KafkaRoad], stop: asyncio.Event, *, seed: int
) -> None:
    """Run partners and killers together; the partners stop once nobody kills any more."""
    async with asyncio.TaskGroup() as partners:
        for road in roads:
            partners.create_task(road.tell_on())
        async with asyncio.TaskGroup() as faults:
            for service in SERVICES:
                faults.create_task(kill_again_and_again(stack, service, seed=seed))
            faults.create_task(hurt_servers(stack, SERVICES, seed=seed))
            faults.create_task(open_more(stack))
        await stack.ready(seconds=90)
        stop.set()


async def partners_of(
    stack: SystemStack, letters: Correspondence, stop: asyncio.Event, *, seed: int
) -> list[HttpRoad | KafkaRoad]:
    """Three partners of one platform by HTTP, and two of another on its topic."""
    keys = {platform: await stack.key(platform, funders=list(Funder)) for platform in PLATFORMS}

    def partner(name: str, platform: str) -> Partner:
        return Partner(seeded(seed, name), name, platform, CONTRACTS)

    http = [
        HttpRoad(stack.url("intake"), keys["citeslab"], partner(f"H{n}", "citeslab"), letters, stop) for n in range(3)
    ]
    kafka = [
        KafkaRoad(
            stack.servers, partner_topic("adie").name, partner(f"K{n}", "adie"), letters, stop, PARTITIONS, poison
        )
        for n, poison in enumerate((same_partition_poisons(), ()))
    ]
    return [*http, *kafka]


@pytest.fixture(scope="module", params=seeds(1))
async def run(stack: SystemStack, request: pytest.FixtureRequest) -> Run:
    """Hurt everything, and wait until all is settled without touching anything."""
    seed = request.param
    say(f"seed {seed}: repeat with FABRIQUE_SEEDS={seed}")
    with stack.explained():
        found = await hurt_and_heal(stack, seed=seed)
    say(found.told())
    return found


async def hurt_and_heal(stack: SystemStack, *, seed: int) -> Run:
    """Tell, kill, and then only look."""
    letters, stop = Correspondence(), asyncio.Event()
    await stack.open_programme(programme(CONTRACTS, FIRST), CONTRACTS)
    roads = await partners_of(stack, letters, stop, seed=seed)
    began = time.monotonic()
    async with stack.supervised():
        await hurt_everything(stack, roads, stop, seed=seed)
        hurt = time.monotonic()
        await stack.settled(seconds=SETTLE_SECONDS_MAX)
    settled = time.monotonic()
    again = await tell_all_again(next(road for road in roads if isinstance(road, HttpRoad)))
    return Run(letters, again, hurt - began, settled - hurt, logged(stack))


def logged(stack: SystemStack) -> Counter[str]:
    """How often the services logged each thing of interest; logs survive what counters in a process do not."""
    said: Counter[str] = Counter()
    for path in (path for path in stack.logs if path.stem in SERVICES):
        for told in path.read_text(errors="replace").splitlines():
            if told.startswith("{"):
                line = json.loads(told)
                said[line["event"]] += 1
                if line["event"] == "service started":
                    said[f"{path.stem} started"] += 1
                elif line["event"] == "relay starts again":
                    said[f"relay starts again after {line['error']}"] += 1
    return said


@pytest.fixture(scope="module")
async def evidence(stack: SystemStack, run: Run) -> Evidence:
    """All that there is to see once everything is settled, and reporting's tables folded again from nothing."""
    found = await gather(stack, run.letters, asked="citeslab", spoilt=["adie"])
    return replace(found, rebuilt=await rebuild_reporting(stack, seconds=SETTLE_SECONDS_MAX))


@pytest.mark.parametrize("promise", CHECKS)
def test_the_promise_holds_after_all_was_killed(evidence: Evidence, promise: str) -> None:
    assert set(OURS) <= set(evidence.logs)
    assert [*CHECKS[promise](evidence)][:20] == []


def test_the_run_met_what_it_was_made_for(stack: SystemStack, run: Run, evidence: Evidence) -> None:
    decisions = Counter(row["type"] for row in evidence.tables["funding"]["outbox"])
    say(decisions, f"{duplicates(evidence)} duplicates on Kafka, {dict(stack.deaths)} ended by themselves")
    say(*evidence.poisoned)
    assert all(stack.kills[service] > KILLS for service in SERVICES)
    assert all(run.logged[f"{service} started"] > KILLS for service in SERVICES)
    assert sum(stack.between_send_and_mark.values()) > 0
    assert duplicates(evidence) > 0
    assert run.logged["relay starts again"] > 0
    assert run.letters.tried_again > 0
    assert run.told_again > 100
    assert sum(each.times_on_kafka for each in run.letters.told.values()) > 50
    assert {bad.reason for bad in evidence.poisoned} == {reason for reason, _, _ in same_partition_poisons()}
    kinds = ("Reserved", "Waitlisted", "Promoted", "Amended", "Released", "Refused")
    assert min(decisions[f"Allocation{kind}"] for kind in kinds) > 10
    assert any(row["next_offset"] > 0 for row in evidence.tables["funding"]["command"])
    assert run.logged["hole in the log"] == 0
    assert run.logged["record causes an unknown error"] == 0


@pytest.mark.parametrize("breach", SPOILT)
def test_a_planted_breach_is_reported(evidence: Evidence, breach: str) -> None:
    promise, spoil = SPOILT[breach]
    assert list(CHECKS[promise](spoil(evidence)))
