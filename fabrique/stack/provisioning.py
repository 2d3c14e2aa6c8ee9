"""Makes what the services need before they start: the topics on Kafka, and each database with its tables."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from shared.contracts.topics import TOPICS, partner_topic
from shared.database.migrations import upgrade
from shared.messaging.cluster import admin_client, new_topics, provision

PARTITIONS = 4
"""Of each topic on one machine; a cluster is provisioned with more, once and for all."""


async def make_topics(
    servers: Sequence[str],
    *,
    platforms: Sequence[str] = (),
    partitions: int = PARTITIONS,
    replication: int = 1,
    min_insync: int = 1,
) -> list[str]:
    """Make the programme's topics and those of partners' platforms that are missing; return their names.

    Existing topics stay as they are. Raises Unavailable when the cluster does not make them.
    """
    wanted = [*TOPICS, *map(partner_topic, platforms)]
    made = new_topics(wanted, partitions=partitions, replication=replication, min_insync=min_insync)
    return await provision(admin_client(servers), made)


async def migrate(service: str, url: str) -> None:
    """Bring a service's database to its newest revision; a no-op when it is there."""
    folder: Path = importlib.import_module(f"services.{service}.app").MIGRATIONS
    await upgrade(folder, url)
