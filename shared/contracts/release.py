"""The schemas as they were released, and what today's would break of them."""

import json
from collections.abc import Mapping
from typing import Any

from shared.contracts.compatibility import REMARKS, Schema, breaking_changes
from shared.contracts.schemas import PARTNER, schemas


def todays() -> dict[str, Schema]:
    """Return today's schemas by `family/type`, without the remarks that bind nobody."""
    return {f"{family}/{type_}": _without_remarks(schema) for family, type_, schema in schemas()}


def breaks(baseline: Mapping[str, Any], current: Mapping[str, Schema]) -> list[str]:
    """Say what `current` breaks of a baseline: one sentence each, opened by the schema's name."""
    found = []
    for name, released in baseline["schemas"].items():
        if name not in current:
            found.append(f"{name}: the event is gone")
            continue
        changes = breaking_changes(released, current[name], published=not name.startswith(f"{PARTNER}/"))
        found += [f"{name}{change}" for change in changes]
    return found


def baseline_text(version: str, current: Mapping[str, Schema]) -> str:
    """Write a baseline, one schema a line, so that a release's difference can be read."""
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(schema)}" for name, schema in sorted(current.items()))
    return f'{{\n  "release": {json.dumps(version)},\n  "schemas": {{\n{lines}\n  }}\n}}\n'


def _without_remarks(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_remarks(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for name, value in node.items():
        if name in ("properties", "$defs"):
            kept[name] = {field: _without_remarks(schema) for field, schema in value.items()}
        elif name in ("enum", "const", "default"):
            kept[name] = value
        elif name not in REMARKS:
            kept[name] = _without_remarks(value)
    return kept
