"""The managers' pages with a country's data: how long each takes over HTTP, and how much it weighs.

`python -m bench.page_times`; 50 000 commitments of 1 500 contracts × 2 funders, 8 000 of them engaged and some of those
paid, in part or whole, decided by funding's own micro-batch; pages are served as funding serves them, and asked one
after the other.
"""

import asyncio
import cProfile
import pstats
import statistics
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.ground import console
from bench.page_workload import LAST_BATCHES, Country, Record, batches
from fabrique.embedded.postgres import start_postgres
from services.funding.app import MIGRATIONS
from services.funding.handlers import commitments
from services.funding.programme import Opening
from services.funding.routes.pages import Pages, page_routes
from services.funding.routes.visitors import Visitors
from services.funding.use_cases.opening import open_envelopes
from shared.database import outbox
from shared.database.migrations import upgrade
from shared.database.quarantine import plain
from shared.database.transaction import create_engine, reading, transaction
from shared.kernel.funders import Funder
from shared.messaging.micro_batch import MicroBatch
from shared.web.application import application
from shared.web.serve import calm_collector

PAGES = ("/", "/funders/CDC", "/unpaid", "/unpaid?as_of=2016-10-15", "/epcis", "/contracts/CV0000")
NOW = datetime(2016, 12, 1, 12, tzinfo=UTC)
DATABASE = "page_times"
TARGET_SECONDS = 0.2
LOOKED_UP = "SELECT count(*), count(*) FILTER (WHERE engaged_cents > paid_cents) FROM engagement"


def clock() -> datetime:
    """It is always the same day."""
    return NOW


async def told(country: Country, url: str) -> tuple[AsyncEngine, MicroBatch, Sequence[list[Record]]]:
    """Make the ledger at `url` and hand out its last acts, still to be decided.

    Statistics are gathered, as autovacuum does.
    """
    await upgrade(MIGRATIONS, url)
    engine = create_engine(url, application_name="bench")
    async with transaction(engine) as session:
        await outbox.prepare(session, country.outputs)
    openings = [Opening(code, funder, 2016, 10**9) for code in country.codes for funder in Funder]
    await open_envelopes(openings, engine=engine, route=country.route, clock=lambda: datetime(2016, 1, 4, tzinfo=UTC),
                         by="bench", effective_on=date(2016, 1, 1))  # fmt: skip
    batch = MicroBatch(commitments, reader="funding", engine=engine, route=country.route, clock=clock, seal=plain,
                       give_up=_never)  # fmt: skip
    year = [*batches(country)]
    for records in year[:-LAST_BATCHES]:
        await batch.apply(records)
    async with transaction(engine) as session:
        await (await session.connection()).exec_driver_sql("ANALYZE")
    return engine, batch, year[-LAST_BATCHES:]


async def _never(_: float) -> bool:
    return False


@asynccontextmanager
async def served(engine: AsyncEngine) -> AsyncIterator[str]:
    """Serve the managers' pages by HTTP, and hand out their address."""
    app = application("Fabrique funding", summary="A benchmark's.")
    app.include_router(page_routes(Pages(engine, clock, Visitors(engine, operator_key="bench"))))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await running


def asked(address: str) -> tuple[float, int]:
    """Ask for a page once: seconds, and bytes."""
    started = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  this process's own address
        size = len(answer.read())
    return time.perf_counter() - started, size


async def measure(root: str, *, rounds: int) -> list[float]:
    """Ask for each page, once and then `rounds` times; print the medians of these and return them."""
    medians = []
    console.print("page | first ms | median ms | least – most | kB")
    for page in PAGES:
        first, _ = await asyncio.to_thread(asked, root + page)
        answers = [await asyncio.to_thread(asked, root + page) for _ in range(rounds)]
        seconds = [answer[0] for answer in answers]
        medians.append(statistics.median(seconds))
        spread = f"{1000 * min(seconds):.0f} – {1000 * max(seconds):.0f}"
        size = answers[0][1] / 1000
        console.print(
            f"{page} | {1000 * first:.0f} | {1000 * medians[-1]:.0f} | {spread} | {size:.0f}", highlight=False
        )
    return medians


async def measure_after_acts(root: str, batch: MicroBatch, last: Sequence[list[Record]]) -> float:
    """Ask for the overview each time funders have acted again; print and return the median."""
    seconds = []
    for records in last:
        await batch.apply(records)
        seconds.append((await asyncio.to_thread(asked, f"{root}/"))[0])
    console.print(f"/ each time after {len(last[0])} acts | | {1000 * statistics.median(seconds):.0f} |"
                  f" {1000 * min(seconds):.0f} – {1000 * max(seconds):.0f}", highlight=False)  # fmt: skip
    return statistics.median(seconds)


async def profiled(root: str) -> None:
    """Print where Python's time goes, page by page."""
    for page in PAGES:
        profile = cProfile.Profile()
        profile.enable()
        await asyncio.to_thread(asked, root + page)
        profile.disable()
        console.print(page)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(30)


async def run(country: Country, url: str, *, rounds: int, profile: bool) -> list[float]:
    """Make the ledger and measure its pages."""
    engine, batch, last = await told(country, url)
    try:
        async with reading(engine) as session:
            counted = tuple((await (await session.connection()).exec_driver_sql(LOOKED_UP)).one())
        console.print(f"{country.commitments} commitments, {counted[0]} engagements, {counted[1]} not all paid")
        async with served(engine) as root:
            calm_collector()
            medians = [*await measure(root, rounds=rounds), await measure_after_acts(root, batch, last)]
            if profile:
                await profiled(root)
            return medians
    finally:
        await engine.dispose()


def main(
    commitments_count: Annotated[int, typer.Option("--commitments", help="Commitments declared.")] = 50_000,
    engaged: Annotated[int, typer.Option(help="Of which engaged, by both funders.")] = 8_000,
    rounds: Annotated[int, typer.Option(help="Times each page is asked for, after once.")] = 7,
    profile: Annotated[bool, typer.Option(help="Say where Python's time goes, too.")] = False,
) -> None:
    """Measure the managers' pages."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = start_postgres(Path(folder) / "postgres", report=console.print)
        try:
            postgres.create_database(DATABASE)
            country = Country(commitments_count, engaged)
            medians = asyncio.run(run(country, postgres.url(DATABASE), rounds=rounds, profile=profile))
        finally:
            postgres.erase()
    slow = sum(median > TARGET_SECONDS for median in medians)
    print(f"page-times slowest_ms={1000 * max(medians):.0f} measured={len(medians)} above_200_ms={slow}")


if __name__ == "__main__":
    typer.run(main)
