"""A topic of its own on Kafka and the outbox that announces there, for the relay's tests."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from shared.database.outbox import Destination, Outbox
from shared.database.transaction import transaction
from shared.messaging.relay import Relay
from tests.support.commitment_events import event
from tests.support.ledger import NOW, Ledger
from tests.support.spine_checks import first_occurrences, relay_breaches, snapshot
from tests.support.topics import Log, read_topic

PADDING = random.Random(5).randbytes(1500).hex()  # three hundred events fill a batch


class Outgoing:
    """A topic of its own on Kafka, and the outbox of a database that announces there."""

    def __init__(self, ledger: Ledger, servers: Sequence[str], topic: str) -> None:
        self.ledger = ledger
        self.servers = servers
        self.topic = topic

    async def announce(self, partition: int, count: int, *, padding: str = PADDING) -> None:
        """Commit events, as a service does."""
        async with transaction(self.ledger.engine) as session:
            announced = Outbox(session, self.ledger.route)
            destination = Destination(self.topic, partition)
            await announced.hold([destination])
            for number in range(count):
                told = event("CommitmentWithdrawn", f"{partition}/{uuid4()}", contract="CV219", number=number,
                             reason="abandoned", padding=padding)  # fmt: skip
                announced.add(destination, key=b"CV219", event_id=UUID(told["id"]), type=told["type"], subject="x",
                              time=NOW, value=json.dumps(told["value"]).encode())  # fmt: skip
            await announced.flush()

    def relay(self, name: str = "relay") -> Relay:
        """A relay of this database, in this process."""
        return Relay(self.ledger.url, servers=self.servers, name=name)

    async def relayed(self) -> dict[int, tuple[int, int]]:
        """How far each partition is relayed, and how far it should be."""
        rows = await self.ledger.rows(
            "SELECT partition, relayed_sequence, last_sequence FROM outbox_partition WHERE topic = :topic"
            " AND parked IS NULL", topic=self.topic,
        )  # fmt: skip
        return {row["partition"]: (row["relayed_sequence"], row["last_sequence"]) for row in rows}

    async def finished(self) -> None:
        """Wait until everything that is not parked is relayed."""
        async with asyncio.timeout(60):
            while any(done < last for done, last in (await self.relayed()).values()):  # noqa: ASYNC110  a table tells nobody
                await asyncio.sleep(0.05)

    async def log(self) -> Log:
        """What is on Kafka."""
        return await read_topic(self.servers, self.topic)

    async def assert_told(self) -> Log:
        """All of the outbox is on Kafka, first occurrences in order; return the topic."""
        assert await relay_breaches(await self._snapshot(), self.servers) == []
        return await self.log()

    async def _snapshot(self) -> Any:
        found = await snapshot(self.ledger.url)
        ours = {name: [row for row in rows if row["topic"] == self.topic] for name, rows in found.tables.items()}
        return type(found)(ours)


def duplicates(log: Log) -> int:
    return sum(len(records) - len(first_occurrences(records)[0]) for records in log.values())


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    """Run relays, and stop them in order."""
    tasks = [asyncio.create_task(each.run()) for each in relays]
    try:
        yield
    finally:
        for each in relays:
            each.stopping.set()
            each.wake.set()
        await asyncio.gather(*tasks)
