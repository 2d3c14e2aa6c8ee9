"""Holds the AsyncAPI document to its own tool, to the topics, and to what our code and the CloudEvents SDK read."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.asyncapi import SERVICES, channel_id, document, documented_topics
from shared.contracts.publication import DOCS
from shared.contracts.schemas import PARTNER
from shared.contracts.topics import TOPICS, Topic, family
from shared.messaging.cloudevents import binary_headers, source_of

VALIDATOR = Path(__file__).with_name("asyncapi_validator.mjs")
ALL_TOPICS = tuple(documented_topics())
each_topic = pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
CHECKER = FormatChecker(("date-time", "uuid"))
NEEDED = {"ce_specversion", "ce_id", "ce_source", "ce_type"}
ALWAYS_OURS = {"ce_time", "ce_subject", "ce_dataschema", "ce_sequence", "content-type"}
DAY_MS = 86_400_000


Verdict = dict[str, Any]


@pytest.fixture(scope="module")
def verdicts(node: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, Verdict]:
    """Run AsyncAPI's own parser on the committed document and on a spoiled one."""
    spoiled = document("1")
    spoiled["operations"]["funding.send.funding.territory.v1"]["channel"]["$ref"] = "#/channels/nowhere"
    folder = tmp_path_factory.mktemp("spoiled")
    (folder / "schemas").symlink_to(DOCS / "schemas")
    (folder / "asyncapi.yaml").write_text(yaml.safe_dump(spoiled))
    line = [node, str(VALIDATOR), str(DOCS / "asyncapi.yaml"), str(folder / "asyncapi.yaml")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  our own command
    assert done.returncode == 0, done.stderr
    committed, faulty = (json.loads(said) for said in done.stdout.splitlines())
    return committed, faulty


def messages(asyncapi: dict[str, Any], topic: Topic) -> Iterator[tuple[str, dict[str, Any], Draft202012Validator]]:
    """Yield each message of a topic with the validator of its headers, its trait applied."""
    traits = asyncapi["components"]["messageTraits"]
    for name, message in asyncapi["channels"][channel_id(topic)]["messages"].items():
        (trait,) = message["traits"]
        common = traits[trait["$ref"].rpartition("/")[2]]["headers"]
        own = message["headers"]["properties"]
        properties = {key: {**common["properties"].get(key, {}), **own.get(key, {})} for key in common["properties"]}
        assert own.keys() <= properties.keys()
        yield name, message, Draft202012Validator({**common, "properties": properties}, format_checker=CHECKER)


def test_asyncapi_s_own_tool_finds_no_fault(verdicts: tuple[Verdict, Verdict]) -> None:
    sent = [topic for topic in ALL_TOPICS if topic.owner in SERVICES]
    received = [reader for topic in ALL_TOPICS for reader in topic.readers]
    assert verdicts[0] == {"faults": [], "channels": len(ALL_TOPICS), "operations": len(sent) + len(received)}


def test_asyncapi_s_own_tool_would_find_a_fault(verdicts: tuple[Verdict, Verdict]) -> None:
    assert verdicts[1]["faults"] == ["'#/channels/nowhere' does not exist"]


@each_topic
def test_every_topic_is_a_channel_with_its_kafka_settings(topic: Topic, asyncapi: dict[str, Any]) -> None:
    channel = asyncapi["channels"][channel_id(topic)]
    kafka = channel["bindings"]["kafka"]
    assert channel["address"] == topic.name
    assert set(channel["messages"]) == set(topic.models)
    assert kafka["partitions"] == topic.partitions
    settings = kafka["topicConfiguration"]
    assert settings["cleanup.policy"] == [topic.cleanup.value]
    kept = {"compact": None, "delete": -1 if topic.retention_days is None else topic.retention_days * DAY_MS}
    assert settings.get("retention.ms") == kept[topic.cleanup.value]


def test_no_channel_is_about_nothing(asyncapi: dict[str, Any]) -> None:
    assert set(asyncapi["channels"]) == {channel_id(topic) for topic in ALL_TOPICS}
    dead = {name for name in asyncapi["channels"] if name.endswith(".dlq")}
    assert len(dead) == sum(len(topic.readers) for topic in TOPICS) + 1


def test_each_service_sends_what_it_owns_and_receives_what_it_reads(asyncapi: dict[str, Any]) -> None:
    said = {
        (name.partition(".")[0], operation["action"], operation["channel"]["$ref"].rpartition("/")[2])
        for name, operation in asyncapi["operations"].items()
    }
    sends = {(t.owner, "send", channel_id(t)) for t in ALL_TOPICS if t.owner in SERVICES}
    receives = {(reader, "receive", channel_id(t)) for t in ALL_TOPICS for reader in t.readers}
    assert said == sends | receives
    assert {service for service, _, _ in said} == set(SERVICES)


@each_topic
def test_each_message_points_to_its_schema(topic: Topic, asyncapi: dict[str, Any]) -> None:
    for name, message, _ in messages(asyncapi, topic):
        schema = json.loads((DOCS / message["payload"]["$ref"]).read_text())
        assert (schema["title"], message["summary"]) == (name, schema["description"])


@each_topic
def test_the_key_of_each_example_follows_the_key_s_schema(topic: Topic, asyncapi: dict[str, Any]) -> None:
    for name, message, _ in messages(asyncapi, topic):
        (shown,) = message["examples"]
        key = {"opaque": "any", "record": shown["headers"].get("ce_subject"), **shown["payload"]}[topic.key]
        schema = message["bindings"]["kafka"]["key"]
        assert Draft202012Validator(schema, format_checker=CHECKER).is_valid(key), name


@each_topic
def test_the_example_of_each_record_is_a_cloudevent(topic: Topic, asyncapi: dict[str, Any]) -> None:
    for name, message, headers in messages(asyncapi, topic):
        (shown,) = message["examples"]
        headers.validate(shown["headers"])
        record = KafkaMessage(
            headers={key: value.encode() for key, value in shown["headers"].items()},
            key=b"key",
            value=json.dumps(shown["payload"]).encode(),
        )
        event = from_kafka(record, JSONFormat())
        assert (event.get_type(), event.get_specversion(), event.get_data()) == (name, "1.0", shown["payload"])
        if family(topic.name) != PARTNER:
            assert event.get_dataschema() == json.loads((DOCS / message["payload"]["$ref"]).read_text())["$id"]
            assert int(event.get_extension("sequence")) == 1309
            assert UUID(event.get_extension("causationid"))


@pytest.mark.parametrize("topic", [t for t in ALL_TOPICS if family(t.name) != PARTNER], ids=lambda topic: topic.name)
def test_what_our_relay_writes_is_what_the_document_says(topic: Topic, asyncapi: dict[str, Any]) -> None:
    concrete = topic.name.replace("{platform}", "cci")
    for name, _, headers in messages(asyncapi, topic):
        written = binary_headers(
            event_id=str(UUID(int=1)), source=source_of(concrete, 11, 2).encode(), type_=name, topic=concrete,
            subject="CV219.CDC.2016", sequence=7, time=datetime.fromisoformat("2016-10-03T11:30:00+02:00"),
            cause=str(UUID(int=2)), traceparent=None,
        )  # fmt: skip
        headers.validate({key: value.decode() for key, value in written})


@each_topic
def test_a_record_without_a_required_header_is_not_what_the_document_says(
    topic: Topic, asyncapi: dict[str, Any]
) -> None:
    for _, message, headers in messages(asyncapi, topic):
        shown = message["examples"][0]["headers"]
        required = NEEDED if family(topic.name) == PARTNER else NEEDED | ALWAYS_OURS
        assert set(headers.schema["required"]) == required
        for missing in required:
            assert not headers.is_valid({key: value for key, value in shown.items() if key != missing})
        assert not headers.is_valid({**shown, "ce_type": "SomethingElse"})
        if "ce_sequence" in shown:
            assert not headers.is_valid({**shown, "ce_sequence": "1309"})
