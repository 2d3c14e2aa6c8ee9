"""What OpenAPI says beyond the signatures: the events that may be told, their examples, and the problems."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.intake.routes.answers import AcceptedEvent, EventStatus, ItemAnswer, ProblemDocument
from services.intake.use_cases.door import STRUCTURED
from shared.contracts.examples.told import TOLD_EXAMPLES
from shared.contracts.told import CommitmentDeclared, Told

Node = dict[str, Any]
SCHEMAS = "#/components/schemas/"
BEARER = "key"


def _event(told: Told) -> Node:
    return {
        "specversion": "1.0", "id": "2016-000042", "source": "/citeslab/lens", "type": type(told).__name__,
        "datacontenttype": "application/json", "data": told.model_dump(mode="json", exclude_none=True),
    }  # fmt: skip


def _examples() -> dict[str, Node]:
    """The declared commitment first: it is what the documentation shows."""
    ordered = sorted(TOLD_EXAMPLES, key=lambda told: not isinstance(told, CommitmentDeclared))
    return {type(told).__name__: {"value": _event(told)} for told in ordered}


def _problem(description: str) -> Node:
    return {"description": description, "content": {"application/problem+json": {"schema": _ref(ProblemDocument)}}}


def _ref(model: type[Any]) -> Node:
    return {"$ref": SCHEMAS + model.__name__}


ONE_EVENT: Node = {"$ref": f"{SCHEMAS}ToldEvent"}
SEVERAL: Node = {"type": "array", "items": ONE_EVENT, "minItems": 1, "maxItems": 1000}
REFUSALS: dict[int | str, Node] = {
    401: _problem("No key, or one that does not stand."),
    503: _problem("Not now; see Retry-After. Nothing is half done: send the same again."),
}
OF_ONE_EVENT: dict[int | str, Node] = {
    400: _problem("Not JSON."),
    403: _problem("The key may not tell this."),
    409: _problem("Another content under the same id, or a commitment that is declared already."),
    413: _problem("Larger than 1 MiB, or an event larger than 256 KiB."),
    415: _problem("Another content type."),
    422: _problem("Not valid; `errors` points to each field."),
}
POST_EVENTS: Node = {
    "responses": {
        202: {
            "description": "Accepted; `Location` says where to follow a single event.",
            "content": {
                "application/json": {
                    "schema": {"anyOf": [_ref(AcceptedEvent), {"type": "array", "items": _ref(ItemAnswer)}]}
                }
            },
        },
        200: {
            "description": "An array of which some items are not accepted: an answer for each.",
            "content": {"application/json": {"schema": {"type": "array", "items": _ref(ItemAnswer)}}},
        },
        **OF_ONE_EVENT,
        **REFUSALS,
    },
    "openapi_extra": {
        "security": [{BEARER: []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {"schema": ONE_EVENT, "examples": _examples()},
                "application/cloudevents-batch+json": {"schema": SEVERAL},
                "application/json": {"schema": {"anyOf": [ONE_EVENT, SEVERAL]}, "examples": _examples()},
            },
        },
    },
}
POST_BULK: Node = {
    "responses": {
        200: {
            "description": "One answer on each line.",
            "content": {"application/x-ndjson": {"schema": _ref(ItemAnswer)}},
        },
        **REFUSALS,
    },
    "openapi_extra": {
        "security": [{BEARER: []}],
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": ONE_EVENT}},
        },
    },
}
GET_EVENT: Node = {
    "responses": {200: {"model": EventStatus}, 404: _problem("Your platform told no such event."), **REFUSALS},
    "openapi_extra": {"security": [{BEARER: []}]},
}


def document(app: FastAPI) -> Node:
    """Build the OpenAPI document once: the routes, and the schema of every event that may be told."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        event = STRUCTURED.json_schema(ref_template=SCHEMAS + "{model}")
        schemas = found["components"].setdefault("schemas", {})
        schemas |= event.pop("$defs")
        schemas["ToldEvent"] = event
        for model in (AcceptedEvent, ItemAnswer, ProblemDocument):
            schema = model.model_json_schema(ref_template=SCHEMAS + "{model}")
            schemas |= schema.pop("$defs", {})
            schemas[model.__name__] = schema
        found["components"]["securitySchemes"] = {BEARER: {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = found
    return app.openapi_schema
