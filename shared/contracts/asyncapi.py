"""One AsyncAPI 3.0 document for the whole system, generated from the topics, the models and their examples."""

from collections.abc import Iterator
from typing import Any

from shared.contracts import headers
from shared.contracts.examples import example
from shared.contracts.fields import Fact
from shared.contracts.schemas import PARTNER, event_schema
from shared.contracts.topics import TOPICS, Cleanup, Topic, dead_letter_topic, family, partner_topic

Node = dict[str, Any]
SERVICES = {
    "intake": "Knows people: accepts what partners tell, keeps identities, publishes pseudonymous facts.",
    "funding": "Knows money: decides each commitment, in order, against the envelopes.",
    "reporting": "Knows figures: folds the topics into survival and budgets.",
}
DAY_MS = 86_400_000
RECORD_BYTES_MAX = 1_048_576
ABOUT = (
    "Entrepreneur and commitment events of partner platforms become pseudonymous facts, funding decisions and"
    " figures. Records are CloudEvents 1.0 in binary mode: the attributes are Kafka headers, the value is the event's"
    " data in JSON. See docs/subscribers-guide.md for what order and duplicates a subscriber can count on."
)


def documented_topics() -> Iterator[Topic]:
    """Yield every topic: the partners' own, ours, and the dead letters of each reader."""
    sources = (partner_topic("{platform}"), *TOPICS)
    yield from sources
    for topic in sources:
        for reader in topic.readers:
            yield dead_letter_topic(topic, reader)


def document(version: str) -> Node:
    """Build the document; `version` is the project's."""
    topics = tuple(documented_topics())
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Fabrique", "version": version, "description": ABOUT, "tags": _tags()},
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {channel_id(topic): _channel(topic) for topic in topics},
        "operations": dict(_operations(topics)),
        "components": {"messageTraits": {"published": headers.PUBLISHED, "told": headers.TOLD}},
    }


def channel_id(topic: Topic) -> str:
    """Name a channel: the topic's address without braces."""
    return topic.name.replace("{", "").replace("}", "")


def _tags() -> list[Node]:
    return [{"name": name, "description": description} for name, description in SERVICES.items()]


def _server() -> Node:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The Kafka cluster that the services share; it is their only meeting place.",
        "variables": {"bootstrap": {"default": "localhost:9092", "description": "KAFKA_BOOTSTRAP_SERVERS."}},
    }


def _channel(topic: Topic) -> Node:
    channel: Node = {"address": topic.name, "title": topic.name, "description": topic.summary}
    if "{platform}" in topic.name:
        channel["parameters"] = {
            "platform": {"description": "Name of the partner's platform.", "examples": ["citeslab"]}
        }
    channel["messages"] = {model.__name__: _message(topic, model) for model in topic.events}
    channel["bindings"] = {"kafka": _kafka(topic)}
    return channel


def _kafka(topic: Topic) -> Node:
    configuration: Node = {"cleanup.policy": [topic.cleanup.value]}
    if topic.cleanup is Cleanup.DELETE:
        configuration["retention.ms"] = -1 if topic.retention_days is None else topic.retention_days * DAY_MS
    configuration |= {"max.message.bytes": RECORD_BYTES_MAX, "min.insync.replicas": 2}
    return {
        "partitions": topic.partitions,
        "replicas": 3,
        "topicConfiguration": configuration,
        "bindingVersion": "0.5.0",
    }


def _message(topic: Topic, model: type[Fact]) -> Node:
    name, schemas = model.__name__, family(topic.name)
    told = schemas == PARTNER
    return {
        "name": name,
        "title": name,
        "summary": (model.__doc__ or "").strip(),
        "contentType": "application/json",
        "headers": {"properties": headers.own_headers(topic, name)},
        "payload": {"$ref": f"./schemas/{schemas}/{name}.json"},
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": "0.5.0"}},
        "examples": [_example(topic, name)],
        "traits": [{"$ref": f"#/components/messageTraits/{'told' if told else 'published'}"}],
    }


def _example(topic: Topic, name: str) -> Node:
    payload = example(family(topic.name), name).model_dump(mode="json")
    return {"name": name, "headers": headers.example_headers(topic, name), "payload": payload}


def _key(topic: Topic) -> Node:
    if topic.key == "record":
        return {"type": "string", "description": "topic/partition/offset of the record.", "examples": [KEY_EXAMPLE]}
    if topic.key == "opaque":
        return {"description": "The partner's choice; nothing reads it, and it must not name a person."}
    schema: Node = event_schema(topic.name, topic.events[0])["properties"][topic.key]
    return schema


KEY_EXAMPLE = "intake.commitment.v1/4/1309"


def _operations(topics: tuple[Topic, ...]) -> Iterator[tuple[str, Node]]:
    for topic in topics:
        if topic.owner in SERVICES:
            yield _operation(topic.owner, "send", topic)
        for reader in topic.readers:
            yield _operation(reader, "receive", topic)


def _operation(service: str, action: str, topic: Topic) -> tuple[str, Node]:
    verb = "publishes on" if action == "send" else "subscribes to"
    node: Node = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel_id(topic)}"},
        "summary": f"{service} {verb} {topic.name}.",
        "tags": [{"name": service}],
    }
    if action == "receive":
        group = {"type": "string", "const": service}
        node["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
    return f"{service}.{action}.{channel_id(topic)}", node
