"""Finds the demonstration's committed files, in the tree as in a wheel; their origin is in data/ORIGIN.md."""

from importlib.resources import files
from importlib.resources.abc import Traversable

GRANTS = "adulte-relais-fonjep-62-2020-2023.csv"
PROGRAMME = "pas-de-calais.toml"
CONTRACTS = "contracts-62.csv"
DISTRICTS = "qpv-2024-62.csv"


def demo_file(name: str) -> Traversable:
    """Return a committed file by its name; `importlib.resources.as_file` gives it a path."""
    return files("fabrique.demo") / "data" / name
