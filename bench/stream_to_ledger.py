"""Workload 1: from a topic of commitment events to both funders' ledger and the published decisions, exactly once."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from confluent_kafka.admin import AdminClient

from bench.ground import Ground, check, console, dsn, serving, settled
from bench.share import can_hold, shares


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: events per second, the processes' CPU seconds and resident memory."""

    name: str
    events_per_second: float
    cpu_seconds: float
    resident_mb: float


def usage(pids: Sequence[int]) -> tuple[float, float]:
    """Read CPU seconds and resident MB of living processes."""
    ticks = os.sysconf("SC_CLK_TCK")
    cpu = memory = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / ticks
        memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return cpu, memory


async def ours(ground: Ground, *, processes: int, share: float = 0.0) -> Run:
    """Measure the service from its first batch until everything is decided and acknowledged by Kafka.

    With a `share`, each process is held to that much of a core.
    """
    url = await ground.fresh()
    connection = await asyncpg.connect(dsn(url))
    try:
        with shares(share) as held:
            async with serving(ground, url, processes=processes) as children:
                for child in children if share else ():
                    held.hold(child.pid)
                rate = await settled(connection, children, decisions=ground.expected.decisions)
                cpu, memory = usage([child.pid for child in children])
                await check(connection, ground.expected, complete=True)
    finally:
        await connection.close()
    return Run(f"ours, {processes} process(es)" + (f" at {share:g} core" if share else ""), rate, cpu, memory)


async def naive(ground: Ground, *, seconds: float) -> Run:
    """Run the naive handler on the same topic for some seconds."""
    url = await ground.fresh()
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.naive"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=os.environ | {"BENCH_DATABASE_URL": url, "BENCH_SERVERS": ",".join(ground.broker.bootstrap_servers)},
    )  # fmt: skip
    connection = await asyncpg.connect(dsn(url))
    try:
        async with asyncio.timeout(60):
            while not (first := await connection.fetchval("SELECT count(*) FROM commitment")):
                await asyncio.sleep(0.05)
        started = time.perf_counter()
        await asyncio.sleep(seconds)
        done = await connection.fetchval("SELECT count(*) FROM commitment")
        elapsed = time.perf_counter() - started
        cpu, memory = usage([child.pid])
    finally:
        child.terminate()
        child.wait(30)
    await check(connection, ground.expected, complete=False)
    await connection.close()
    await asyncio.to_thread(_forget_group, ground.admin)
    return Run("naive", (done - first) / elapsed, cpu, memory)


def _forget_group(admin: AdminClient) -> None:
    for answer in admin.delete_consumer_groups(["naive"]).values():
        answer.exception(20)


async def run(ground: Ground, *, rounds: int, naive_seconds: float, share: float) -> str:
    """Run the naive way, and ours with one and two processes, free and held to a share of a core, in turn.

    Returns the line that counts.
    """
    if share and not can_hold():
        console.print(f"held to {share:g} of a core: not run; it needs root and Linux's cpu controller")
        share = 0.0
    measured: dict[str, list[Run]] = {}
    for _ in range(rounds):
        ways = [naive(ground, seconds=naive_seconds), *(ours(ground, processes=n) for n in (1, 2))]
        ways += [ours(ground, processes=n, share=share) for n in (1, 2) if share]
        for way in ways:
            result = await way
            measured.setdefault(result.name, []).append(result)
            console.print(f"{result.name}: {result.events_per_second:,.0f} events/s, "
                          f"{result.cpu_seconds:.1f} CPU s, {result.resident_mb:.0f} MB")  # fmt: skip
    return _report(measured)


def _report(measured: dict[str, list[Run]]) -> str:
    medians = {}
    for name, runs in measured.items():
        rates = [run.events_per_second for run in runs]
        medians[name] = statistics.median(rates)
        console.print(f"{name}: median {medians[name]:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) events/s")
    slow, one, two, *held = medians.values()
    scaled = f"two_processes_ratio_held={held[1] / held[0]:.2f} " if held else ""
    return (
        f"stream-to-ledger events_per_second={one:.0f} ratio_to_naive={one / slow:.1f} "
        f"naive_events_per_second={slow:.1f} two_processes_ratio={two / one:.2f} {scaled}conservation=checked"
    )
