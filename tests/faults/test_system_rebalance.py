"""Funding's processes come, go and freeze while events flow: nothing is lost, and nothing is decided twice."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from shared.kernel.funders import Funder
from tests.support.seeds import seeds
from tests.support.system_evidence import Evidence, gather
from tests.support.system_faults import pass_time
from tests.support.system_partner import Partner, programme
from tests.support.system_promises import CHECKS
from tests.support.system_roads import Correspondence, HttpRoad, seeded
from tests.support.system_spoiling import SPOILT
from tests.support.system_stack import PARTITIONS, SystemStack, open_stack, say, tell_logs_on_failure

pytestmark = pytest.mark.faults

CONTRACTS = ("CV219", "CV220", "CV222", "CV225", "CV226")
CREDITS = [("CDC", 2016, "400.00"), ("STATE", 2016, "900.00"), ("CDC", 2017, "100.00"), ("STATE", 2017, "200.00")]
JOINS = 3
MOMENTS_TRIED = 100
SETTLE_SECONDS_MAX = 60.0
DECIDED = "SELECT partition, next_offset FROM checkpoint WHERE topic = 'intake.commitment.v1'"
DECIDING = (
    "SELECT count(*) AS sessions FROM pg_stat_activity JOIN pg_locks USING (pid)"
    " WHERE application_name = $1 AND state = 'idle in transaction'"
    " AND relation = 'checkpoint'::regclass AND mode = 'RowShareLock'"
)


@dataclass
class Run:
    """What happened: what partners hold, how often, and what the processes counted."""

    letters: Correspondence
    joins: int = 0
    frozen_in_transaction: bool = False
    counted: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SystemStack]:
    """A stack of its own."""
    async with open_stack(tmp_path_factory.mktemp("rebalance")) as opened:
        await opened.open_programme(programme(CONTRACTS, CREDITS), CONTRACTS)
        yield opened


@pytest.fixture(autouse=True)
def logs(request: pytest.FixtureRequest, stack: SystemStack) -> Iterator[None]:
    """On failure, the end of each log."""
    yield from tell_logs_on_failure(request, stack)


async def held(stack: SystemStack, name: str) -> list[str]:
    """The partitions that a process says it holds."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            answer = (await client.get(f"{stack.url(name)}/readyz")).json()
        except httpx.HTTPError:
            return []
    return list(answer["held"]) if answer["ready"] else []


async def offsets(stack: SystemStack) -> dict[int, int]:
    """How far each partition is decided."""
    return {row["partition"]: row["next_offset"] for row in await stack.rows("funding", DECIDED)}


async def more_is_decided(stack: SystemStack, *, by: int = 1) -> None:
    """Wait until each partition has moved on from where it is now."""
    before = await offsets(stack)

    async def has_moved() -> bool:
        now = await offsets(stack)
        return all(now[partition] >= offset + by for partition, offset in before.items())

    await stack.eventually(has_moved, "more is decided in every partition", seconds=60)


async def shared_out(stack: SystemStack, *names: str) -> None:
    """Wait until the processes hold all partitions between them, each some."""

    async def is_shared() -> bool:
        shares = [await held(stack, name) for name in names]
        return all(shares) and len({place for share in shares for place in share}) == PARTITIONS == sum(
            map(len, shares)
        )

    await stack.eventually(is_shared, f"{names} share the partitions", seconds=60)


async def join_and_leave(stack: SystemStack, run: Run) -> None:
    """A second process joins and leaves three times: politely, killed, politely."""
    for number in range(JOINS):
        stack.launch("funding-2", service="funding")
        await shared_out(stack, "funding", "funding-2")
        run.joins += 1
        await more_is_decided(stack)
        await count(stack, run, "funding-2")
        if number == 1:
            stack.signal("funding-2", signal.SIGKILL)
        await stack.stop("funding-2")
        await shared_out(stack, "funding")
        await more_is_decided(stack)


