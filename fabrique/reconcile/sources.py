"""Reads what the log is compared with: the services' databases, in SQL, and their answers, by HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from fabrique.stack.addresses import Addresses

ENVELOPES = (
    "SELECT envelope_id, authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, lapsed_cents,"
    " paid_cents, payment_credits_cents, payments_frozen_cents, closed, waiting_count, version FROM envelope"
)
BUDGETS = (
    "SELECT envelope_id, authorised_cents, frozen_cents, reserved_cents, waitlisted_cents, engaged_cents, lapsed_cents,"
    " paid_cents, has_payment_credits, payment_credits_cents, payments_frozen_cents, closed, reserved_count,"
    " waiting_count, engaged_count, refused_count FROM budget"
)
POSTED = (
    "SELECT envelope_id, account, sum(amount)::bigint AS balance FROM ("
    " SELECT envelope_id, debit AS account, amount_cents AS amount FROM posting"
    " UNION ALL SELECT envelope_id, credit, -amount_cents FROM posting) AS entry GROUP BY envelope_id, account"
)
ACCEPTED = "SELECT topic, count(*) AS count FROM received_event GROUP BY topic"
OUTBOX = "SELECT topic, partition, epoch, last_sequence FROM outbox_partition WHERE last_sequence > 0"
QUARANTINED = (
    'SELECT topic, partition, "offset", state, reason, corrected IS NOT NULL AS corrected,'
    " state = 'retried' AS retried FROM quarantine"
)
Row = Mapping[str, Any]
ByEnvelope = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Told:
    """What databases and services say; amounts in cents, by envelope. `retried` were in quarantine and are applied."""

    ledger: ByEnvelope
    posted: dict[str, dict[str, int]]
    budgets: ByEnvelope
    accepted: dict[str, int]
    outbox: dict[str, dict[int, tuple[int, int]]]
    quarantined: dict[str, set[tuple[int, int]]]
    retried: dict[str, set[tuple[int, int]]]
    funding_answers: ByEnvelope
    reporting_answers: ByEnvelope
    budget_read: dict[int, int]
    survival: Row
    left_out: dict[tuple[int, int], str] = field(default_factory=dict)
    """Allocation facts that reporting did not fold as they are in the topic: (partition, offset), and why."""


async def ask(found: Addresses) -> Told:
    """Ask the three databases, then the two services that show figures. OSError or httpx.HTTPError when one is down."""
    ledger, postings = await _rows(found, "funding", ENVELOPES, POSTED)
    (budgets,) = await _rows(found, "reporting", BUDGETS)
    (accepted,) = await _rows(found, "intake", ACCEPTED)
    outbox: dict[str, dict[int, tuple[int, int]]] = {}
    quarantined: dict[str, set[tuple[int, int]]] = {}
    retried: dict[str, set[tuple[int, int]]] = {}
    left_out: dict[tuple[int, int], str] = {}
    for service in found.databases:
        given, refused = await _rows(found, service, OUTBOX, QUARANTINED)
        for row in given:
            outbox.setdefault(row["topic"], {})[row["partition"]] = (row["epoch"], row["last_sequence"])
        for row in refused:
            lying = retried if row["retried"] else quarantined
            lying.setdefault(row["topic"], set()).add((row["partition"], row["offset"]))
        if service == "reporting":
            left_out = left_out_by(refused)
    posted: dict[str, dict[str, int]] = {}
    for row in postings:
        posted.setdefault(row["envelope_id"], {})[row["account"]] = row["balance"]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        envelopes = await _json(client, f"{found.http['funding']}/v1/envelopes")
        budget = await _json(client, f"{found.http['reporting']}/v1/budget")
        survival = await _json(client, f"{found.http['reporting']}/v1/survival")
    return Told(
        ledger=_by_envelope(ledger),
        posted=posted,
        budgets=_by_envelope(budgets),
        accepted={row["topic"]: row["count"] for row in accepted},
        outbox=outbox,
        quarantined=quarantined,
        retried=retried,
        funding_answers=_by_envelope(envelopes),
        reporting_answers=_by_envelope(budget["figures"]),
        budget_read={mark["partition"]: mark["sequence"] for mark in budget["read"]},
        survival=survival,
        left_out=left_out,
    )


def left_out_by(refused: list[Row]) -> dict[tuple[int, int], str]:
    """What a person did, or did not do yet, to each allocation fact that reporting refused; as it came it is folded."""
    done = {
        (row["partition"], row["offset"]): "was corrected by a person there, and the correction is in no topic"
        if row["retried"]
        else f"lies there, {row['state']} ({row['reason']})"
        for row in refused
        if row["topic"] == "funding.allocation.v1" and (row["corrected"] or not row["retried"])
    }
    return {place: f"{place[0]}@{place[1]} {what}" for place, what in sorted(done.items())}


def _by_envelope(rows: list[Row]) -> ByEnvelope:
    return {row["envelope_id"]: row for row in rows}


async def _rows(found: Addresses, service: str, *queries: str) -> list[list[Row]]:
    """One connection, one snapshot, the answers to all queries."""
    connection = await asyncpg.connect(found.databases[service].replace("+asyncpg", ""), timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return [[dict(row) for row in await connection.fetch(query)] for query in queries]
    finally:
        await connection.close()


async def _json(client: httpx.AsyncClient, url: str) -> Any:
    answer = await client.get(url)
    return answer.raise_for_status().json()
