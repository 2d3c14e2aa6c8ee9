"""What the cluster says of its topics, and the making of the programme's own: admin work, off the event loop."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aiokafka.partitioner import murmur2
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from shared.contracts.topics import Cleanup, Topic, dead_letter_topic
from shared.kernel.errors import Unavailable

ANSWER_SECONDS_MAX = 10.0
RECORD_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """A topic as the cluster has it; `topic_id` changes when it is deleted and made again."""

    name: str
    topic_id: str
    partitions: int


def admin_client(servers: Sequence[str]) -> AdminClient:
    """Open an admin client; it says nothing until asked."""
    return AdminClient({"bootstrap.servers": ",".join(servers), "log_level": 0, "socket.timeout.ms": 5000})


async def describe(client: AdminClient, names: Iterable[str]) -> dict[str, TopicDescription]:
    """Describe the topics that exist among `names`. Raises Unavailable when the cluster does not answer."""
    return await asyncio.to_thread(_describe, client, sorted(set(names)))


def _describe(client: AdminClient, names: list[str]) -> dict[str, TopicDescription]:
    found: dict[str, TopicDescription] = {}
    if not names:
        return found
    try:
        answers = client.describe_topics(TopicCollection(names), request_timeout=ANSWER_SECONDS_MAX)
        for name, answer in answers.items():
            try:
                description = answer.result(ANSWER_SECONDS_MAX)
            except KafkaException as error:
                if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    continue
                raise
            found[name] = TopicDescription(name, str(description.topic_id), len(description.partitions))
    except (KafkaException, TimeoutError) as error:
        raise Unavailable(f"Kafka does not describe its topics: {type(error).__name__}") from error
    return found


async def existing(client: AdminClient) -> list[str]:
    """List the names of all topics."""
    try:
        metadata = await asyncio.to_thread(client.list_topics, timeout=ANSWER_SECONDS_MAX)
    except KafkaException as error:
        raise Unavailable("Kafka does not list its topics") from error
    return sorted(metadata.topics)


def new_topics(topics: Iterable[Topic], *, partitions: int, replication: int, min_insync: int) -> list[NewTopic]:
    """Say how each topic and its readers' dead-letter topics are made."""
    made = []
    for topic in topics:
        made.append(_new_topic(topic, partitions, replication, min_insync))
        made += [_new_topic(dead_letter_topic(topic, r), 1, replication, min_insync) for r in topic.readers]
    return made


def _new_topic(topic: Topic, partitions: int, replication: int, min_insync: int) -> NewTopic:
    config = {
        "min.insync.replicas": str(min_insync),
        "max.message.bytes": str(RECORD_BYTES_MAX),
        "cleanup.policy": topic.cleanup.value,
    }
    if topic.cleanup is Cleanup.DELETE:
        config["retention.ms"] = str(-1 if topic.retention_days is None else topic.retention_days * 86_400_000)
    return NewTopic(topic.name, partitions, replication, config=config)


async def provision(client: AdminClient, topics: Sequence[NewTopic]) -> list[str]:
    """Make the topics that are missing and return their names; existing ones are left as they are."""
    return await asyncio.to_thread(_provision, client, topics)


def _provision(client: AdminClient, topics: Sequence[NewTopic]) -> list[str]:
    made = []
    for name, answer in client.create_topics(list(topics), operation_timeout=ANSWER_SECONDS_MAX).items():
        try:
            answer.result(2 * ANSWER_SECONDS_MAX)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise Unavailable(f"the topic {name} cannot be made: {error.args[0].str()}") from error
        else:
            made.append(name)
    return made


class Router:
    """Finds the partition of a key as Kafka's default partitioner does (murmur2)."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self.partitions = dict(partitions)

    def __call__(self, topic: str, key: bytes) -> int:
        """Return the partition of `key` in `topic`."""
        return _hash(key) % self.partitions[topic]


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF
