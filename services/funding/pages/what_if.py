"""The page of a what-if that was replayed: who gains and who loses, and what applying it now would give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from markupsafe import Markup

from services.funding.domain.comparison import Balances, Comparison, Fate, Verdict
from services.funding.domain.manager import Manager
from services.funding.pages.moment import Moment
from services.funding.pages.orders import Form
from services.funding.pages.sheet import Section, Sheet
from services.funding.pages.table import Column, Table
from services.funding.pages.what_if_form import SAID, what_if_form
from services.funding.use_cases.weighing import Ground
from services.funding.use_cases.what_if import Answer, Outturn
from shared.web import formats
from shared.web.contract_names import contract_name

DRAWN = 12
"""Contracts in the picture: those that change most."""
TABLES = ("gains", "totals", "fates", "orders", "applied")


class Gain(NamedTuple):
    """One contract of the picture: what it has more, in cents, and its bar in percent of the width."""

    name: str
    cents: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class OfContract:
    """What becomes of a contract: its envelopes added up, before and after, and how its commitments fare."""

    contract: str
    before: Balances
    after: Balances
    better: int
    worse: int

    @property
    def gained(self) -> int:
        """Cents that its commitments have more."""
        return self.after.served - self.before.served


def by_contract(found: Comparison) -> list[OfContract]:
    """Add a comparison up by contract: all of them, the most changed first."""
    sums: dict[str, tuple[Balances, Balances]] = {}
    for pair in found.envelopes:
        contract = pair.name.partition(".")[0]
        before, after = sums.get(contract, (Balances(), Balances()))
        sums[contract] = before.plus(pair.before), after.plus(pair.after)
    fates = {contract: dict.fromkeys(Verdict, 0) for contract in sums}
    for change in found.changes:
        fates.setdefault(change.before.contract, dict.fromkeys(Verdict, 0))[change.verdict] += 1
    rows = [OfContract(contract, *pair, fates[contract][Verdict.BETTER], fates[contract][Verdict.WORSE])
            for contract, pair in sums.items()]  # fmt: skip
    return sorted(rows, key=lambda r: (-abs(r.gained), -abs(r.after.authorised - r.before.authorised), r.contract))


def picture(contracts: Iterable[OfContract]) -> list[Gain]:
    """Draw who gains to the right of one line, who loses to its left, on one scale."""
    changed = [each for each in contracts if each.gained][:DRAWN]
    most = max((abs(each.gained) for each in changed), default=0)
    drawn = []
    for each in changed:
        width = round(50 * abs(each.gained) / most, 3)
        drawn.append(
            Gain(contract_name(each.contract).short, each.gained, 50 if each.gained > 0 else 50 - width, width)
        )
    return drawn


def result_page(
    moment: Moment, code: str, exercise: int, answer: Answer, at: Ground, *, said: Mapping[str, str], by: Manager,
    has_rules: bool, notice: str = "",
) -> Sheet:  # fmt: skip
    """Lay both sides before whoever asked, with what applying would do; nothing is done yet."""
    say, path = moment.words.say, f"contracts/{code}/what-if"
    hidden = {name: said[name] for name in SAID if said.get(name)}
    tables = what_if_tables(answer, by)
    picked = {"note": say("if_gains_note"), "picture": picture(by_contract(answer.replayed))}
    sections = [
        _taken(moment, path, name, tables[name], hidden, **(picked if name == "gains" else {}))
        for name in ("gains", "totals", "fates")
    ]
    sections += _commands(moment, path, answer, tables, hidden, has_rules=has_rules)
    sections.append(_deciding(moment, code, answer, hidden))
    change = Section("question", say("if_change"), form=what_if_form(moment, code, exercise, at, said))
    return Sheet(
        path=path, name=say("if"), heading=say("if_result_heading"), answer=_told(moment, answer),
        notices=[say(notice)] if notice else [], sections=[*sections, change], written_at=moment.now,
        query={"exercise": str(exercise)},
    )  # fmt: skip


def _taken(moment: Moment, path: str, name: str, table: Table, hidden: Mapping[str, str], **more: Any) -> Section:
    """A table of the answer; whoever takes it away sends the question once more."""
    file, again = (f"{path}/{name}", hidden) if table.rows else ("", None)
    return Section(name, moment.words.say(f"if_{name}"), table, file=file, again=again, paged=False, **more)


def _told(moment: Moment, answer: Answer) -> list[Markup]:
    say, found = moment.words.say, answer.replayed
    if found.is_empty:
        told = say("if_nothing_changes")
    else:
        gained = sum(change.gained for change in found.changes)
        counts = {v.value: moment.words.count(found.count(v), "fate") for v in Verdict}
        told = say("if_told", **counts, sum=Markup("<strong>{}</strong>").format(
            formats.euros_signed(gained, moment.words.language)))  # fmt: skip
    seconds = formats.decimal(ceil(answer.replay_seconds * 10), moment.words.language)
    return [told, say("if_proved", steps=formats.whole(answer.steps, moment.words.language), seconds=seconds)]


def _commands(
    moment: Moment, path: str, answer: Answer, tables: Mapping[str, Table], hidden: Mapping[str, str], *,
    has_rules: bool,
) -> list[Section]:  # fmt: skip
    """What commands would make the credits so, and what they would give now."""
    say = moment.words.say
    notes = [say("if_rules_stay")] if has_rules else []
    notes += [Markup("{}").format(sentence) for sentence in answer.plan.impossible]
    note = Markup(" ").join(notes) if notes else None
    if not answer.orders:
        return [Section("orders", say("if_orders"), tables["orders"], note=note)]
    return [
        _taken(moment, path, "orders", tables["orders"], hidden, note=note),
        _taken(moment, path, "applied", tables["applied"], hidden, note=say("if_applied_note")),
    ]


def _deciding(moment: Moment, code: str, answer: Answer, hidden: Mapping[str, str]) -> Section:
    """The button, when there is anything to command, and the way out."""
    say, form = moment.words.say, None
    if pending := [each for each in answer.orders if each.order.state is None]:
        button = say("if_propose" if any(each.needs_approval for each in pending) else "if_do")
        form = Form(f"contracts/{code}/what-if/apply", button, hidden={**hidden, "plan": answer.plan.digest})
    leave = [(f"contracts/{code}?exercise={hidden['exercise']}", say("if_throw_away"))]
    return Section("confirm", say("if_decide"), form=form, links=leave)


def what_if_tables(answer: Answer, by: Manager) -> dict[str, Table]:
    """The tables of a what-if, by the name of their section."""
    return {
        "gains": _gains(answer.replayed, "what-if-contracts"), "totals": _totals(answer.replayed),
        "fates": _fates(answer.replayed), "orders": _orders(answer, by),
        "applied": _gains(answer.applied, "what-if-applied"),
    }  # fmt: skip


def _gains(found: Comparison, file: str) -> Table:
    columns = [
        Column("contract", "contract"), Column("authorised_before", "cents"), Column("authorised_after", "cents"),
        Column("served_before", "cents"), Column("served_after", "cents"), Column("gained", "signed"),
        Column("waitlisted_before", "cents"), Column("waitlisted_after", "cents"), Column("better", "count"),
        Column("worse", "count"),
    ]  # fmt: skip
    rows = [
        (e.contract, e.before.authorised, e.after.authorised, e.before.served, e.after.served, e.gained,
         e.before.waitlisted, e.after.waitlisted, e.better, e.worse)
        for e in by_contract(found)
    ]  # fmt: skip
    return Table(file, columns, rows)


def _totals(found: Comparison) -> Table:
    columns = [
        Column("total_of", "line"), Column("balance", "word", "balance_name"),
        Column("before", "cents", "balance_before"), Column("after", "cents", "balance_after"),
        Column("difference", "signed"),
    ]  # fmt: skip
    rows = [
        (pair.name, name, getattr(pair.before, name), getattr(pair.after, name), getattr(pair.difference, name))
        for pair in found.totals for name in Balances._fields
        if getattr(pair.before, name) or getattr(pair.after, name)
    ]  # fmt: skip
    return Table("what-if-totals", columns, rows)


def _fates(found: Comparison) -> Table:
    columns = [Column("commitment", "commitment"), Column("contract", "contract"), Column("exercise"),
               Column("verdict", "word"), Column("state_before", "state"), Column("state_after", "state"),
               Column("served_before", "cents"), Column("served_after", "cents"),
               Column("gained", "signed")]  # fmt: skip
    rows = [
        (c.commitment_id, c.before.contract, c.before.exercise, c.verdict.value, *_sides(c.before, c.after), c.gained)
        for c in found.changes
    ]
    return Table("what-if-commitments", columns, rows, empty="if_no_fate")


def _sides(before: Fate, after: Fate) -> tuple[str, str, int, int]:
    return before.state.value, after.state.value, sum(before.served), sum(after.served)


def _orders(answer: Answer, by: Manager) -> Table:
    columns = [Column("kind", "term"), Column("envelope", "envelope"), Column("receiver", "envelope"),
               Column("amount", "cents"), Column("payment", "cents"), Column("sent_back_count", "count"),
               Column("if_outcome", "term")]  # fmt: skip
    rows = []
    for each in answer.orders:
        command = each.order.command
        allowed = "four-eyes" if each.needs_approval else "would-apply"
        outcome = each.order.state or each.refusal or (allowed if by.may(command) else "not-allowed")
        rows.append((command.act.value, command.envelope, command.to, command.amount_cents,
                     command.payment_cents or None, each.displaced, outcome))  # fmt: skip
    return Table("what-if-commands", columns, rows, empty="if_no_order")


def applied_page(moment: Moment, code: str, exercise: int, outturns: Sequence[Outturn]) -> Sheet:
    """Say what became of each command of a plan."""
    say = moment.words.say
    columns = [Column("command", "command"), Column("kind", "term"), Column("envelope", "envelope"),
               Column("receiver", "envelope"), Column("amount", "cents"), Column("status", "term"),
               Column("why_not", "term")]  # fmt: skip
    rows = []
    for each in outturns:
        command, number = each.order.command, (each.order.command_id, str(each.order.command_id)[-8:])
        rows.append((number, command.act.value, command.envelope, command.to, command.amount_cents, each.state,
                     each.reason))  # fmt: skip
    states = [each.state for each in outturns]
    answer = [say("if_done", applied=states.count("applied"), proposed=states.count("proposed"))]
    if states.count("applied") + states.count("proposed") < len(states):
        answer.append(say("if_not_all"))
    back = [(f"contracts/{code}?exercise={exercise}", Markup("{}").format(contract_name(code).full))]
    return Sheet(
        path=f"contracts/{code}/what-if", name=say("if"), heading=say("if_done_heading"), answer=answer,
        sections=[Section("done", say("commands"), Table("commands", columns, rows, empty="if_no_order"),
                          links=back, paged=False)],
        written_at=moment.now, query={"exercise": str(exercise)},
    )  # fmt: skip
