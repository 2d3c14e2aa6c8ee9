"""Finds a name that an object of a JSON text gives twice: of two amounts, each reader would keep its own."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

Pairs = Sequence[tuple[str, Any]]


class _Repeated(Exception):
    """An object gives a name twice: stops the parser there."""


def repeated(body: bytes) -> tuple[str, ...] | None:
    """Return the way to a name that is given twice, None when each is given once.

    The way is () where it lies deeper than in an object of the object that `body` is, or in a list. Raises ValueError
    or RecursionError for what Python does not read.
    """
    text = body.decode()
    try:
        ONCE.decode(text)
    except _Repeated:
        return _way(PAIRS.decode(text))
    return None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Repeated


def _way(pairs: Pairs) -> tuple[str, ...]:
    ways: list[tuple[str, ...]] = [(name,) for name in _twice(pairs)]
    ways += [(outer, name) for outer, inner in pairs if isinstance(inner, tuple) for name in _twice(inner)]
    return ways[0] if ways else ()


def _twice(pairs: Pairs) -> list[str]:
    return [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


_AS_WRITTEN: dict[str, Any] = {"parse_int": str, "parse_float": str, "parse_constant": str, "strict": False}
"""Values do not matter here: no number is too long to be passed over, nor is a text judged twice."""
ONCE = json.JSONDecoder(object_pairs_hook=_each_once, **_AS_WRITTEN)
PAIRS = json.JSONDecoder(object_pairs_hook=tuple, **_AS_WRITTEN)
"""Made once, and the first keeps nothing: it reads every event."""
