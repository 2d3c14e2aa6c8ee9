"""The territory told as text: mergers and annulments, seen on any day and as known at any moment."""

from datetime import date

import pytest

from fabrique.demo.programme import programme_text
from services.funding.domain.by_epci import turns
from services.funding.domain.territory import (
    Annulment,
    Attachment,
    Change,
    Merger,
    Telling,
    Territory,
    TerritoryObjection,
    territory_of,
    told_before,
)
from services.funding.programme import parse, territory_changes
from tests.support.territory import START, tell, until

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


def told(*changes: Change) -> Territory:
    territory = Territory()
    for change in changes:
        territory, answer = tell(territory, change)
        assert answer == "told"
    return territory


def test_a_contract_that_was_never_attached_belongs_nowhere() -> None:
    territory = told(Attachment("CV218", "A", "a"), Merger("m", ("A",), "S", "s", new_year("2017")))
    assert territory.epci_of("CV999", new_year("2018")) is None
    assert (territory.lineage("CV999"), territory.concerned_by("CV999")) == ([], set())


def test_the_same_is_the_same_whatever_its_number_and_whenever_it_became_known() -> None:
    territory = told(Attachment("CV218", "A", "a"))
    assert told_before(territory, Attachment("CV218", "A", "a", 9, START))
    assert not told_before(territory, Attachment("CV218", "A", "b", 9, START))
    assert not told_before(territory, Attachment("CV219", "A", "a"))


def test_subscribers_are_told_each_fact_of_their_contract_and_of_a_merger_that_never_counted_its_end() -> None:
    homes = Attachment("CV218", "A", "a"), Attachment("CV220", "B", "b")
    merger, annulment = Merger("m", ("A",), "S", "s", new_year("2017")), Annulment("m", new_year("2017"))
    untold = territory_of((*homes, merger))
    attached, merged = Telling("ContractAttached", "CV218"), Telling("EpciMerged", "CV218", "m")
    assert untold.untold() == [attached, merged, Telling("ContractAttached", "CV220")]
    assert untold.untold(["CV218"]) == [attached, merged]
    known = territory_of((*homes, merger, annulment), untold.untold())
    assert known.untold() == [Telling("EpciMergerAnnulled", "CV218", "m")]


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


def test_an_annulment_on_the_day_of_the_next_merger_shows_where_its_contracts_went() -> None:
    territory = Territory()
    for change in territory_changes(parse(programme_text())):
        territory, _ = tell(territory, change)
    [annulled] = [turn for turn in turns(territory, []) if turn.annulment]
    assert [group.epci for group in annulled.before] == ["246201149"]
    assert [group.epci for group in annulled.after] == ["200090751"]
    assert (annulled.day, annulled.day_is_known) == (date(2019, 12, 31), False)
