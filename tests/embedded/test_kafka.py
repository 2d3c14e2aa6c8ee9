"""A real broker of our own: what it keeps when it is killed, and how it shares a folder with an earlier one."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fabrique.embedded import kafka_lent
from fabrique.embedded.errors import DidNotStart, NotOurs
from fabrique.embedded.kafka import Broker, start_kafka
from fabrique.embedded.kafka_clients import broker_count

SECONDS_MAX = 20


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = start_kafka(tmp_path_factory.mktemp("own-kafka"), profile="quick", among=["java"])
    yield broker
    broker.erase()


def settings(broker: Broker) -> dict[str, str]:
    return {"bootstrap.servers": ",".join(broker.bootstrap_servers), "log_level": "0"}


def new_topic(broker: Broker) -> str:
    name = f"topic-{uuid.uuid4().hex}"
    admin = AdminClient(settings(broker))
    for future in admin.create_topics([NewTopic(name, 1, 1)]).values():
        future.result(SECONDS_MAX)
    return name


def write(broker: Broker, topic: str, value: bytes) -> None:
    failures: list[object] = []
    producer = Producer({**settings(broker), "acks": "all"})
    producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(SECONDS_MAX) == 0
    assert failures == []


def read_first(broker: Broker, topic: str) -> bytes | None:
    consumer = Consumer({**settings(broker), "group.id": topic})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        message: Message | None = consumer.poll(SECONDS_MAX)
        assert message is not None
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()


def test_a_record_written_before_sigkill_is_read_after_a_start_on_the_same_folder(own_kafka: Broker) -> None:
    topic, servers = new_topic(own_kafka), own_kafka.bootstrap_servers
    write(own_kafka, topic, b"kept")
    own_kafka.kill()
    assert own_kafka.pid is None
    assert broker_count(servers, seconds=0.5) == 0
    own_kafka.start()
    assert own_kafka.bootstrap_servers == servers
    assert read_first(own_kafka, topic) == b"kept"


def test_a_record_written_before_a_graceful_stop_is_read_after_a_start(own_kafka: Broker) -> None:
    topic = new_topic(own_kafka)
    write(own_kafka, topic, b"kept")
    own_kafka.stop()
    own_kafka.start()
    assert read_first(own_kafka, topic) == b"kept"


def test_a_suspended_broker_answers_nobody_until_it_is_resumed(own_kafka: Broker) -> None:
    own_kafka.suspend()
    assert broker_count(own_kafka.bootstrap_servers, seconds=0.5) == 0
    own_kafka.resume()
    assert broker_count(own_kafka.bootstrap_servers, seconds=SECONDS_MAX) == 1


def test_topics_are_never_created_by_writing_to_them(own_kafka: Broker) -> None:
    producer = Producer({**settings(own_kafka), "message.timeout.ms": 1000})
    producer.produce("nobody-made-this", b"lost")
    producer.flush(SECONDS_MAX)
    assert "nobody-made-this" not in AdminClient(settings(own_kafka)).list_topics(timeout=SECONDS_MAX).topics


def test_ctrl_c_in_the_terminal_does_not_reach_the_broker(own_kafka: Broker) -> None:
    assert own_kafka.pid is not None
    assert os.getsid(own_kafka.pid) == own_kafka.pid


def test_a_broker_that_cannot_start_says_so_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match=r"kafka did not start.*(?s:.*)num\.partitions"):
        start_kafka(tmp_path, profile="quick", among=["java"], extra_properties={"num.partitions": "none"})


def test_the_kafka_of_the_environment_is_used_and_never_stopped(
    own_kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f" {own_kafka.bootstrap_servers[0]} ,")
    said: list[str] = []
    lent = start_kafka(tmp_path, report=said.append)
    assert lent.bootstrap_servers == own_kafka.bootstrap_servers
    assert said == [f"Kafka at {own_kafka.bootstrap_servers[0]} (from the environment)"]
    with pytest.raises(NotOurs):
        lent.kill()
    lent.erase()
    assert broker_count(own_kafka.bootstrap_servers, seconds=SECONDS_MAX) == 1


def test_a_kafka_of_the_environment_that_does_not_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_lent, "ANSWER_SECONDS_MAX", 0.3)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    with pytest.raises(DidNotStart, match=r"127\.0\.0\.1:1"):
        start_kafka(tmp_path)


def test_the_shared_broker_answers(kafka: Broker) -> None:
    topic = new_topic(kafka)
    write(kafka, topic, b"shared")
    assert read_first(kafka, topic) == b"shared"


def test_two_brokers_formatted_from_one_model_are_two_clusters(own_kafka: Broker, kafka: Broker) -> None:
    ids = {AdminClient(settings(broker)).list_topics(timeout=SECONDS_MAX).cluster_id for broker in (own_kafka, kafka)}
    assert len(ids) == 2
