"""What would free each one who waits: how much room is missing, and who must be served first.

The waitlist of a contract's exercise is served from its head, and who does not fit closes the envelopes that it asks to
all behind it. So who waits needs room for itself and for all before it who ask an envelope that it asks, and for all
before those who ask an envelope that those ask, and so on. Under rules that skip nobody is closed out: only who comes
before it and would fit in what it needs takes that first.
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
    """One who waits: its rank from 1, the first and the number of those who must be served before it, and what lacks.

    With nothing missing it is served at the next promotion.
    """

    commitment: Commitment
    rank: int
    first_before: Commitment | None
    before_count: int
    missing: tuple[Missing, ...]


def queue(
    envelopes: Iterable[Envelope], waiting: Iterable[Commitment], rules: Rules | None = None
) -> list[Waiter]:  # fmt: skip
    """Tell of each one who waits in one contract's exercise, in order, the least that would let it be served.

    That much more room, where it is missing, and nothing else: all before it are then served too where they must be.
    """
    rooms = {envelope.envelope_id: envelope.room for envelope in envelopes}
    order = in_order(waiting, rules)
    if rules is not None and rules.skips:
        return [_skipping(order[:index], commitment, rooms) for index, commitment in enumerate(order)]
    ahead: dict[str, set[int]] = {}
    waiters = []
    for index, commitment in enumerate(order):
        names = [*_asked(commitment)]
        before = set().union(*(ahead.get(name, ()) for name in names))
        needed = _needed([order[each] for each in before] + [commitment])
        first = order[min(before)] if before else None
        waiters.append(Waiter(commitment, index + 1, first, len(before), _missing(needed, rooms)))
        for name in names:
            ahead[name] = before | {index}
    return waiters


def _skipping(ahead: Sequence[Commitment], commitment: Commitment, rooms: Mapping[str, int]) -> Waiter:
    """What is enough where nobody is closed out: what it needs, and what those ahead need whom so much would serve."""
    before: dict[UUID, Commitment] = {}
    while True:
        needed = _needed([*before.values(), commitment])
        there = {name: max(cents, rooms.get(name, 0)) for name, cents in needed.items()}
        served = {each.commitment_id: each for each in _served(ahead, {**rooms, **there})}
        if served.keys() <= before.keys():
            first = next((each for each in ahead if each.commitment_id in before), None)
            return Waiter(commitment, len(ahead) + 1, first, len(before), _missing(needed, rooms))
        before |= served


def _served(waiting: Iterable[Commitment], rooms: dict[str, int]) -> Iterator[Commitment]:
    """Who fits, one after the other."""
    for each in waiting:
        asked = _asked(each)
        if all(cents <= rooms.get(name, 0) for name, cents in asked.items()):
            for name, cents in asked.items():
                rooms[name] -= cents
            yield each


def _asked(commitment: Commitment) -> dict[str, int]:
    """What a commitment asks, by envelope."""
    return {
        envelope_id(commitment.contract, funder, commitment.exercise): cents
        for funder in Funder
        if (cents := commitment.asked.of(funder))
    }


def _missing(needed: Mapping[str, int], rooms: Mapping[str, int]) -> tuple[Missing, ...]:
    return tuple(
        Missing(name, cents - rooms.get(name, 0)) for name, cents in needed.items() if cents > rooms.get(name, 0)
    )


def _needed(commitments: Sequence[Commitment]) -> dict[str, int]:
    needed: dict[str, int] = {}
    for commitment in commitments:
        for name, cents in _asked(commitment).items():
            needed[name] = needed.get(name, 0) + cents
    return dict(sorted(needed.items()))
