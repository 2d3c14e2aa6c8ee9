"""What makes a schema break those who wrote or read by the one before: schemas only grow."""

from collections.abc import Iterator, Mapping
from operator import gt, lt
from typing import Any

Schema = Mapping[str, Any]
REMARKS = {"$schema", "$id", "title", "description", "examples", "$comment"}
"""Keywords that bind nobody."""
_COMPARED = {"type", "properties", "required", "additionalProperties", "enum", "items"}
_AT_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaking_changes(old_schema: Schema, new_schema: Schema, *, published: bool = True) -> list[str]:
    """Say how `new_schema` breaks those who go by `old_schema`: one sentence a change, opened by a JSON pointer.

    Documents written by the old schema must stay valid: partners go on telling, and topics kept for ever are read
    again. When we are the writers (`published`), subscribers must also find what the old schema promised: each field,
    of the same type, never missing and never null where it was not. Growth is a new optional field, a new word in a
    list, a wider bound. Keywords that are not known here break whenever they differ.
    """
    side = _Side(old_schema, new_schema, published=published)
    return list(dict.fromkeys(_node(side, old_schema, new_schema, "")))


class _Side:
    """The two documents, to resolve references in, and who reads."""

    def __init__(self, old: Schema, new: Schema, *, published: bool) -> None:
        self.old = old
        self.new = new
        self.published = published


def _resolved(document: Schema, node: Schema) -> Schema:
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
    return node


def _variants(document: Schema, node: Schema) -> dict[str, Schema]:
    """Split a node by JSON type: {"integer": …, "null": …}; one that says nothing of its type is "any"."""
    node = _resolved(document, node)
    branches = [_resolved(document, branch) for branch in node.get("anyOf", ())]
    if not branches or not all("type" in branch for branch in branches):
        return {str(node.get("type", "any")): node}
    around = {name: value for name, value in node.items() if name != "anyOf"}
    return {str(branch["type"]): {**around, **branch} for branch in branches}


def _node(side: _Side, old: Schema, new: Schema, pointer: str) -> Iterator[str]:
    before, after = _variants(side.old, old), _variants(side.new, new)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    if gone or (come and side.published):
        yield f"{pointer or '/'}: type {' | '.join(sorted(before))} became {' | '.join(sorted(after))}"
    for kind in sorted(before.keys() & after.keys()):
        yield from _variant(side, before[kind], after[kind], pointer)


def _variant(side: _Side, old: Schema, new: Schema, pointer: str) -> Iterator[str]:
    yield from _bounds(old, new, pointer or "/")
    yield from _words(old, new, pointer or "/")
    yield from _fields(side, old, new, pointer)
    for name in sorted((old.keys() | new.keys()) - REMARKS - _COMPARED - {"$defs"} - {*_AT_LEAST, *_AT_MOST}):
        if (name in old, old.get(name)) != (name in new, new.get(name)):
            yield f"{pointer or '/'}: {name} changed from {old.get(name)!r} to {new.get(name)!r}"
    if "items" in old or "items" in new:
        yield from _node(side, old.get("items", {}), new.get("items", {}), f"{pointer}/items")


def _bounds(old: Schema, new: Schema, pointer: str) -> Iterator[str]:
    for names, tighter in ((_AT_LEAST, gt), (_AT_MOST, lt)):
        for name in names:
            if name in new and (name not in old or tighter(new[name], old[name])):
                yield f"{pointer}: {name} tightened from {old.get(name)} to {new[name]}"


def _words(old: Schema, new: Schema, pointer: str) -> Iterator[str]:
    if "enum" not in new:
        return
    if "enum" not in old:
        yield f"{pointer}: any word was allowed, now only {new['enum']}"
        return
    gone = [word for word in old["enum"] if word not in new["enum"]]
    if gone:
        yield f"{pointer}: lost the words {gone}"


def _fields(side: _Side, old: Schema, new: Schema, pointer: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{pointer}/{name}: the field is gone"
    for name in sorted(required_after - required_before):
        yield f"{pointer}/{name}: the field is now required"
    if side.published:
        for name in sorted((required_before - required_after) & after.keys()):
            yield f"{pointer}/{name}: the field may now be missing"
    others_before, others_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if others_after not in (True, others_before):
        yield f"{pointer or '/'}: fields that are not named were {others_before}, are now {others_after}"
    for name in sorted(before.keys() & after.keys()):
        yield from _node(side, before[name], after[name], f"{pointer}/{name}")
