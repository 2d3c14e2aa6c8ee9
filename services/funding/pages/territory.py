"""The pages by EPCI: who belonged to whom on a day, what their envelopes hold, and mergers from both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from services.funding.domain.by_epci import Group, Turn, by_epci, turns
from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import sum_of
from services.funding.domain.territory import Territory
from services.funding.pages.balances import AMOUNTS, envelopes_table
from services.funding.pages.moment import Moment, by_funder, year_to_show, years_of
from services.funding.pages.sheet import Section, Sheet, bars
from services.funding.pages.table import Column, Table
from services.funding.store.tables import TerritoryChange
from shared.web import formats
from shared.web.contract_names import contract_name
from shared.web.words import strong

MONEY = [Column(name, kind) for name, kind in AMOUNTS]
NONE_OF = "unattached"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at: the territory and the envelopes as known at a moment, on a day; `known` as it was asked."""

    territory: Territory
    envelopes: Sequence[Envelope]
    on: date
    known: str
    exercise: int | None
    is_wrong: bool = False

    @property
    def year(self) -> int | None:
        """The exercise shown."""
        return year_to_show(self.envelopes, self.exercise)

    @property
    def of_year(self) -> list[Envelope]:
        """The envelopes of that exercise."""
        year = self.year
        return [each for each in self.envelopes if each.exercise == year]

    def query(self, on: date | None = None) -> dict[str, str]:
        """What an address says of the same look, on this day or another."""
        asked = {"on": (on or self.on).isoformat(), "known": self.known, "exercise": str(self.year or "")}
        return {name: value for name, value in asked.items() if value}

    def address(self, path: str, on: date | None = None) -> str:
        """An address with the same look; known instants hold a plus sign, which is written as it must be."""
        asked = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in self.query(on).items())
        return f"{path}?{asked}"


def epcis_page(moment: Moment, seen: Seen, told: Sequence[TerritoryChange]) -> Sheet:
    """Say what each EPCI's envelopes hold on a day, and what was told of the territory."""
    say, groups = moment.words.say, by_epci(seen.territory, seen.of_year, seen.on)
    sums, language = sum_of(seen.of_year), moment.words.language
    answer = say("epcis_empty")
    if groups:
        answer = say(
            "epcis_answer", day=formats.day(seen.on, language), exercise=seen.year,
            contracts=strong(str(sum(len(g.contracts) for g in groups))),
            epcis=strong(str(sum(bool(group.epci) for group in groups))),
            authorised=moment.euros(sums.authorised), room=moment.euros(sums.room),
        )  # fmt: skip
    changes = turns(seen.territory, seen.of_year)
    sections = [
        Section("epcis", say("epcis"), groups_table(groups), bars(by_funder(seen.of_year, seen.year)),
                note=say("epcis_note"), file="epcis", query=seen.query()),
        Section("mergers", say("mergers"), turns_table(changes), note=say("mergers_note"),
                links=_both_sides(moment, seen, changes, "epcis"), file="mergers", query=seen.query()),
        Section("lineage", say("lineage"), lineage_table(seen.territory), file="lineage", query=seen.query()),
        Section("told", say("told"), told_table(told), file="territory", query=seen.query()),
    ]  # fmt: skip
    return _sheet(moment, seen, path="epcis", name=say("epcis"), heading=say("epcis_heading"), answer=[answer],
                  sections=sections)  # fmt: skip


def epci_page(moment: Moment, seen: Seen, epci: str) -> Sheet:
    """Say what one EPCI's envelopes hold on a day, and what came before and after."""
    say, path = moment.words.say, f"epcis/{epci}"
    mine = [group for group in by_epci(seen.territory, seen.of_year, seen.on) if group.epci == epci]
    envelopes = [envelope for group in mine for envelope in group.envelopes]
    name, day = seen.territory.names.get(epci, epci), formats.day(seen.on, moment.words.language)
    answer = say("epci_nobody", name=name, day=day)
    if mine:
        contracts = ", ".join(contract_name(code).short for code in mine[0].contracts)
        sums = sum_of(envelopes)
        answer = say("epci_answer", name=name, day=day, contracts=contracts, exercise=seen.year,
                     authorised=moment.euros(sums.authorised), room=moment.euros(sums.room))  # fmt: skip
    changes = turns(seen.territory, seen.of_year, epci)
    sections = [
        Section("envelopes", say("envelopes"), envelopes_table(envelopes, file=epci, with_year=False),
                bars(by_funder(envelopes, seen.year)), file=path, query=seen.query()),
        Section("sides", say("sides"), sides_table(changes), note=say("sides_note"),
                links=_both_sides(moment, seen, changes, path), file=f"{path}/sides", query=seen.query()),
    ]  # fmt: skip
    return _sheet(moment, seen, path=path, name=Markup("{}").format(name), heading=say("epci_heading"),
                  answer=[answer], sections=sections)  # fmt: skip


