"""JSON Schema 2020-12 of every event, generated from the models."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.fields import Fact
from shared.contracts.told import TOLD
from shared.contracts.topics import TOPICS, schema_id

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ORDER = (
    "$schema", "$id", "title", "description", "type", "properties", "required", "additionalProperties", "anyOf",
    "oneOf", "$defs",
)  # fmt: skip
PARTNER = "partner"
FAMILIES: Mapping[str, tuple[type[Fact], ...]] = {
    PARTNER: tuple(TOLD.values()),
    **{topic.name: topic.events for topic in TOPICS},
    "dead-letter": (DeadLetter,),
}
"""The models of each set of schemas; the families of `shared.contracts.topics.family`."""


class EventSchema(GenerateJsonSchema):
    """pydantic's own generation, without titles that repeat names, and with the description of optional fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the signature is pydantic's
        """Never: "Cdc Cents" says no more than `cdc_cents`."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Lift what describes the value to the field, where readers and tools look for it."""
        found = super().nullable_schema(schema)
        inner = found.get("anyOf", [{}])[0]
        lifted = {name: inner.pop(name) for name in ("description", "examples") if name in inner}
        return {**found, **lifted}


def event_schema(family: str, model: type[Fact]) -> Schema:
    """Generate the schema of one event.

    What partners tell is closed: an unknown field is refused at the door. What we publish is open: whoever validates
    with today's schema goes on when a field is added.
    """
    generated = model.model_json_schema(schema_generator=EventSchema)
    if family != PARTNER:
        for node in (generated, *generated.get("$defs", {}).values()):
            node.pop("additionalProperties", None)
    generated |= {"$schema": DIALECT, "$id": schema_id(family, model.__name__), "title": model.__name__}
    return {keyword: generated[keyword] for keyword in ORDER if keyword in generated}


def schemas() -> Iterator[tuple[str, str, Schema]]:
    """Yield (family, type, schema) of every event."""
    for family, models in FAMILIES.items():
        for model in models:
            yield family, model.__name__, event_schema(family, model)
