"""Workload 2 of the benchmarks: its data are what they say, and a cent that is lost voids a figure."""

import asyncio
from collections import Counter
from collections.abc import Callable

import asyncpg
import pytest

from bench import hot_ways, meter
from bench.ground import NotConserved, dsn
from bench.hot_envelopes import Run, Way, measure, report
from bench.hot_ledger import check
from bench.hot_ways import decode, ours
from bench.hot_workload import HotEnvelopes, batches, draw
from bench.meter import Meter
from services.funding.domain.declaring import Declaration

SMALL = HotEnvelopes(events=300, envelopes=4)


@pytest.fixture(autouse=True)
def leave_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run does to Python's collector would outlive the test."""
    monkeypatch.setattr(meter, "calm_collector", lambda: None)


@pytest.mark.parametrize("envelopes", [2, 10, 50, 3_000])
def test_one_in_a_hundred_asks_more_than_its_envelope_has_and_the_others_spend_the_last_cent(envelopes: int) -> None:
    drawn = draw(HotEnvelopes(2_000, envelopes))
    left = dict(drawn.authorised)
    refused = 0
    for code, cdc, state in drawn.asks:
        names = {f"{code}.CDC.2016": cdc, f"{code}.STATE.2016": state}
        if any(cents > drawn.authorised[name] for name, cents in names.items()):
            refused += 1
            continue
        for name, cents in names.items():
            left[name] -= cents
    assert len(left) == envelopes
    assert refused == drawn.refused == 20
    assert set(left.values()) == {0}


def test_the_records_are_those_drawn_in_order_and_the_same_each_time() -> None:
    drawn = draw(HotEnvelopes(2_500, 50))
    told = list(batches(drawn, 1_000))
    assert told == list(batches(draw(HotEnvelopes(2_500, 50)), 1_000))
    assert [len(batch) for batch in told] == [1_000, 1_000, 500]
    records = [record for batch in told for record in batch]
    for partition in range(4):
        assert [r.offset for r in records if r.partition == partition] == [
            *range(sum(r.partition == partition for r in records))
        ]
    facts = [decode(record).fact for record in records]
    asked = Counter((f.contract, f.cdc_cents, f.state_cents) for f in facts if isinstance(f, Declaration))
    assert asked == Counter(drawn.asks)


ANY_ROW = {
    "A_POSTING": "(SELECT ctid FROM posting WHERE commitment_id IS NOT NULL AND amount_cents > 1 LIMIT 1)",
    "A_REFUSAL": "(SELECT ctid FROM outbox WHERE type = 'AllocationRefused' LIMIT 1)",
}
PLANTED = {
    "a cent is missing on an envelope": "UPDATE envelope SET reserved_cents = reserved_cents - 1"
    " WHERE envelope_id = 'CV0001.CDC.2016'",
    "a cent is missing in a posting": "UPDATE posting SET amount_cents = amount_cents - 1 WHERE ctid = A_POSTING",
    "a cent is missing on both": "WITH lost AS (UPDATE posting SET amount_cents = amount_cents - 1"
    " WHERE ctid = A_POSTING RETURNING envelope_id) UPDATE envelope SET reserved_cents = reserved_cents - 1"
    " FROM lost WHERE envelope.envelope_id = lost.envelope_id",
    "a posting is lost": "DELETE FROM posting WHERE ctid = A_POSTING",
    "a commitment is lost": "DELETE FROM commitment"
    " WHERE commitment_id = (SELECT commitment_id FROM commitment LIMIT 1)",
    "a refusal is told as a reservation": "UPDATE outbox SET type = 'AllocationReserved' WHERE ctid = A_REFUSAL",
    "a decision is announced twice": "INSERT INTO outbox SELECT topic, partition, sequence + 100000, key, event_id,"
    " type, subject, cause, traceparent, time, committed_at, value FROM outbox WHERE ctid = A_REFUSAL",
    "one answer stands in the place of another": "UPDATE outbox SET cause = (SELECT cause FROM outbox"
    " WHERE type = 'AllocationReserved' LIMIT 1) WHERE ctid = A_REFUSAL",
}


async def test_a_whole_run_is_confirmed_and_whatever_is_lost_or_doubled_is_found(
    fresh_database: Callable[[], str],
) -> None:
    url, drawn = fresh_database(), draw(SMALL)
    await ours(drawn, url, Meter())
    connection = await asyncpg.connect(dsn(url))
    try:
        for what, planted_statement in PLANTED.items():
            statement = planted_statement
            for name, row in ANY_ROW.items():
                statement = statement.replace(name, row)
            planted = connection.transaction()
            await planted.start()
            await connection.execute("SET LOCAL session_replication_role = replica")  # no trigger keeps the trail
            assert await connection.execute(statement) in ("UPDATE 1", "DELETE 1", "INSERT 0 1"), what
            with pytest.raises(NotConserved):
                await check(connection, drawn)
            await planted.rollback()
        await check(connection, drawn)
    finally:
        await connection.close()


@pytest.mark.parametrize("connections", [1, 8])
async def test_the_usual_way_gives_a_figure_and_none_when_it_loses_a_cent(
    connections: int, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("for-update", 200, connections)
    run = await asyncio.to_thread(measure, way, 2, fresh_database(), None)
    assert run.rate > 0
    assert run.refused == 2
    monkeypatch.setattr(hot_ways, "SPEND", hot_ways.SPEND.replace("= v.reserved,", "= v.reserved - 1,"))
    with pytest.raises(NotConserved, match="balances: 2 wrong"):
        await asyncio.to_thread(measure, way, 2, fresh_database(), None)


def test_the_last_line_compares_with_the_quickest_usual_way() -> None:
    listed = [Way("ours", 10, 0), Way("for-update × 1", 10, 1), Way("for-update × 8", 10, 8)]
    rates = {("ours", 2): [900, 1_000, 1_100], ("ours", 50): [500], ("for-update × 1", 2): [10],
             ("for-update × 8", 2): [20], ("for-update × 8", 50): [400]}  # fmt: skip
    measured = {key: [Run(float(rate), 1, 1, 1, 1, 0) for rate in each] for key, each in rates.items()}
    assert report(measured, listed) == (
        "hot-envelopes decisions_per_second=1000 ratio_to_for_update=50.0 two_over_fifty=2.00"
        " for_update_per_second=20.0 conservation=checked"
    )
