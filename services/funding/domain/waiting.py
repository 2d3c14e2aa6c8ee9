"""What would free each one who waits: how much room is missing, and who must be served first.

The waitlist of a contract's exercise is served from its head, and who does not fit closes the envelopes that it asks to
all behind it. So who waits needs room for itself and for all before it who ask an envelope that it asks, and for all
before those who ask an envelope that those ask, and so on. Under rules that skip nobody is closed out: only who comes
before it and would fit in what it needs takes that first. Under rules that serve each funder on its own, each part that
waits stands in a line of its own envelope.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import Envelope
from services.funding.domain.rules import Rules, in_order
from shared.kernel.funders import Funder, envelope_id


class Missing(NamedTuple):
    """Room that an envelope lacks, in cents, above 0."""

    envelope_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Waiter:
    """One who waits: its rank from 1, the first and all of those who must be served before it, and what lacks.

    With nothing missing it is served at the next promotion.
    """

    commitment: Commitment
    rank: int
    first_before: Commitment | None
    before: frozenset[UUID]
    missing: tuple[Missing, ...]

    @property
    def before_count(self) -> int:
        """How many must be served before it."""
        return len(self.before)


def queue(
    envelopes: Iterable[Envelope], waiting: Iterable[Commitment], rules: Rules | None = None
) -> list[Waiter]:  # fmt: skip
    """Tell of each one who waits in one contract's exercise, in order, the least that would let it be served.

    That much more room, where it is missing, and nothing else: all before it are then served too where they must be.
    """
    order = in_order(waiting, rules)
    ranks = {commitment.commitment_id: rank for rank, commitment in enumerate(order)}
    units = [unit for commitment in order for unit in _units(commitment, apart=rules is not None and rules.apart)]
    rooms = dict.fromkeys((name for unit in units for name in unit.asked), 0)
    rooms |= {envelope.envelope_id: envelope.room for envelope in envelopes}
    found: dict[UUID, Waiter] = {}
    for unit, before, missing in (
        _skipping(units, rooms) if rules is not None and rules.skips else _strict(units, rooms)
    ):
        who = unit.commitment
        known = found.get(who.commitment_id)
        ahead = {*before, *(known.before if known else ())}
        found[who.commitment_id] = Waiter(
            who, ranks[who.commitment_id] + 1, order[min(map(ranks.__getitem__, ahead))] if ahead else None,
            frozenset(ahead), (*(known.missing if known else ()), *missing),
        )  # fmt: skip
    return [*found.values()]


class _Unit(NamedTuple):
    """What is served at once: all of one commitment that waits, by envelope, or one of its parts."""

    commitment: Commitment
    asked: dict[str, int]


_Found = Iterator[tuple[_Unit, set[UUID], tuple[Missing, ...]]]
"""Who must be served before each unit, and what lacks."""


def _units(commitment: Commitment, *, apart: bool) -> list[_Unit]:
    waits = _waits(commitment)
    parts = [{name: cents} for name, cents in waits.items()] if apart else [waits]
    return [_Unit(commitment, part) for part in parts]


def _strict(units: Sequence[_Unit], rooms: Mapping[str, int]) -> _Found:
    """Who does not fit closes what it asks to all behind it, and they what they ask."""
    ahead: dict[str, set[int]] = {}
    for index, unit in enumerate(units):
        before = set().union(*(ahead.get(name, ()) for name in unit.asked))
        needed = _needed([units[each] for each in before] + [unit])
        yield unit, {units[each].commitment.commitment_id for each in before}, _missing(needed, rooms)
        for name in unit.asked:
            ahead[name] = before | {index}


def _skipping(units: Sequence[_Unit], rooms: Mapping[str, int]) -> _Found:
    """What is enough where nobody is closed out: what it needs, and what those ahead need whom so much would serve."""
    for index, unit in enumerate(units):
        before: set[int] = set()
        while True:
            needed = _needed([*(units[each] for each in sorted(before)), unit])
            there = {name: max(cents, rooms[name]) for name, cents in needed.items()}
            served = _served(units[:index], {**rooms, **there})
            if served <= before:
                break
            before |= served
        yield unit, {units[each].commitment.commitment_id for each in before}, _missing(needed, rooms)


def _served(units: Sequence[_Unit], rooms: dict[str, int]) -> set[int]:
    """Who fits, one after the other."""
    fit = set()
    for index, unit in enumerate(units):
        if all(cents <= rooms[name] for name, cents in unit.asked.items()):
            for name, cents in unit.asked.items():
                rooms[name] -= cents
            fit.add(index)
    return fit


def _waits(commitment: Commitment) -> dict[str, int]:
    """What of a commitment waits, by envelope."""
    return {
        envelope_id(commitment.contract, funder, commitment.exercise): cents
        for funder in Funder
        if (cents := commitment.waiting.of(funder))
    }


def _missing(needed: Mapping[str, int], rooms: Mapping[str, int]) -> tuple[Missing, ...]:
    return tuple(Missing(name, cents - rooms[name]) for name, cents in needed.items() if cents > rooms[name])


def _needed(units: Sequence[_Unit]) -> dict[str, int]:
    needed: dict[str, int] = {}
    for unit in units:
        for name, cents in unit.asked.items():
            needed[name] = needed.get(name, 0) + cents
    return dict(sorted(needed.items()))
