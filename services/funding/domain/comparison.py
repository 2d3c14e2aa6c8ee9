"""Lays two books of the same commitments side by side: who gains, who loses, to the cent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.funding.domain.books import Books
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import Envelope
from shared.kernel.funders import Funder

SERVED = (State.RESERVED, State.ENGAGED, State.CLOSED)
NOTHING = Asked(0, 0)


class Balances(NamedTuple):
    """What is compared of an envelope, in cents."""

    authorised: int = 0
    reserved: int = 0
    engaged: int = 0
    lapsed: int = 0
    waitlisted: int = 0
    paid: int = 0

    @property
    def served(self) -> int:
        """What commitments have of it."""
        return self.reserved + self.engaged

    def less(self, other: "Balances") -> "Balances":
        """The difference, amount by amount."""
        return Balances(*(mine - its for mine, its in zip(self, other, strict=True)))

    def plus(self, other: "Balances") -> "Balances":
        """The sum, amount by amount."""
        return Balances(*(mine + its for mine, its in zip(self, other, strict=True)))


class Fate(NamedTuple):
    """Where a commitment ended: `served` is what is reserved or engaged of it, less what was given up.

    `waiting` is what still waits.
    """

    contract: str
    exercise: int
    state: State
    asked: Asked
    served: Asked
    engaged: Asked
    paid: Asked
    waiting: Asked = NOTHING

    @property
    def worth(self) -> tuple[int, int]:
        """By which it is better or worse off: what it was given, then what it may still hope for."""
        return sum(self.served), sum(self.waiting)


class Verdict(StrEnum):
    """What became of a commitment whose fate changes."""

    BETTER = "better"
    WORSE = "worse"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Books as they stood, by the names of envelopes and commitments."""

    envelopes: Mapping[str, Balances]
    commitments: Mapping[UUID, Fate]


@dataclass(frozen=True, slots=True)
class Change:
    """One commitment whose fate is not the same."""

    commitment_id: UUID
    before: Fate
    after: Fate

    @property
    def verdict(self) -> Verdict:
        """Whether it has more, or less; or as much, in another way."""
        if self.before.worth == self.after.worth:
            return Verdict.OTHERWISE
        return Verdict.BETTER if self.after.worth > self.before.worth else Verdict.WORSE

    @property
    def gained(self) -> int:
        """Cents that it has more; below zero less."""
        return sum(self.after.served) - sum(self.before.served)


@dataclass(frozen=True, slots=True)
class Pair:
    """An envelope, or the sum of some, before and after."""

    name: str
    before: Balances
    after: Balances

    @property
    def difference(self) -> Balances:
        """After less before."""
        return self.after.less(self.before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All envelopes, their sums by funder and exercise, and the commitments whose fate changes; most changed first."""

    envelopes: tuple[Pair, ...]
    totals: tuple[Pair, ...]
    changes: tuple[Change, ...]

    def count(self, verdict: Verdict) -> int:
        """How many commitments fare so."""
        return sum(change.verdict is verdict for change in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether both are the same."""
        return not self.changes and all(pair.before == pair.after for pair in self.envelopes)


def snapshot(books: Books) -> Snapshot:
    """Remember how books stand; they may go on changing."""
    return Snapshot(
        {name: _balances(envelope) for name, envelope in books.envelopes.items()},
        {name: _fate(commitment) for name, commitment in books.commitments.items()},
    )


def compare(before: Snapshot, after: Snapshot) -> Comparison:
    """Lay side by side. Both know the same commitments: the same events were told."""
    if before.commitments.keys() != after.commitments.keys():
        raise ValueError("the books know different commitments")
    names = sorted(before.envelopes.keys() | after.envelopes.keys())
    none = Balances()
    pairs = [Pair(name, before.envelopes.get(name, none), after.envelopes.get(name, none)) for name in names]
    changes = [
        Change(name, fate, after.commitments[name])
        for name, fate in before.commitments.items()
        if fate != after.commitments[name]
    ]
    return Comparison(
        tuple(sorted(pairs, key=_by_change)),
        tuple(_totals(pairs)),
        tuple(sorted(changes, key=lambda change: (-abs(change.gained), str(change.commitment_id)))),
    )


def _by_change(pair: Pair) -> tuple[int, int, str]:
    return -abs(pair.difference.served), -abs(pair.difference.authorised), pair.name


def _totals(pairs: list[Pair]) -> Iterator[Pair]:
    sums: dict[str, Pair] = {}
    for pair in pairs:
        of = pair.name.partition(".")[2]
        known = sums.get(of, Pair(of, Balances(), Balances()))
        sums[of] = Pair(of, known.before.plus(pair.before), known.after.plus(pair.after))
    yield from (sums[of] for of in sorted(sums))


def _balances(envelope: Envelope) -> Balances:
    return Balances(*(getattr(envelope, name) for name in Balances._fields))


def _fate(commitment: Commitment) -> Fate:
    engagements = commitment.engagements or {}
    engaged, paid = (
        Asked(*(getattr(engagements[funder], of) if funder in engagements else 0 for funder in Funder))
        for of in ("engaged", "paid")
    )
    waiting, served = commitment.waiting, NOTHING
    if commitment.state in SERVED:
        served = Asked(*(asked - waits for asked, waits in zip(commitment.asked, waiting, strict=True)))
    return Fate(commitment.contract, commitment.exercise, commitment.state, commitment.asked, served, engaged, paid,
                waiting)  # fmt: skip


def unlike(replayed: Books, ledger: Books) -> Iterator[str]:
    """Name each thing that two books do not hold alike, whole and to the cent."""
    held: tuple[tuple[str, Mapping[Any, object], Mapping[Any, object]], ...] = (
        ("envelope", replayed.envelopes, ledger.envelopes),
        ("commitment", _terms(replayed), _terms(ledger)),
        ("held movement", _held(replayed), _held(ledger)),
    )
    for what, mine, its in held:
        for name in sorted(mine.keys() | its.keys(), key=str):
            if mine.get(name) != its.get(name):
                yield f"{what} {name}: the ledger has {its.get(name)}, the replay ends with {mine.get(name)}"


def _terms(books: Books) -> dict[UUID, object]:
    """All of each commitment; what is nothing is the same as none."""
    found: dict[UUID, object] = {}
    for name, c in books.commitments.items():
        engagements = {
            funder.value: (e.engaged, e.certified, {year: cents for year, cents in e.paid_by.items() if cents})
            for funder, e in (c.engagements or {}).items()
            if e.engaged or e.certified or e.paid
        }
        terms = tuple(getattr(c, field) for field in c.__struct_fields__ if field not in ("is_new", "engagements"))
        found[name] = (*terms, engagements)
    return found


def _held(books: Books) -> dict[UUID, object]:
    return {m.event_id: (m.type, m.place, m.reason, m.fact) for movements in books.held.values() for m in movements}
