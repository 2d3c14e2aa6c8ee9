"""`python -m bench` runs the quick form of the workloads; each prints one last line with its ratio."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench import stream_to_ledger


def main(
    events: Annotated[int, typer.Option(help="Events on the topic.")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Times each way is measured, in turn; medians are printed.")] = 3,
    naive_seconds: Annotated[float, typer.Option(help="How long the naive way runs.")] = 10.0,
) -> None:
    """Run workload 1: stream to ledger."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(
            stream_to_ledger.run(events=events, rounds=rounds, naive_seconds=naive_seconds, folder=Path(folder))
        )


typer.run(main)
