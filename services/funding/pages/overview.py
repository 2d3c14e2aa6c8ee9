"""The pages of all envelopes and of one funder: where they stand, and what needs a look."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import expiring, idle, overdue, sum_of
from services.funding.pages.balances import envelopes_table, sums_table
from services.funding.pages.debts import Debt, by_contract, each
from services.funding.pages.moment import Moment, by_funder, year_to_show, years_of
from services.funding.pages.sheet import Section, Sheet, bars
from services.funding.pages.table import Column, Table
from services.funding.store.looking import Held
from services.funding.store.tables import Command
from shared.kernel.funders import Funder
from shared.web import formats

ATTENTION = (
    Column("what", "word"), Column("contract", "contract"), Column("funder", "funder"), Column("exercise", "number"),
    Column("amount", "cents", "amount_attention"), Column("payment", "cents", "payment_attention"),
)  # fmt: skip


def overview(
    moment: Moment, envelopes: Sequence[Envelope], debts: Sequence[Debt], *, held: Sequence[Held],
    proposals: Sequence[Command], exercise: int | None, signed_in: bool = False,
) -> Sheet:  # fmt: skip
    """Say where all envelopes stand; who is signed in is led to what waits for a second pair of eyes."""
    say, year = moment.words.say, year_to_show(envelopes, exercise)
    points = attention(moment, envelopes, debts, held=held, proposals=proposals, year=year)
    if signed_in and proposals:
        points = _leading(points, proposals)
    mine = [envelope for envelope in envelopes if envelope.exercise == year]
    sections = [
        Section("by-funder", say("by_funder"), sums_table(envelopes, file="overview"),
                bars(by_funder(envelopes, year)), file="overview"),
        Section("attention", say("attention"), points, file="attention", query=query_of(moment, year)),
        Section("by-contract", say("by_contract", exercise=year),
                envelopes_table(mine, file="envelopes", with_year=False), file="envelopes",
                query=query_of(moment, year)),
    ]  # fmt: skip
    answer = _answer(moment, mine, points, debts, year)
    return Sheet(
        path="", name=say("overview"), heading=say("overview_heading"), answer=answer, notices=moment.notices(),
        sections=sections if year else (), written_at=moment.now, query=query_of(moment, year),
        years=years_of(envelopes), year=year, has_day=True,
    )  # fmt: skip


def query_of(moment: Moment, year: int | None) -> dict[str, str]:
    """What a page's address says of the exercise and of a day before today."""
    day = {"as_of": moment.as_of.isoformat()} if moment.is_past else {}
    return ({"exercise": str(year)} if year else {}) | day


def _answer(
    moment: Moment, mine: Sequence[Envelope], points: Table, debts: Sequence[Debt], year: int | None
) -> list[Markup]:
    say = moment.words.say
    if year is None:
        return [say("overview_empty")]
    sums = sum_of(mine)
    amounts = {
        name: moment.euros(getattr(sums, name)) for name in ("authorised", "reserved", "engaged", "paid", "room")
    }
    first = say("overview_answer", exercise=year, **amounts)
    late = sum(debt.late(moment.as_of) for debt in debts)
    if not points.rows:
        return [first, say("overview_calm")]
    key = "overview_attention" if late else "overview_attention_none_late"
    return [first, say(key, count=moment.words.count(len(points.rows), "point"), late=moment.euros(late))]


def attention(
    moment: Moment, envelopes: Sequence[Envelope], debts: Sequence[Debt], *, held: Sequence[Held],
    proposals: Sequence[Command], year: int | None,
) -> Table:  # fmt: skip
    """List what needs a look: the most pressing kind first."""
    rows: list[tuple[Any, ...]] = []
    late: dict[tuple[str, str], int] = {}
    for debt in debts:
        if cents := debt.late(moment.as_of):
            late[debt.contract, debt.funder.value] = late.get((debt.contract, debt.funder.value), 0) + cents
    rows += [("late", *where, None, cents, None) for where, cents in sorted(late.items(), key=lambda each: -each[1])]
    rows += [_proposed(command) for command in proposals]
    waiting: dict[str, int] = {}
    for movement in held:
        waiting[movement.contract] = waiting.get(movement.contract, 0) + movement.amount_cents
    rows += [("held", contract, None, None, cents, None) for contract, cents in sorted(waiting.items())]
    rows += [
        ("overdue", e.contract, e.funder.value, e.exercise, e.room, e.payable) for e in overdue(envelopes, moment.as_of)
    ]
    rows += [("idle", e.contract, e.funder.value, e.exercise, e.room, None) for e in idle(envelopes, moment.as_of)]
    if year is not None and year >= moment.as_of.year:
        for funder in Funder:
            going = sum_of(e for e in expiring(envelopes, year) if e.funder is funder)
            if going.room or going.payable:
                rows.append(("expiring", None, funder.value, year, going.room, going.payable or None))
    return Table("attention", ATTENTION, rows, empty="no_attention")


