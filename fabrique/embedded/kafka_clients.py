"""Asks a Kafka whether it answers, as a client would, and takes one record through it."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

REHEARSAL_SECONDS_MAX = 20
_unheard = logging.getLogger(__name__)  # the client complains at each refused connection; waiting is made of those
_unheard.addHandler(logging.NullHandler())
_unheard.propagate = False


def broker_count(servers: Sequence[str], *, seconds: float) -> int:
    """How many brokers the cluster says it has; 0 when nobody answers in time."""
    try:
        return len(AdminClient(_settings(servers)).list_topics(timeout=seconds).brokers)
    except KafkaException:
        return 0


def wait_for_broker(servers: Sequence[str], *, seconds: float, alive: Callable[[], bool]) -> bool:
    """Whether a broker registered itself in the time given; gives up early when its process has ended."""
    deadline = time.monotonic() + seconds
    while alive() and time.monotonic() < deadline:
        if broker_count(servers, seconds=1.0):
            return True
        time.sleep(0.02)
    return False


def rehearse(servers: Sequence[str]) -> None:
    """Create a topic, write a record, read it and commit its offset in a group."""
    topic = "rehearsal"
    settings = _settings(servers)
    admin = AdminClient(settings)
    for future in admin.create_topics([NewTopic(topic, 1, 1)]).values():
        future.result(REHEARSAL_SECONDS_MAX)
    producer = Producer({**settings, "enable.idempotence": True})
    producer.produce(topic, b"value", b"key")
    producer.flush(REHEARSAL_SECONDS_MAX)
    consumer = Consumer({**settings, "group.id": topic, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        if consumer.poll(REHEARSAL_SECONDS_MAX) is not None:
            consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    finally:
        consumer.close()


def _settings(servers: Sequence[str]) -> dict[str, Any]:
    return {
        "bootstrap.servers": ",".join(servers),
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 100,
        "logger": _unheard,
        "log_level": 0,
    }
