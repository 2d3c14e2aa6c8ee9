"""Compares the State's real grants of 2020–2023 with what keys would have given: read, split, play, write down."""

from fabrique.grants.comparison import Comparison, compare, programme_by
from fabrique.grants.reading import Grants, shipped_grants

__all__ = ["Comparison", "Grants", "compare", "programme_by", "shipped_grants"]
