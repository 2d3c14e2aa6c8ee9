"""Long tables in pages: a country has 1,500 contracts, and a page of them all would be heavy and unread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

ROWS = 40
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a table: its rows, which page it is of how many, and between which places of how many rows."""

    rows: Sequence[T]
    number: int
    count: int
    first: int
    last: int
    total: int


def page_of(rows: Sequence[T], wanted: int | None) -> Page[T]:
    """Cut out one page; the first when `wanted` is not one of them."""
    count = max(1, -(-len(rows) // ROWS))
    number = wanted if wanted is not None and 1 <= wanted <= count else 1
    shown = rows[(number - 1) * ROWS : number * ROWS]
    first = (number - 1) * ROWS + 1
    return Page(shown, number, count, first, first + len(shown) - 1, len(rows))
