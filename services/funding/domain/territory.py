"""To which EPCI each contract belongs on each day, as it was known at each moment: mergers and annulments are facts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Attachment:
    """A contract's EPCI (SIREN and name) on every day until a merger says otherwise."""

    contract: str
    epci: str
    epci_name: str
    number: int = 0
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Merger:
    """EPCI that became one from `effective_on` on; a successor among its predecessors was only enlarged.

    `number` is its place among all that was told, which orders mergers of one day. `day_is_known` is False when the
    day stands for one that nobody knows.
    """

    name: str
    predecessors: tuple[str, ...]
    successor: str
    successor_name: str
    effective_on: date
    day_is_known: bool = True
    number: int = 0
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Annulment:
    """A merger that counts no more from `annulled_from` on; from its own day on, it never did."""

    merger: str
    annulled_from: date
    day_is_known: bool = True
    number: int = 0
    known_at: datetime | None = None


Change = Attachment | Merger | Annulment


class TerritoryObjection(StrEnum):
    """The closed list of reasons for which a change of the territory is refused."""

    ATTACHED_ELSEWHERE = "attached-elsewhere"
    MERGER_TOLD_OTHERWISE = "merger-told-otherwise"
    NO_CONTRACT_CONCERNED = "no-contract-concerned"
    MERGER_UNKNOWN = "merger-unknown"
    ALREADY_ANNULLED = "already-annulled"
    ANNULLED_BEFORE_MERGER = "annulled-before-merger"


class Telling(NamedTuple):
    """One fact that a contract's subscribers must know: what, of which contract, of which merger ("" of none)."""

    type: str
    contract: str
    merger: str = ""


class Stretch(NamedTuple):
    """An EPCI to which a contract belongs from a day on; None is ever since."""

    since: date | None
    epci: str


ATTACHED, MERGED, ANNULLED = "ContractAttached", "EpciMerged", "EpciMergerAnnulled"


