"""Splitting an amount by weights so that every cent is placed: the largest remainder, which says who got it."""

from collections.abc import Mapping
from dataclasses import dataclass


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
