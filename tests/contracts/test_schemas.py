"""What every schema must be: valid, named once, described field by field; and what every event's name must be."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.contracts.asyncapi import documented_topics
from shared.contracts.publication import DOCS
from shared.contracts.schemas import FAMILIES, PARTNER
from shared.contracts.topics import TOPICS, family, partner_topic, schema_id

SCHEMAS = {
    (folder, model.__name__): json.loads((DOCS / "schemas" / folder / f"{model.__name__}.json").read_text())
    for folder, models in FAMILIES.items()
    for model in models
}
each_schema = pytest.mark.parametrize(("folder", "type_"), SCHEMAS, ids=["/".join(name) for name in SCHEMAS])
IRREGULAR = "Made|Held|Withdrawn|Frozen|Unfrozen|TakenOver|CarriedOver|ConfirmedActive|RegimeLeft"
PARTICIPLE = re.compile(rf"^([A-Z][a-z]+)+([A-Z][a-z]*ed|{IRREGULAR})$")
"""A noun and a past participle: the regular ones, and the irregular ones that the events use."""
NAMES_A_PERSON = re.compile(r"(^|_)(name|first_name|last_name|email|mail|phone|address|birth|birthday|nir)($|_)")


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema and its definitions, where they have fields."""
    yield from (node for node in (schema, *schema.get("$defs", {}).values()) if "properties" in node)


@each_schema
def test_a_schema_is_valid_json_schema_and_is_named_as_the_records_name_it(folder: str, type_: str) -> None:
    schema = SCHEMAS[folder, type_]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["$id"], schema["title"]) == (schema_id(folder, type_), type_)


@each_schema
def test_everything_in_a_schema_is_described(folder: str, type_: str) -> None:
    schema = SCHEMAS[folder, type_]
    assert schema["description"].endswith(".")
    for node in objects(schema):
        silent = [name for name, field in node["properties"].items() if not field.get("description", "").endswith(".")]
        assert silent == [], node["title"]


@each_schema
def test_what_partners_tell_is_closed_and_what_we_publish_is_open(folder: str, type_: str) -> None:
    for node in objects(SCHEMAS[folder, type_]):
        assert node.get("additionalProperties", True) is (folder != PARTNER)


@each_schema
def test_no_event_names_a_person(folder: str, type_: str) -> None:
    fields = SCHEMAS[folder, type_]["properties"]
    assert [name for name in fields if NAMES_A_PERSON.search(name)] == []
    if folder != PARTNER:
        assert [name for name in fields if re.search("reference|siren|siret", name)] == []


def test_identifiers_are_unique() -> None:
    identifiers = [schema["$id"] for schema in SCHEMAS.values()]
    assert len(identifiers) == len(set(identifiers)) > 60


def test_every_topic_has_its_schemas() -> None:
    for topic in documented_topics():
        assert {(family(topic.name), name) for name in topic.models} <= SCHEMAS.keys(), topic.name


@pytest.mark.parametrize("topic", [*TOPICS, partner_topic("citeslab")], ids=lambda topic: topic.name)
def test_events_are_named_by_a_noun_and_a_past_participle(topic: Any) -> None:
    assert [name for name in topic.models if not PARTICIPLE.match(name)] == []


@pytest.mark.parametrize("name", ["CommitmentDeclare", "DeclareCommitment", "PaymentMake", "Declared", "DeadLetter"])
def test_other_names_are_noticed(name: str) -> None:
    assert not PARTICIPLE.match(name)


def test_topics_are_named_by_owner_entity_and_version() -> None:
    for topic in TOPICS:
        assert re.match(rf"^{topic.owner}\.[a-z]+\.v[1-9][0-9]*$", topic.name)
    assert [topic.dlq("funding") for topic in TOPICS[:1]] == ["intake.entrepreneur.v1.funding.dlq"]


def test_what_one_partition_announces_goes_to_its_twin() -> None:
    twins = ("intake.commitment.v1", "funding.allocation.v1", "funding.envelope.v1")
    assert len({topic.partitions for topic in TOPICS if topic.name in twins}) == 1
