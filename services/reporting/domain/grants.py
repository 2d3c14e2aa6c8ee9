"""What the State really granted, by contract, beside what a key would have given, and how far apart they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Key(StrEnum):
    """The keys that are compared: what the money of an exercise is split by."""

    POPULATION = "population"
    """The inhabitants of the contract's priority districts."""
    EQUAL = "equal"
    """Every contract the same."""
    MIX = "mix"
    """One half by inhabitants, the other half equally."""
    CASELOAD = "caseload"
    """The grants of the exercise before: unknown for the first exercise."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One contract in one exercise under one key; amounts in cents.

    `given` is what the usable rows really gave it, `share` its envelope by the key (`odd_cent`: rounded up to place the
    whole), and the rest what funding answers when the real grants are declared to that envelope in their file's order.
    """

    exercise: int
    key: Key
    contract: str
    inhabitants: int
    given_count: int
    given_cents: int
    share_cents: int
    odd_cent: int
    reserved_count: int
    reserved_cents: int
    waitlisted_count: int
    waitlisted_cents: int
    refused_count: int
    refused_cents: int

    @property
    def difference_cents(self) -> int:
        """What the key gives more than was given; negative when it gives less."""
        return self.share_cents - self.given_cents


@dataclass(frozen=True, slots=True)
class Unusable:
    """Rows of one exercise and one scheme that could not be used, for one reason; `cents` is what stands in them."""

    exercise: int
    scheme: str
    field: str
    reason: str
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Answers:
    """How many grants were given, and how many a key's envelopes would have served, made wait or refused; cents."""

    given_count: int
    given_cents: int
    reserved_count: int
    reserved_cents: int
    waitlisted_count: int
    waitlisted_cents: int
    refused_count: int
    refused_cents: int


def answers(rows: Sequence[Placed]) -> Answers:
    """Add up the contracts of one exercise under one key."""
    return Answers(*(sum(getattr(row, name) for row in rows) for name in Answers.__slots__))


def moved_cents(rows: Iterable[Placed]) -> int:
    """Return what would change hands: what the contracts that gain receive, which those that lose give up.

    It is half the sum of the absolute differences, since the differences of a split of the same total sum to zero.
    """
    return sum(max(0, row.difference_cents) for row in rows)


def share_moved(rows: Sequence[Placed]) -> float | None:
    """Return the share of the money that would change hands: 0 when the key is what was done; None without money."""
    total = sum(row.given_cents for row in rows)
    return moved_cents(rows) / total if total else None


def furthest(rows: Iterable[Placed]) -> Placed:
    """Return the contract whose share is furthest from what it was given; of equals the first by code."""
    return min(rows, key=lambda row: (-abs(row.difference_cents), row.contract))
