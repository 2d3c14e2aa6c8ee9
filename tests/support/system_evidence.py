"""The evidence of a run: what partners were answered, every topic, every table, and what services say of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from services.intake.domain.keyring import Keyring
from services.reporting.app import rebuild
from shared.contracts.topics import TOPICS, partner_topic
from shared.messaging.cluster import admin_client, existing
from tests.support.books import LEDGER
from tests.support.spine_checks import TABLES, Snapshot, snapshot
from tests.support.system_roads import POISONED, Acknowledged, Correspondence, HttpRoad
from tests.support.system_stack import SystemStack
from tests.support.topics import Log, read_topic

INTAKE = TABLES | {
    "received_event": "SELECT * FROM received_event ORDER BY topic, partition, sequence",
    "quarantine": 'SELECT topic, partition, "offset", reason, state FROM quarantine ORDER BY 1, 2, 3',
}
FOLDED = {
    "budget": "SELECT * FROM budget ORDER BY envelope_id",
    "stake": "SELECT * FROM stake ORDER BY commitment_id, funder",
    "business": "SELECT * FROM business ORDER BY partition, business_id",
    "stratum": "SELECT * FROM stratum ORDER BY partition, contract",
    "watermark": "SELECT * FROM watermark ORDER BY partition",
}
REPORTING = TABLES | FOLDED | {"statement": "SELECT * FROM statement ORDER BY topic, key"}
QUERIES = {"intake": INTAKE, "funding": LEDGER, "reporting": REPORTING}
STATUSES_ASKED = 60


@dataclass(frozen=True)
class Poisoned:
    """A record that a test spoilt, found in its topic: where it lies, why it must be refused, and its neighbours."""

    topic: str
    partition: int
    offset: int
    reason: str
    neighbours: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """Everything that the promises are judged by; copies of it can be spoilt to see whether that is noticed."""

    told: Sequence[Acknowledged]
    door_keys: Mapping[tuple[str, str, str], bytes]
    logs: Mapping[str, Log]
    tables: Mapping[str, Snapshot]
    lags: Mapping[str, Any]
    readiness: Mapping[str, Any]
    statuses: Mapping[UUID, str]
    poisoned: Sequence[Poisoned]
    rebuilt: Snapshot | None = None


async def read_logs(stack: SystemStack) -> dict[str, Log]:
    """Read every topic of the cluster, from its beginning."""
    names = [name for name in await existing(admin_client(stack.servers)) if not name.startswith("__")]
    return {name: await read_topic(stack.servers, name) for name in names}


async def read_tables(stack: SystemStack) -> dict[str, Snapshot]:
    """Read the three databases."""
    return {name: await snapshot(stack.postgres.url(name), queries) for name, queries in QUERIES.items()}


async def tell_all_again(road: HttpRoad) -> int:
    """Tell every event that the road's platform told once more; the answers are noted beside the first ones."""
    mine = [each for each in road.letters.told.values() if each.platform == road.partner.platform and each.replies]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for start in range(0, len(mine), 500):
            await road.tell(client, [each.event for each in mine[start : start + 500]], "array")
    return len(mine)


async def statuses(stack: SystemStack, key: str, letters: Correspondence, platform: str) -> dict[UUID, str]:
    """Ask intake how far some of a platform's accepted events have come, spread over the run."""
    mine = [a.replies[0].event_id for a in letters.told.values() if a.platform == platform and a.replies]
    some = [event_id for event_id in mine if event_id is not None][:: max(1, len(mine) // STATUSES_ASKED)]
    found: dict[UUID, str] = {}
    async with httpx.AsyncClient(timeout=30, trust_env=False, headers={"authorization": f"Bearer {key}"}) as client:
        for event_id in some:
            answer = await client.get(f"{stack.url('intake')}/v1/events/{event_id}")
            found[UUID(event_id)] = answer.json().get("status", str(answer.status_code))
    return found


async def readiness(stack: SystemStack) -> dict[str, Any]:
    """What each process says of itself: is it ready, is a partition parked."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        return {name: (await client.get(f"{stack.url(name)}/readyz")).json() for name in stack.processes}


async def rebuild_reporting(stack: SystemStack, *, seconds: float) -> Snapshot:
    """Forget what reporting folded, fold everything again in a new process, and read its tables."""
    process = stack.processes["reporting"]
    process.terminate()
    await stack.eventually(lambda: process.pid is None, "reporting has stopped")
    await rebuild(stack.postgres.url("reporting"))
    process.launch()
    await stack.ready("reporting")
    await stack.settled(seconds=seconds)
    return await snapshot(stack.postgres.url("reporting"), REPORTING)


def find_poison(logs: Mapping[str, Log], platforms: Sequence[str], header: str) -> list[Poisoned]:
    """Find the records that were spoilt on purpose; a partner that told twice spoilt twice."""
    found = []
    for topic in (partner_topic(platform).name for platform in platforms):
        for partition, records in logs[topic].items():
            names = [dict(record.headers).get(header) for record in records]
            good = [record.offset for record, name in zip(records, names, strict=True) if name is None]
            for record, name in zip(records, names, strict=True):
                if name is not None:
                    before = [offset for offset in good if offset < record.offset][-1:]
                    after = [offset for offset in good if offset > record.offset][:1]
                    neighbours = (*before, *after)
                    found.append(Poisoned(topic, partition, record.offset, name.decode(), neighbours))
    return found


async def gather(stack: SystemStack, letters: Correspondence, *, asked: str, spoilt: Sequence[str] = ()) -> Evidence:
    """All that there is to see once everything is settled; `asked` is the platform whose statuses are asked.

    `spoilt` are the platforms on whose topics bad records were put.
    """
    keyring = Keyring(stack.secret.encode())
    lags, ready = await stack.lags(), await readiness(stack)
    tables, logs = await read_tables(stack), await read_logs(stack)
    return Evidence(
        told=list(letters.told.values()), door_keys={name: keyring.door_key(*name) for name in letters.told}, logs=logs,
        tables=tables, lags=lags, readiness=ready,
        statuses=await statuses(stack, await stack.key(asked), letters, asked),
        poisoned=find_poison(logs, spoilt, POISONED),
    )  # fmt: skip


OURS = tuple(topic.name for topic in TOPICS)
