"""Envelopes seen by EPCI: each is counted where its contract belongs on a day, so sums over EPCI lose no cent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.funding.domain.envelope import Account, Envelope
from services.funding.domain.outlook import Sum, sum_of
from services.funding.domain.territory import Annulment, Merger, Territory
from shared.kernel.funders import Funder


@dataclass(frozen=True, slots=True)
class Group:
    """One EPCI on a day: its contracts and their envelopes; `epci` is "" for contracts that were never attached."""

    epci: str
    name: str
    contracts: Sequence[str]
    envelopes: Sequence[Envelope]

    def by_funder(self) -> dict[tuple[int, Funder], Sum]:
        """Balances added up by exercise and funder, in order."""
        keys = sorted({(each.exercise, each.funder) for each in self.envelopes})
        return {key: sum_of(e for e in self.envelopes if (e.exercise, e.funder) == key) for key in keys}


@dataclass(frozen=True, slots=True)
class Turn:
    """A day on which a merger begins to count, or counts no more, and the EPCI that it concerns on both sides."""

    merger: Merger
    annulment: Annulment | None
    before: Sequence[Group]
    after: Sequence[Group]

    @property
    def day(self) -> date:
        """The first day after it; `before` is the day before."""
        return self.annulment.annulled_from if self.annulment else self.merger.effective_on

    @property
    def day_is_known(self) -> bool:
        """Whether that is the day, or stands for one that nobody knows."""
        return self.annulment.day_is_known if self.annulment else self.merger.day_is_known


def by_epci(territory: Territory, envelopes: Iterable[Envelope], on: date) -> list[Group]:
    """Group envelopes by the EPCI of their contract on a day; what is attached to none comes last."""
    by_contract: dict[str, list[Envelope]] = {}
    for envelope in envelopes:
        by_contract.setdefault(envelope.contract, []).append(envelope)
    groups = []
    for epci, contracts in territory.members(on).items():
        mine = [envelope for contract in contracts for envelope in by_contract.pop(contract, ())]
        groups.append(Group(epci, territory.names[epci], contracts, mine))
    if by_contract:
        left = sorted(by_contract)
        groups.append(Group("", "", left, [envelope for contract in left for envelope in by_contract[contract]]))
    return groups


def turns(territory: Territory, envelopes: Sequence[Envelope], epci: str | None = None) -> list[Turn]:
    """Tell each merger and each annulment from both sides, in order of their days; of one EPCI, or of all.

    Both sides hold the same contracts, those that belong to the merger's EPCI on either day, and so the same sums.
    """
    days = [(merger.effective_on, merger.number, merger, None) for merger in territory.mergers] + [
        (each.annulled_from, each.number, merger, each)
        for each in territory.annulments if (merger := territory.merger(each.merger)) is not None
    ]  # fmt: skip
    found = []
    for day, _, merger, annulment in sorted(days, key=lambda each: each[:2]):
        concerned = {*merger.predecessors, merger.successor}
        if epci is None or epci in concerned:
            eve, morrow = (by_epci(territory, envelopes, each) for each in (day - timedelta(days=1), day))
            whose = {code for group in (*eve, *morrow) if group.epci in concerned for code in group.contracts}
            found.append(Turn(merger, annulment, _only(eve, whose), _only(morrow, whose)))
    return found


def _only(groups: Iterable[Group], contracts: set[str]) -> list[Group]:
    """What groups hold of some contracts."""
    cut = [
        Group(each.epci, each.name, [code for code in each.contracts if code in contracts],
              [envelope for envelope in each.envelopes if envelope.contract in contracts])
        for each in groups if each.epci
    ]  # fmt: skip
    return [group for group in cut if group.contracts]


def is_known(territory: Territory, epci: str) -> bool:
    """Whether anything was ever told of an EPCI."""
    named = {name for merger in territory.mergers for name in (*merger.predecessors, merger.successor)}
    return epci in named or any(each.epci == epci for each in territory.attachments)


def as_posted(envelope: Envelope, balances: Mapping[str, int]) -> Envelope:
    """An envelope with what its postings add up to (debits less credits, by account); who waits is not counted."""
    has_credits = envelope.payment_credits is not None
    return Envelope(
        envelope.envelope_id, envelope.contract, envelope.funder, envelope.exercise,
        authorised=-balances.get(Account.VOTED, 0), frozen=balances.get(Account.FROZEN, 0),
        reserved=balances.get(Account.RESERVED, 0), waitlisted=balances.get(Account.WAITLISTED, 0),
        engaged=balances.get(Account.ENGAGED, 0), lapsed=balances.get(Account.LAPSED, 0),
        paid=balances.get(Account.PAID, 0), payments_frozen=balances.get(Account.PAYMENT_FROZEN, 0),
        payment_credits=-balances.get(Account.PAYMENT_VOTED, 0) if has_credits else None,
    )  # fmt: skip
