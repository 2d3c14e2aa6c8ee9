"""Workload 2: many commitments on few envelopes, ours beside a transaction for each event and beside a public ledger.

`python -m bench.hot_envelopes`; each measurement is a process and a database of its own; the last line counts.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from bench.ground import console
from bench.hot_ways import Found, for_update, ours
from bench.hot_workload import HotEnvelopes, draw
from bench.meter import Meter
from bench.public_ledger import pgledger
from fabrique.embedded.postgres import Postgres, start_postgres

ENVELOPES = (2, 10, 50, 3_000)
HEAD = (
    "way | envelopes | events | decisions/s | least – most | refused | CPU µs a decision, client + server |"
    " peak MB | bytes a posting"
)
NOT_RUN = (
    "pgledger: not run. No package registry has it, and its SQL is not ours to carry: clone github.com/pgr0ss/pgledger"
    " and give its folder with --pgledger."
)


@dataclass(frozen=True, slots=True)
class Way:
    """A way through the workload, and how many events it is given."""

    name: str
    events: int
    connections: int
    pgledger: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement that its conservation check has confirmed; CPU is in µs a decision."""

    rate: float
    cpu_us: float
    server_cpu_us: float
    peak_mb: float
    bytes_a_posting: float
    refused: int


def measure(way: Way, envelopes: int, url: str, server: int | None) -> Run:
    """Run one way on an empty database; raises NotConserved, and then there is no figure."""
    drawn = draw(HotEnvelopes(way.events, envelopes))
    meter = Meter(server)
    found: Found
    if way.pgledger is not None:
        found = asyncio.run(pgledger(drawn, url, meter, connections=way.connections, folder=way.pgledger))
    elif way.connections:
        found = asyncio.run(for_update(drawn, url, meter, connections=way.connections))
    else:
        found = asyncio.run(ours(drawn, url, meter))
    return Run(meter.rate, 1e6 * meter.cpu_seconds / meter.events, 1e6 * meter.server_cpu_seconds / meter.events,
               meter.peak_mb, found.bytes_a_posting, drawn.refused)  # fmt: skip


def ways(events: int, slow_events: int, folder: Path | None) -> list[Way]:
    """List what is measured, in turn: ours, then the usual way and the public ledger, alone and eight at once."""
    listed = [Way("ours", events, 0), Way("for-update × 1", slow_events, 1), Way("for-update × 8", slow_events, 8)]
    if folder is not None:
        listed += [Way("pgledger × 1", slow_events, 1, folder), Way("pgledger × 8", slow_events, 8, folder)]
    return listed


def compare(
    postgres: Postgres, listed: Sequence[Way], envelopes: Sequence[int], rounds: int
) -> Iterator[tuple[str, int, Run]]:
    """Measure each way on each number of envelopes, round after round."""
    server = postgres.pid
    for turn in range(rounds):
        for number in envelopes:
            for place, way in enumerate(listed):
                name = f"hot_{turn}_{number}_{place}"
                postgres.create_database(name)
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                    run = process.submit(partial(measure, way, number, postgres.url(name), server)).result()
                postgres.drop_database(name)
                console.print(f"{turn + 1}: {way.name}, {number} envelopes: {run.rate:,.0f}/s", highlight=False)
                yield way.name, number, run


def report(measured: dict[tuple[str, int], list[Run]], listed: Sequence[Way]) -> str:
    """Print every median with its least and most, and return the line that counts."""
    events = {way.name: way.events for way in listed}
    medians = {key: statistics.median(run.rate for run in runs) for key, runs in measured.items()}
    console.print(HEAD, soft_wrap=True)
    for (name, number), runs in measured.items():
        rates = [run.rate for run in runs]
        middle = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
        console.print(
            f"{name} | {number} | {events[name]} | {medians[name, number]:,.0f} | {min(rates):,.0f} – {max(rates):,.0f}"
            f" | {middle.refused} | {middle.cpu_us:.0f} + {middle.server_cpu_us:.0f} | {middle.peak_mb:.0f}"
            f" | {middle.bytes_a_posting:.0f}", highlight=False, soft_wrap=True,
        )  # fmt: skip
    usual = max(rate for (name, number), rate in medians.items() if name.startswith("for-update") and number == 2)
    here = medians["ours", 2]
    return (
        f"hot-envelopes decisions_per_second={here:.0f} ratio_to_for_update={here / usual:.1f} "
        f"two_over_fifty={here / medians['ours', 50]:.2f} for_update_per_second={usual:.1f} conservation=checked"
    )


def main(
    events: Annotated[int, typer.Option(help="Commitments that ours decides.")] = 200_000,
    slow_events: Annotated[int, typer.Option(help="Commitments of each way that commits one at a time.")] = 2_000,
    rounds: Annotated[int, typer.Option(help="Times each way is measured, in turn; medians are printed.")] = 3,
    pgledger: Annotated[Path | None, typer.Option(help="Folder of a clone of github.com/pgr0ss/pgledger.")] = None,
) -> None:
    """Run workload 2: hot envelopes."""
    listed = ways(events, slow_events, pgledger)
    measured: dict[tuple[str, int], list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        postgres = start_postgres(Path(folder) / "postgres", report=console.print)
        try:
            for name, number, run in compare(postgres, listed, ENVELOPES, rounds):
                measured.setdefault((name, number), []).append(run)
        finally:
            postgres.erase()
    line = report(measured, listed)
    if pgledger is None:
        console.print(NOT_RUN)
    print(line)


if __name__ == "__main__":
    typer.run(main)
