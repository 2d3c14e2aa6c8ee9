"""The benchmark of the managers' pages: its year is decided to the last event, and every page answers."""

from collections.abc import Callable

import asyncpg
import pytest

from bench import page_times
from bench.ground import dsn
from bench.page_times import PAGES, run
from bench.page_workload import Country, events

SMALL = Country(commitments=200, engaged=100, contracts=4)


async def test_a_small_country_is_decided_whole_and_its_pages_answer(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_times, "calm_collector", lambda: None)  # it would outlive the test
    url = fresh_database()
    medians = await run(SMALL, url, rounds=1, profile=False)
    assert len(medians) == len(PAGES) + 1
    connection = await asyncpg.connect(dsn(url))
    try:
        types = dict(await connection.fetch("SELECT type, count(*) FROM outbox GROUP BY 1"))
    finally:
        await connection.close()
    told = [type_ for _, type_, _ in events(SMALL)]
    assert types == {
        "EnvelopeOpened": 8, "AllocationReserved": 200, "AllocationEngaged": 200,
        "PaymentRecorded": told.count("PaymentMade"), "CertificationRecorded": told.count("ServiceCertified"),
    }  # fmt: skip