def _leading(points: Table, proposals: Sequence[Command]) -> Table:
    """The same, with each proposal's number, which leads to where it is approved."""
    numbers = iter([(command.command_id, command.number) for command in proposals])
    rows = [(*row, next(numbers) if row[0] == "proposed_command" else None) for row in points.rows]
    return replace(points, columns=[*points.columns, Column("command", "command")], rows=rows)


def _proposed(command: Command) -> tuple[Any, ...]:
    contract, funder, exercise = (command.envelope_id or "..").split(".")
    content: dict[str, Any] = {**command.content}
    payment = content.get("payment_cents") or None
    return "proposed_command", contract, funder, int(exercise), content.get("amount_cents", 0), payment


def funder_page(
    moment: Moment, funder: Funder, envelopes: Sequence[Envelope], debts: Sequence[Debt], *, exercise: int | None
) -> Sheet:
    """Say where one funder's credits stand."""
    say, year = moment.words.say, year_to_show(envelopes, exercise)
    mine = [envelope for envelope in envelopes if envelope.exercise == year]
    sums = sum_of(mine)
    amounts = {
        name: moment.euros(getattr(sums, name)) for name in ("authorised", "engaged", "paid", "room", "waitlisted")
    }
    answer = say("funder_answer", funder=say(funder.value), exercise=year, **amounts) if year else say("overview_empty")
    path = f"funders/{funder.value}"
    sections = [
        Section("by-funder", say("by_funder"), sums_table(envelopes, file=funder.value),
                bars({funder: sums}), file=path),
        Section("by-contract", say("by_contract", exercise=year),
                envelopes_table(mine, file="envelopes", with_year=False),
                file=f"{path}/by-contract", query=query_of(moment, year)),
        Section("unpaid", say("unpaid_table"), by_contract(debts, moment.as_of), note=say("unpaid_note"),
                links=[("unpaid", say("unpaid"))], file=f"{path}/unpaid", query=query_of(moment, None)),
    ]  # fmt: skip
    return Sheet(
        path=path, name=say(funder.value), heading=say("funder_heading"), answer=[answer],
        sections=sections if year else (), notices=moment.notices(), written_at=moment.now,
        query=query_of(moment, year), years=years_of(envelopes), year=year,
    )  # fmt: skip


def unpaid_page(moment: Moment, debts: Sequence[Debt]) -> Sheet:
    """Say what is unpaid, by age."""
    say, day = moment.words.say, formats.day(moment.as_of, moment.words.language)
    late = sum(debt.late(moment.as_of) for debt in debts)
    owed = sum(debt.unpaid.amount_cents for debt in debts)
    answer = say("unpaid_none", day=day)
    if owed:
        answer = say("unpaid_answer", day=day, unpaid=moment.euros(owed), late=moment.euros(late))
    return Sheet(
        path="unpaid", name=say("unpaid"), heading=say("unpaid_heading"), answer=[answer], notices=moment.notices(),
        sections=[
            Section("table", say("unpaid_table"), by_contract(debts, moment.as_of), note=say("unpaid_note"),
                    file="unpaid", query=query_of(moment, None)),
            Section("oldest", say("unpaid_list"), each(debts, moment.as_of),
                    file="unpaid-parts", query=query_of(moment, None)),
        ],
        written_at=moment.now, query={"as_of": moment.as_of.isoformat()}, has_day=True,
    )  # fmt: skip
