"""`python -m bench` runs the quick form of the workloads; the last line is workload 1's ratio."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench import latency, stream_to_ledger
from bench.ground import written_topic
from bench.workload import Workload


def main(
    events: Annotated[int, typer.Option(help="Events on the topic.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Times each way is measured, in turn; medians are printed.")] = 3,
    naive_seconds: Annotated[float, typer.Option(help="How long the naive way runs.")] = 10.0,
    latency_seconds: Annotated[float, typer.Option(help="How long each steady rate is held; 0 leaves it out.")] = 10.0,
    share: Annotated[float, typer.Option(help="Hold each process to this share of a core, too; 0: do not.")] = 0.5,
) -> None:
    """Run workload 1: stream to ledger, how many and how soon."""
    asyncio.run(_run(events, rounds, naive_seconds, latency_seconds, share))


async def _run(events: int, rounds: int, naive_seconds: float, latency_seconds: float, share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with written_topic(Workload(events), Path(folder)) as ground:
            line = await stream_to_ledger.run(ground, rounds=rounds, naive_seconds=naive_seconds, share=share)
            if latency_seconds:
                await latency.run(ground, seconds=latency_seconds)
    print(line)


typer.run(main)
