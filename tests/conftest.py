"""Gives every test a real Kafka and a real PostgreSQL, started once for the whole run and only when asked for."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.postgres import Postgres, start_postgres

settings.register_profile("fabrique", deadline=None, print_blob=True)  # a busy machine is slow, not wrong
settings.load_profile("fabrique")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of the quick profile; topics are made by the tests, under names of their own."""
    broker = start_kafka(tmp_path_factory.mktemp("kafka"), profile="quick", report=print)
    yield broker
    broker.erase()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A durable PostgreSQL server, with no database but its own."""
    server = start_postgres(tmp_path_factory.mktemp("postgres"), report=print)
    yield server
    server.erase()


@pytest.fixture
def fresh_database(postgres: Postgres) -> Iterator[Callable[[], str]]:
    """A function that creates an empty database and returns its SQLAlchemy URL; all are dropped after the test."""
    made: list[str] = []

    def create() -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        postgres.create_database(made[-1])
        return postgres.url(made[-1])

    yield create
    for name in made:
        postgres.drop_database(name)
