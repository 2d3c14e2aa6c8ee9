"""The CloudEvents headers of a record in binary mode, as AsyncAPI documents them: ours, and the partners'."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.examples import example
from shared.contracts.fields import Fact
from shared.contracts.schemas import PARTNER
from shared.contracts.topics import Topic, family, schema_id

Node = dict[str, Any]
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_TIME = "known_at"
_SUBJECTS = ("commitment_id", "envelope_id", "entrepreneur_id", "stratum", "contract")
_COMMON: Node = {
    "ce_specversion": {"type": "string", "const": "1.0", "description": "Version of CloudEvents."},
    "content-type": {"type": "string", "const": "application/json", "description": "The value is JSON in UTF-8."},
    "traceparent": {
        "type": "string",
        "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "W3C trace context of the request that began it; absent when there was none.",
    },
}
_OURS: Node = {
    "ce_id": {"type": "string", "format": "uuid", "description": "The event; the same when a record is sent twice."},
    "ce_source": {
        "type": "string",
        "pattern": "^/fabrique/[a-z]+/[a-z0-9.-]+/[0-9]+/epoch/[0-9]+$",
        "description": "Service, topic, partition and epoch. The epoch rises when a database was restored: sequences"
        " after it are not compared with those before.",
    },
    "ce_type": {"type": "string", "description": "The event's type; pass over those that you do not know."},
    "ce_time": {"type": "string", "format": "date-time", "description": "When the event became known; in UTC."},
    "ce_subject": {
        "type": "string",
        "description": "What it is about: a commitment, an envelope, an entrepreneur, a stratum; the record's"
        " topic/partition/offset for a dead letter.",
    },
    "ce_dataschema": {"type": "string", "format": "uri", "description": "`$id` of the JSON Schema of the value."},
    "ce_sequence": {
        "type": "string",
        "pattern": "^[0-9]{20}$",
        "description": "Place in the partition, from 1, without holes, with zeros: it can be compared as text.",
    },
    "ce_causationid": {
        "type": "string",
        "format": "uuid",
        "description": "`ce_id` of the event or identifier of the command that caused it; absent when it began here.",
    },
}
_THEIRS: Node = {
    "content-type": {
        "type": "string",
        "pattern": "^application/json *(;.*)?$",
        "description": "The value is JSON in UTF-8; that is also what its absence means.",
    },
    "ce_id": {
        "type": "string",
        "pattern": "^[!-~]{1,128}$",
        "description": "The event, as the partner names it: with the source, the same content is accepted once.",
    },
    "ce_source": {
        "type": "string",
        "pattern": "^[!-~]{1,256}$",
        "description": "Who emits: it begins with the name of the platform whose topic it is, `/citeslab/…`.",
    },
    "ce_type": {"type": "string", "description": "The event's type."},
    "ce_time": {"type": "string", "format": "date-time", "description": "When it was emitted; nothing depends on it."},
    "ce_subject": {"type": "string", "minLength": 1, "maxLength": 256, "description": "Neither stored nor published."},
}
PUBLISHED: Node = {
    "headers": {
        "type": "object",
        "properties": {**_OURS, **_COMMON},
        "required": [
            "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_dataschema", "ce_sequence",
            "content-type",
        ],
    },
    "correlationId": {"description": "What caused the event.", "location": "$message.header#/ce_causationid"},
}  # fmt: skip
"""The trait of every message that a service publishes."""
TOLD: Node = {
    "headers": {
        "type": "object",
        "properties": {**_COMMON, **_THEIRS},
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
    },
    "description": "Binary mode; structured mode (`application/cloudevents+json`) is read as well.",
}
"""The trait of every message that a partner emits."""


def own_headers(topic: Topic, type_: str) -> Node:
    """Return the headers that depend on the event: its type, and its schema when we publish it."""
    own: Node = {"ce_type": {"const": type_}}
    if family(topic.name) != PARTNER:
        own["ce_dataschema"] = {"const": schema_id(topic.name, type_)}
    return own


def example_headers(topic: Topic, type_: str) -> dict[str, str]:
    """Return the headers of the example of an event, as a record of its topic carries them."""
    schemas = family(topic.name)
    fact = example(schemas, type_)
    name = f"{topic.name}/{type_}"
    shown = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid5(NAMESPACE_URL, name)),
        "ce_type": type_,
        "content-type": "application/json",
        "traceparent": _TRACE,
    }
    if schemas == PARTNER:
        return {**shown, "ce_source": "/citeslab/pas-de-calais"}
    time = fact.quarantined_at if isinstance(fact, DeadLetter) else getattr(fact, _TIME)
    return {
        **shown,
        "ce_source": f"/fabrique/{topic.owner}/{topic.name}/0/epoch/0".replace("{platform}", "citeslab"),
        "ce_time": time.isoformat(),
        "ce_subject": _subject(fact),
        "ce_dataschema": schema_id(topic.name, type_),
        "ce_sequence": f"{1309:020}",
        "ce_causationid": str(uuid5(NAMESPACE_URL, f"cause of {name}")),
    }


def _subject(fact: Fact) -> str:
    if isinstance(fact, DeadLetter):
        return f"{fact.topic}/{fact.partition}/{fact.offset}"
    return next(str(getattr(fact, name)) for name in _SUBJECTS if name in type(fact).model_fields)
