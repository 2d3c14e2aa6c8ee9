"""Every file of docs/ that is written from the models."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.asyncapi import document
from shared.contracts.examples import EXAMPLES
from shared.contracts.guides import TABLES, with_table
from shared.contracts.schemas import schemas

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BASELINE = DOCS / "schemas" / "baseline.json"


class _PlainYaml(yaml.SafeDumper):
    """YAML without anchors: a reader should not have to follow them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        """Never write an alias."""
        return True


def version() -> str:
    """Return the project's version."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def publication() -> dict[Path, str]:
    """Return what each generated file must contain; LookupError when a guide lacks a mark."""
    return dict((*_schemas(), *_examples(), (DOCS / "asyncapi.yaml", _asyncapi()), *_guides()))


def strangers(expected: dict[Path, str]) -> list[Path]:
    """List the files of docs/schemas that no model accounts for."""
    return sorted(set(DOCS.glob("schemas/**/*.json")) - expected.keys() - {BASELINE})


def _schemas() -> Iterator[tuple[Path, str]]:
    for family, type_, schema in schemas():
        yield DOCS / "schemas" / family / f"{type_}.json", _json(schema)


def _examples() -> Iterator[tuple[Path, str]]:
    for family, facts in EXAMPLES.items():
        for fact in facts:
            path = DOCS / "schemas" / "examples" / family / f"{type(fact).__name__}.json"
            yield path, _json(fact.model_dump(mode="json"))


def _asyncapi() -> str:
    text: str = yaml.dump(document(version()), Dumper=_PlainYaml, sort_keys=False, allow_unicode=True, width=120)
    return f"# Written by `python -m shared.contracts write`, do not edit.\n{text}"


def _guides() -> Iterator[tuple[Path, str]]:
    for name, tables in TABLES.items():
        path = DOCS / name
        guide = path.read_text(encoding="utf-8")
        for mark, table in tables.items():
            guide = with_table(guide, mark, table())
        yield path, guide


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