async def freeze_and_wake(stack: SystemStack, run: Run, *, seed: int) -> None:
    """Freeze a process inside a transaction until the other has taken its partitions over and decided; then wake it."""
    stack.launch("funding-2", service="funding")
    await shared_out(stack, "funding", "funding-2")
    run.frozen_in_transaction = await freeze_in_transaction(stack, "funding", "funding/1", seed=seed)
    await shared_out(stack, "funding-2")
    await more_is_decided(stack)
    stack.signal("funding", signal.SIGCONT)
    await shared_out(stack, "funding", "funding-2")
    await more_is_decided(stack)


async def freeze_in_transaction(stack: SystemStack, name: str, application: str, *, seed: int) -> bool:
    """Freeze a process until it is caught inside a batch (a page or the lag open transactions too); whether it was."""
    chance = seeded(seed, "frozen")
    for _ in range(MOMENTS_TRIED):
        await pass_time(chance.uniform(0.01, 0.05))
        stack.signal(name, signal.SIGSTOP)
        if all([(await stack.rows("funding", DECIDING, application))[0]["sessions"] for _ in range(2)]):
            return True
        stack.signal(name, signal.SIGCONT)
    stack.signal(name, signal.SIGSTOP)
    return False


async def count(stack: SystemStack, run: Run, name: str) -> None:
    """Add what a process counted since it started."""
    async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
        text = (await client.get(f"{stack.url(name)}/metrics")).text
    for label, pattern in {
        "fenced": r'^events_filtered_total\{reason="fenced",.*\} (\S+)$',
        "tried again": r"^batch_retries_total\{.*\} (\S+)$",
        "rebalances": r"^rebalances_total (\S+)$",
        "violations": r"^invariant_violations_total\{.*\} (\S+)$",
    }.items():
        run.counted[label] += int(sum(map(float, re.findall(pattern, text, re.MULTILINE))))


@pytest.fixture(scope="module", params=seeds(1))
async def run(stack: SystemStack, request: pytest.FixtureRequest) -> Run:
    """Let processes come, go and freeze under load; then wait until all is settled."""
    seed = request.param
    say(f"seed {seed}: repeat with FABRIQUE_SEEDS={seed}")
    with stack.explained():
        found = await come_go_and_freeze(stack, seed=seed)
    say(f"{len(found.letters.told)} events told; frozen in a transaction: {found.frozen_in_transaction}", found.counted)
    return found


async def come_go_and_freeze(stack: SystemStack, *, seed: int) -> Run:
    """Processes of funding come, go and freeze while partners tell; afterwards nobody does anything."""
    found, stop = Run(Correspondence()), asyncio.Event()
    key = await stack.key("citeslab", funders=list(Funder))
    async with asyncio.TaskGroup() as partners:
        for name in ("H0", "H1", "H2"):
            partner = Partner(seeded(seed, name), name, "citeslab", CONTRACTS)
            road = HttpRoad(stack.url("intake"), key, partner, found.letters, stop, pace_seconds=0.1)
            partners.create_task(road.tell_on())
        await stack.eventually(lambda: len(found.letters.told) > 100, "events flow")
        await join_and_leave(stack, found)
        await freeze_and_wake(stack, found, seed=seed)
        stop.set()
    await stack.settled(seconds=SETTLE_SECONDS_MAX)
    for name in ("funding", "funding-2"):
        await count(stack, found, name)
    return found


@pytest.fixture(scope="module")
async def evidence(stack: SystemStack, run: Run) -> Evidence:
    """All that there is to see once everything is settled."""
    return await gather(stack, run.letters, asked="citeslab")


@pytest.mark.parametrize("promise", CHECKS)
def test_the_promise_holds_while_processes_come_go_and_freeze(evidence: Evidence, promise: str) -> None:
    assert [*CHECKS[promise](evidence)][:20] == []


def test_the_run_met_what_it_was_made_for(run: Run) -> None:
    assert run.joins == JOINS
    assert run.frozen_in_transaction
    assert run.counted["rebalances"] >= 2 * JOINS
    assert run.counted["fenced"] + run.counted["tried again"] > 0
    assert run.counted["violations"] == 0
    assert len(run.letters.told) > 300


@pytest.mark.parametrize("breach", ["a decision is missing", "a decision is another", "a posting is doubled"])
def test_a_planted_breach_is_reported(evidence: Evidence, breach: str) -> None:
    promise, spoil = SPOILT[breach]
    assert list(CHECKS[promise](spoil(evidence)))
