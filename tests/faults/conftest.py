"""Empty databases and topics of their own for each fault."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from fabrique.embedded.kafka import Broker
from shared.database import outbox
from shared.database.transaction import transaction
from tests.support.ledger import Ledger, open_ledger
from tests.support.outgoing import Outgoing
from tests.support.topics import make_topics


@pytest.fixture
async def ledger(fresh_database: Callable[[], str]) -> AsyncIterator[Ledger]:
    """Funding's database, migrated and empty."""
    async with open_ledger(fresh_database(), partitions=4, pool_size=12) as opened:
        yield opened


@pytest.fixture
async def outgoing(ledger: Ledger, kafka: Broker) -> Outgoing:
    topic = f"test.{uuid4().hex}.v1"
    await make_topics(kafka.bootstrap_servers, {topic: 2})
    async with transaction(ledger.engine) as session:
        await outbox.prepare(session, {topic: 2})
    return Outgoing(ledger, kafka.bootstrap_servers, topic)
