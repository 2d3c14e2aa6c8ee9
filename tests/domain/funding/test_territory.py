"""The territory told as text: mergers and annulments, seen on any day and as known at any moment."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrique.demo.programme import programme_text
from services.funding.domain.territory import (
    Annulment,
    Attachment,
    Change,
    Merger,
    Telling,
    Territory,
    TerritoryObjection,
    objection,
    territory_of,
    told_before,
    with_change,
)
from services.funding.programme import parse, territory_changes

START = datetime(2016, 4, 4, tzinfo=UTC)
SCENARIOS = {
    "two become one": """
        attach CV218 to A         · told
        attach CV220 to B         · told
        merge  m A+B > S 2017     · told
        on 2016-12-31             · A: CV218, B: CV220
        on 2017-01-01             · S: CV218 CV220
    """,
    "annulled from its own day on, a merger never was": """
        attach CV218 to A         · told
        attach CV220 to B         · told
        merge  m A+B > S 2017     · told
        annul  m 2017             · told
        on 2016-12-31             · A: CV218, B: CV220
        on 2017-01-01             · A: CV218, B: CV220
        on 2019-01-01 known 3     · S: CV218 CV220
        on 2019-01-01 known 2     · A: CV218, B: CV220
        on 2019-01-01 known 1     · A: CV218
    """,
    "annulled from a later day on, it was until then": """
        attach CV218 to A         · told
        merge  m A > S 2017       · told
        annul  m 2019             · told
        on 2016-12-31             · A: CV218
        on 2018-12-31             · S: CV218
        on 2019-01-01             · A: CV218
    """,
    "an enlargement keeps the EPCI, annulled or not; its successor follows": """
        attach CV224 to C         · told
        merge  m C+D > C 2017     · told
        annul  m 2018             · told
        merge  n C > G 2020       · told
        on 2017-06-01             · C: CV224
        on 2019-06-01             · C: CV224
        on 2020-01-01             · G: CV224
    """,
    "a merger of a merged one is undone for those who came by the annulled one": """
        attach CV218 to A         · told
        attach CV220 to B         · told
        merge  m A > S 2017       · told
        merge  n S+B > T 2019     · told
        annul  m 2017             · told
        on 2019-01-01             · A: CV218, T: CV220
        on 2019-01-01 known 4     · T: CV218 CV220
    """,
    "told late, a merger takes its place by its day": """
        attach CV218 to A         · told
        attach CV220 to S         · told
        merge  n S > T 2019       · told
        merge  m A > S 2017       · told
        on 2018-01-01             · S: CV218 CV220
        on 2019-01-01             · T: CV218 CV220
        on 2019-01-01 known 3     · A: CV218, T: CV220
    """,
    "of mergers of one day, the one told first counts first": """
        attach CV218 to A         · told
        merge  m A > S 2017       · told
        merge  n S > T 2017       · told
        on 2017-01-01             · T: CV218
    """,
    "what cannot be is refused by name": """
        attach CV218 to A         · told
        attach CV218 to A         · told before
        attach CV218 to B         · attached-elsewhere
        merge  m A > S 2017       · told
        merge  m A > S 2017       · told before
        merge  m A > S 2018       · merger-told-otherwise
        merge  n X > Y 2017       · no-contract-concerned
        merge  n A > Y 2018       · no-contract-concerned
        annul  o 2017             · merger-unknown
        annul  m 2016             · annulled-before-merger
        annul  m 2018             · told
        annul  m 2018             · told before
        annul  m 2019             · already-annulled
    """,
}


def new_year(text: str) -> date:
    return date(int(text), 1, 1)


def change_in(words: list[str]) -> Change:
    match words:
        case ["attach", contract, "to", epci]:
            return Attachment(contract, epci, epci)
        case ["merge", name, predecessors, ">", successor, year]:
            return Merger(name, tuple(predecessors.split("+")), successor, successor, new_year(year))
        case ["annul", name, year]:
            return Annulment(name, new_year(year))
    raise AssertionError(words)


def tell(territory: Territory, change: Change) -> tuple[Territory, str]:
    """Tell a change as the use case does, and say what came of it."""
    if told_before(territory, change):
        return territory, "told before"
    number = 1 + len(territory.attachments) + len(territory.mergers) + len(territory.annulments)
    change = replace(change, number=number, known_at=START + timedelta(days=number))
    if wrong := objection(territory, change):
        return territory, wrong.value
    after = with_change(territory, change)
    return replace(after, told=after.told | {*after.untold()}), "told"


def until(territory: Territory, number: int) -> Territory:
    """What was known when `number` changes were told."""
    everything = (*territory.attachments, *territory.mergers, *territory.annulments)
    return territory_of(change for change in everything if change.number <= number)


def seen(territory: Territory, words: list[str]) -> str:
    known = until(territory, int(words[3])) if len(words) > 2 else territory
    members = known.members(date.fromisoformat(words[1]))
    return ", ".join(f"{epci}: {' '.join(contracts)}" for epci, contracts in members.items())


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    territory = Territory()
    for line in filter(None, map(str.strip, SCENARIOS[name].splitlines())):
        said, _, expected = line.partition("·")
        words = said.split()
        if words[0] == "on":
            assert seen(territory, words) == expected.strip(), line
        else:
            territory, answer = tell(territory, change_in(words))
            assert answer == expected.strip(), line


def test_every_reason_stands_in_a_scenario() -> None:
    told = "".join(SCENARIOS.values())
    assert [reason for reason in TerritoryObjection if f"· {reason}\n" not in told] == []


REAL = """
    2015-06-01 · 200033579: CV217 · 200044055: CV221 · 246200018: CV218 · 246200299: CV225 · 246200364: CV219
        · 246200380: CV227 · 246200455: CV220 · 246200729: CV222 · 246200802: CV223 · 246201115: CV226
        · 246201149: CV224
    2016-12-31 · 200033579: CV217 · 200044055: CV221 · 246200018: CV218 · 246200299: CV225 · 246200364: CV219
        · 246200380: CV227 · 246200455: CV220 · 246200729: CV222 · 246200802: CV223 · 246201115: CV226
        · 246201149: CV224
    2017-01-01 · 200033579: CV217 · 200069029: CV226 · 200069037: CV218 CV220 · 200072460: CV221 CV223
        · 246200299: CV225 · 246200364: CV219 · 246200380: CV227 · 246200729: CV222 · 246201149: CV224
    2019-12-30 · 200033579: CV217 · 200069029: CV226 · 200069037: CV218 CV220 · 200072460: CV221 CV223
        · 246200299: CV225 · 246200364: CV219 · 246200380: CV227 · 246200729: CV222 · 246201149: CV224
    2019-12-31 · 200033579: CV217 · 200069029: CV226 · 200069037: CV218 CV220 · 200072460: CV221 CV223
        · 200090751: CV224 · 246200299: CV225 · 246200364: CV219 · 246200380: CV227 · 246200729: CV222
"""


def test_the_eleven_contracts_sit_in_eleven_epci_then_in_nine() -> None:
    territory = Territory()
    for change in territory_changes(parse(programme_text())):
        territory, answer = tell(territory, change)
        assert answer == "told"
    table = REAL.replace("\n        ·", " ·").strip().splitlines()
    for line in table:
        day, *expected = line.strip().split(" · ")
        members = territory.members(date.fromisoformat(day))
        assert [f"{epci}: {' '.join(contracts)}" for epci, contracts in members.items()] == expected, day
    assert territory.names["200072460"] == "CA de Béthune-Bruay, Artois-Lys Romane"
    calais = [(stretch.since, stretch.epci) for stretch in territory.lineage("CV224")]
    assert calais == [(None, "246201149"), (date(2019, 12, 31), "200090751")]
    assert territory.concerned_by("CV224") == {"calaisis-2017", "grand-calais-2019"}
    assert territory.concerned_by("CV219") == set()


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
