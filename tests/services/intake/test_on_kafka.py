"""Intake's process on a real Kafka and a real PostgreSQL: what partners tell on their topics, and what becomes of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from fabrique.embedded.kafka import Broker, start_kafka
from services.intake.app import build, create_key, keyring_of
from services.intake.store.sealing import opener
from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, ENTREPRENEUR, SURVIVAL, Topic, partner_topic
from shared.database.quarantine import StoredRecord
from shared.kernel.funders import Funder
from shared.messaging.cluster import admin_client, new_topics, provision
from shared.messaging.spine import Spine
from tests.services.intake.world import Event, Rows, declared, fetch, settings_of, welcomed
from tests.support.topics import read_topic

PARTITIONS = 2
Header = tuple[str, bytes | None]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of its own: the topics of the programme have fixed names, and other tests use them too."""
    started = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield started
    started.erase()
