"""Whatever is told of the territory, in any order: one EPCI a day, no cent lost, no earlier answer changed."""

import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.by_epci import by_epci, turns
from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import sum_of
from services.funding.domain.territory import (
    Annulment,
    Attachment,
    Change,
    Merger,
    Telling,
    Territory,
)
from shared.kernel.funders import Funder
from tests.support.territory import tell, until

EPCI = "ABCDEF"
DAYS = [date(2016, 1, 1) + timedelta(days=180 * n) for n in range(8)]
attachments = st.dictionaries(st.sampled_from(["CV217", "CV218", "CV219", "CV220"]), st.sampled_from(EPCI), min_size=1)
mergers = st.builds(
    Merger, st.sampled_from(["m1", "m2", "m3", "m4"]),
    st.sets(st.sampled_from(EPCI), min_size=1, max_size=3).map(lambda epci: tuple(sorted(epci))),
    st.sampled_from(EPCI), st.just(""), st.sampled_from(DAYS),
)  # fmt: skip
annulments = st.builds(Annulment, st.sampled_from(["m1", "m2", "m3", "m4"]), st.sampled_from(DAYS))
histories = st.lists(mergers | annulments, max_size=8)


def told_all(homes: dict[str, str], changes: list[Change]) -> Territory:
    territory = Territory()
    for change in (*(Attachment(contract, epci, epci) for contract, epci in homes.items()), *changes):
        territory, _ = tell(territory, change)
    return territory


@given(attachments, histories, mergers)
def test_a_merger_annulled_from_its_own_day_on_leaves_every_day_as_it_was(
    homes: dict[str, str], changes: list[Change], merger: Merger
) -> None:
    before = told_all(homes, changes)
    merged, answer = tell(before, replace(merger, name="other"))
    if answer == "told":
        undone, _ = tell(merged, Annulment("other", merger.effective_on))
        assert [undone.members(day) for day in DAYS] == [before.members(day) for day in DAYS]
        assert until(undone, len(homes) + 99).members(DAYS[-1]) == undone.members(DAYS[-1])


@given(attachments, histories)
def test_every_contract_belongs_to_one_epci_on_each_day_and_knowledge_changes_no_earlier_answer(
    homes: dict[str, str], changes: list[Change]
) -> None:
    territory, views = Territory(), []
    for change in (*(Attachment(contract, epci, epci) for contract, epci in homes.items()), *changes):
        territory, answer = tell(territory, change)
        if answer == "told":
            views.append([territory.members(day) for day in DAYS])
    for day in DAYS:
        members = territory.members(day)
        assert sorted(contract for contracts in members.values() for contract in contracts) == sorted(homes)
        assert all(territory.epci_of(c, day) == epci for epci, contracts in members.items() for c in contracts)
    for number, view in enumerate(views, 1):
        assert [until(territory, number).members(day) for day in DAYS] == view


@given(attachments, histories)
def test_the_facts_of_a_contract_alone_say_where_it_belongs(homes: dict[str, str], changes: list[Change]) -> None:
    """As a subscriber folds them, with the few lines that the subscribers' guide gives."""
    territory = told_all(homes, changes)
    for contract, home in homes.items():
        mine = {telling for telling in territory.told if telling.contract == contract}
        for day in DAYS:
            assert folded(territory, mine, home, day) == territory.epci_of(contract, day)


def folded(territory: Territory, mine: set[Telling], home: str, day: date) -> str:
    """Fold one contract's facts: those of the mergers that it was told of, less those annulled by then."""
    merged = [m for m in territory.mergers if any(t.type == "EpciMerged" and t.merger == m.name for t in mine)]
    ended = {
        a.merger for a in territory.annulments
        if a.annulled_from <= day and any(t.type == "EpciMergerAnnulled" and t.merger == a.merger for t in mine)
    }  # fmt: skip
    for merger in sorted(merged, key=lambda m: (m.effective_on, m.number)):
        if merger.effective_on <= day and merger.name not in ended and home in merger.predecessors:
            home = merger.successor
    return home


@given(attachments, histories, st.integers(0, 2**32))
def test_the_order_in_which_contracts_are_attached_changes_no_answer(
    homes: dict[str, str], changes: list[Change], seed: int
) -> None:
    shuffled = [*homes.items()]
    random.Random(seed).shuffle(shuffled)
    one, other = told_all(homes, changes), told_all(dict(shuffled), changes)
    assert [one.members(day) for day in DAYS] == [other.members(day) for day in DAYS]
    assert one.told == other.told


amounts = st.dictionaries(st.sampled_from(["CV217", "CV218", "CV219", "CV220", "CV227"]), st.integers(0, 10**9))


@given(attachments, histories, amounts)
def test_sums_over_epci_are_sums_over_contracts_and_no_turn_gains_or_loses_a_cent(
    homes: dict[str, str], changes: list[Change], authorised: dict[str, int]
) -> None:
    territory = told_all(homes, changes)
    envelopes = [Envelope(f"{c}.CDC.2016", c, Funder.CDC, 2016, authorised=cents) for c, cents in authorised.items()]
    for day in DAYS:
        groups = by_epci(territory, envelopes, day)
        assert sum(sum_of(group.envelopes).authorised for group in groups) == sum(authorised.values())
        assert sorted(e.envelope_id for g in groups for e in g.envelopes) == sorted(e.envelope_id for e in envelopes)
    for turn in turns(territory, envelopes):
        before, after = (sorted(c for g in side for c in g.contracts) for side in (turn.before, turn.after))
        assert before == after
        sums = [sum(sum_of(group.envelopes).authorised for group in side) for side in (turn.before, turn.after)]
        assert sums[0] == sums[1]