def _sheet(moment: Moment, seen: Seen, **said: Any) -> Sheet:
    notices = [moment.words.say("as_of_wrong")] if seen.is_wrong else []
    days = {"on": seen.on.isoformat(), "known": seen.known}
    return Sheet(**said, notices=notices, written_at=moment.now, query=seen.query(), years=years_of(seen.envelopes),
                 year=seen.year, days=days)  # fmt: skip


def _both_sides(moment: Moment, seen: Seen, changes: Sequence[Turn], path: str) -> list[tuple[str, Markup]]:
    """Each turn's eve and its day, to look at."""
    days = sorted({each for turn in changes for each in (turn.day - timedelta(days=1), turn.day)})
    language = moment.words.language
    return [(seen.address(path, day), Markup("{}").format(formats.day(day, language))) for day in days]


def groups_table(groups: Sequence[Group]) -> Table:
    """One row for each EPCI, added up over the funders of one exercise."""
    columns = [Column("epci", "epci"), Column("contracts", "contracts"), *MONEY]
    return Table("epcis", columns, [(_named(group), [*group.contracts], *_amounts(group)) for group in groups])


def _named(group: Group) -> tuple[str, str]:
    return group.name or NONE_OF, group.epci


def _amounts(group: Group) -> list[int]:
    sums = sum_of(group.envelopes)
    return [getattr(sums, name) for name, _ in AMOUNTS]


def turns_table(changes: Sequence[Turn]) -> Table:
    """One row for each merger and each annulment, with the EPCI on both sides and what their envelopes hold."""
    columns = [Column("merger"), Column("turn", "word"), Column("since", "day", "since_turn"),
               Column("day_known", "word"),
               Column("before", "epcis", "epci_before"), Column("after", "epcis", "epci_after"),
               Column("before_authorised", "cents"), Column("after_authorised", "cents")]  # fmt: skip
    rows = [
        (turn.merger.name, "annulment" if turn.annulment else "merger_of", turn.day,
         "day_sure" if turn.day_is_known else "day_unsure", [_named(g) for g in turn.before],
         [_named(g) for g in turn.after], _authorised(turn.before), _authorised(turn.after))
        for turn in changes
    ]  # fmt: skip
    return Table("mergers", columns, rows, empty="no_merger")


def _authorised(groups: Sequence[Group]) -> int:
    return sum(sum_of(group.envelopes).authorised for group in groups)


def sides_table(changes: Sequence[Turn]) -> Table:
    """One row for each EPCI on each side of each turn."""
    columns = [Column("merger"), Column("since", "day", "since_side"), Column("side", "word"), Column("epci", "epci"),
               Column("contracts", "contracts"), *MONEY]  # fmt: skip
    rows = [
        (turn.merger.name, day, side, _named(group), [*group.contracts], *_amounts(group))
        for turn in changes
        for side, day in (("eve", turn.day - timedelta(days=1)), ("that_day", turn.day))
        for group in (turn.before if side == "eve" else turn.after)
    ]  # fmt: skip
    return Table("sides", columns, rows, empty="no_merger")


def lineage_table(territory: Territory) -> Table:
    """One row for each stretch of each contract: to whom it belonged, and since when."""
    columns = [Column("contract", "contract"), Column("epci", "epci"), Column("since", "day", "since_belongs")]
    rows = [
        (each.contract, (territory.names.get(stretch.epci, stretch.epci), stretch.epci), stretch.since)
        for each in sorted(territory.attachments, key=lambda each: each.contract)
        for stretch in territory.lineage(each.contract)
    ]  # fmt: skip
    return Table("lineage", columns, rows)


def told_table(told: Sequence[TerritoryChange]) -> Table:
    """One row for each merger and annulment that was told; who told it by name is for managers (the API)."""
    columns = [Column("number", "count"), Column("merger"), Column("turn", "word"),
               Column("reason", "text", "reason_given"),
               Column("by"),
               Column("known_since", "instant")]  # fmt: skip
    words = {"merge": "merger_of", "annul": "annulment"}
    rows = [
        (row.number, row.subject, words[row.kind], row.reason, row.by, row.known_at)
        for row in told if row.kind in words
    ]  # fmt: skip
    return Table("territory", columns, rows, empty="no_merger")