@dataclass(frozen=True)
class Territory:
    """All that was told of the territory; every question is answered from it alone."""

    attachments: tuple[Attachment, ...] = ()
    mergers: tuple[Merger, ...] = ()
    annulments: tuple[Annulment, ...] = ()
    told: frozenset[Telling] = field(default=frozenset())

    def epci_of(self, contract: str, on: date) -> str | None:
        """The one EPCI of a contract on a day; None when the contract was never attached."""
        home = self._homes.get(contract)
        return None if home is None else self._whose(home, on)

    def members(self, on: date) -> dict[str, list[str]]:
        """Each EPCI that has a contract on a day, with its contracts, both in order."""
        found: dict[str, list[str]] = {}
        for contract, home in sorted(self._homes.items()):
            found.setdefault(self._whose(home, on), []).append(contract)
        return dict(sorted(found.items()))

    def lineage(self, contract: str) -> list[Stretch]:
        """To whom a contract belonged, and since when."""
        home = self._homes.get(contract)
        if home is None:
            return []
        stretches = [Stretch(None, home.epci)]
        for day in self.turns:
            if (now := self._whose(home, day)) != stretches[-1].epci:
                stretches.append(Stretch(day, now))
        return stretches

    @cached_property
    def turns(self) -> tuple[date, ...]:
        """The days on which anything may change."""
        return tuple(sorted({*(m.effective_on for m in self.mergers), *(a.annulled_from for a in self.annulments)}))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What each EPCI is called, as it was told first; one without a contract that never succeeded has no name."""
        found = {a.epci: a.epci_name for a in reversed(self.attachments)}
        return {m.successor: m.successor_name for m in reversed(self.mergers)} | found

    def annulment_of(self, merger: str) -> Annulment | None:
        """What was told of a merger's end."""
        return self._annulled.get(merger)

    def concerned_by(self, contract: str) -> set[str]:
        """The names of the mergers that a contract goes through, on whatever day one looks."""
        home = self._homes.get(contract)
        return set() if home is None else {merger.name for day in self.turns for merger in self._passed(home, day)}

    def home_of(self, contract: str) -> Attachment | None:
        """What was told of a contract when it was attached."""
        return self._homes.get(contract)

    def merger(self, name: str) -> Merger | None:
        """What was told of a merger."""
        return self._by_name.get(name)

    def untold(self, contracts: Iterable[str] | None = None) -> list[Telling]:
        """What subscribers must still be told of some contracts, or of all, so that each one's facts say all of it."""
        wanted = self._homes if contracts is None else contracts
        return [telling for contract in sorted(wanted) for telling in self._untold_of(contract)]

    def _untold_of(self, contract: str) -> Iterator[Telling]:
        wanted = [Telling(ATTACHED, contract)]
        known = self._told_of.get(contract, set()) | self.concerned_by(contract)
        wanted += [Telling(MERGED, contract, merger.name) for merger in self.mergers if merger.name in known]
        wanted += [Telling(ANNULLED, contract, each.merger) for each in self.annulments if each.merger in known]
        return (telling for telling in wanted if telling not in self.told)

    def _whose(self, home: Attachment, on: date) -> str:
        """The EPCI of an attached contract on a day."""
        *_, epci = (home.epci, *(merger.successor for merger in self._passed(home, on)))
        return epci

    def _passed(self, home: Attachment, on: date) -> Iterator[Merger]:
        """The mergers that count for a contract on a day, in order: each takes it from one of its predecessors."""
        current = home.epci
        for merger in self._in_order:
            if merger.effective_on > on:
                return
            annulment = self._annulled.get(merger.name)
            if current in merger.predecessors and (annulment is None or on < annulment.annulled_from):
                current = merger.successor
                yield merger

    @cached_property
    def _homes(self) -> Mapping[str, Attachment]:
        return {attachment.contract: attachment for attachment in self.attachments}

    @cached_property
    def _by_name(self) -> Mapping[str, Merger]:
        return {merger.name: merger for merger in self.mergers}

    @cached_property
    def _told_of(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for telling in self.told:
            if telling.merger:
                found.setdefault(telling.contract, set()).add(telling.merger)
        return found

    @cached_property
    def _in_order(self) -> tuple[Merger, ...]:
        return tuple(sorted(self.mergers, key=lambda merger: (merger.effective_on, merger.number)))

    @cached_property
    def _annulled(self) -> Mapping[str, Annulment]:
        return {annulment.merger: annulment for annulment in self.annulments}


def territory_of(changes: Iterable[Change], told: Iterable[Telling] = ()) -> Territory:
    """Put together what was told, in the order in which it was."""
    everything = [*changes]
    return Territory(
        tuple(c for c in everything if isinstance(c, Attachment)),
        tuple(c for c in everything if isinstance(c, Merger)),
        tuple(c for c in everything if isinstance(c, Annulment)),
        frozenset(told),
    )


def with_change(territory: Territory, change: Change) -> Territory:
    """The territory once a change is told."""
    match change:
        case Attachment():
            return replace(territory, attachments=(*territory.attachments, change))
        case Merger():
            return replace(territory, mergers=(*territory.mergers, change))
        case Annulment():
            return replace(territory, annulments=(*territory.annulments, change))


def told_before(territory: Territory, change: Change) -> bool:
    """Whether the very same was told before: telling it again changes nothing."""
    earlier = _earlier(territory, change)
    return earlier is not None and replace(earlier, number=0, known_at=None) == replace(change, number=0, known_at=None)


def _earlier(territory: Territory, change: Change) -> Change | None:
    match change:
        case Attachment():
            return territory.home_of(change.contract)
        case Merger():
            return territory.merger(change.name)
        case Annulment():
            return territory.annulment_of(change.merger)


def objection(territory: Territory, change: Change) -> TerritoryObjection | None:
    """The first reason against a change; None when it can be told."""
    match change:
        case Attachment():
            return TerritoryObjection.ATTACHED_ELSEWHERE if _earlier(territory, change) else None
        case Merger():
            return _objection_to_merger(territory, change)
        case Annulment():
            return _objection_to_annulment(territory, change)


def _objection_to_merger(territory: Territory, merger: Merger) -> TerritoryObjection | None:
    if _earlier(territory, merger):
        return TerritoryObjection.MERGER_TOLD_OTHERWISE
    after = with_change(territory, merger)
    concerned = any(merger.name in after.concerned_by(each.contract) for each in territory.attachments)
    return None if concerned else TerritoryObjection.NO_CONTRACT_CONCERNED


def _objection_to_annulment(territory: Territory, annulment: Annulment) -> TerritoryObjection | None:
    merger = territory.merger(annulment.merger)
    if merger is None:
        return TerritoryObjection.MERGER_UNKNOWN
    if territory.annulment_of(annulment.merger):
        return TerritoryObjection.ALREADY_ANNULLED
    if annulment.annulled_from < merger.effective_on:
        return TerritoryObjection.ANNULLED_BEFORE_MERGER
    return None
