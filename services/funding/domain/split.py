"""Splitting an amount by weights so that every cent is placed: the largest remainder, which says who got it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Split:
    """Shares in cents by name, summing to the whole, and the names that received one odd cent."""

    shares: dict[str, int]
    odd_cents_to: tuple[str, ...]


def split_amount(amount_cents: int, weights: Mapping[str, int]) -> Split:
    """Split by the largest remainder (Hare–Niemeyer); equal remainders are served by name.

    Raises ValueError for a negative amount or weight, or when no weight is positive.
    """
    total = sum(weights.values())
    if amount_cents < 0 or total <= 0 or min(weights.values()) < 0:
        raise ValueError("an amount and its weights are not negative, and some weight is positive")
    shares = {name: amount_cents * weight // total for name, weight in weights.items()}
    left = amount_cents - sum(shares.values())
    by_remainder = sorted(weights, key=lambda name: (-(amount_cents * weights[name] % total), name))
    odd = tuple(sorted(by_remainder[:left]))
    for name in odd:
        shares[name] += 1
    return Split(shares, odd)


def mixed_weights(parts: Sequence[tuple[int, Mapping[str, int]]]) -> dict[str, int]:
    """Mix keys over the same names: each (how much it counts, its weights) gives its share of the whole, exactly.

    Raises ValueError for a negative count or weight, when a key weighs nothing, or when no key counts.
    """
    totals = [sum(weights.values()) for _, weights in parts]
    counts = [count for count, _ in parts]
    if min(totals, default=0) <= 0 or min(counts) < 0 or max(counts) == 0:
        raise ValueError("keys count for something, and each has a positive weight")
    common = prod(totals)
    return {
        name: sum(
            count * weights[name] * (common // total) for (count, weights), total in zip(parts, totals, strict=True)
        )
        for name in parts[0][1]
    }
