"""The pages of one contract: where it stands, and who waits there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from services.funding.domain.commitment import Commitment
from services.funding.domain.envelope import Envelope
from services.funding.domain.journal import Fact
from services.funding.domain.outlook import sum_of
from services.funding.domain.published import said_by
from services.funding.domain.rules import Rules
from services.funding.domain.waiting import Waiter, queue
from services.funding.pages.balances import envelopes_table
from services.funding.pages.moment import Moment, by_funder, year_to_show, years_of
from services.funding.pages.orders import command_form
from services.funding.pages.sheet import Section, Sheet, bars
from services.funding.pages.table import Column, Table
from services.funding.store.looking import Held
from services.funding.store.tables import Command
from shared.kernel.funders import Funder, envelope_id
from shared.web.contract_names import contract_name


def contract_page(
    moment: Moment, code: str, envelopes: Sequence[Envelope], *, commitments: Sequence[Commitment],
    held: Sequence[Held], commands: Sequence[Command], exercise: int | None, signed_in: bool,
    epci: tuple[str, str] | None = None,
) -> Sheet:  # fmt: skip
    """Say where a contract stands in one exercise; `epci` is the name and SIREN of whom it belongs to today."""
    say, year = moment.words.say, year_to_show(envelopes, exercise)
    sums, path = sum_of(e for e in envelopes if e.exercise == year), f"contracts/{code}"
    names = ("authorised", "reserved", "engaged", "paid", "room")
    amounts = {name: moment.euros(getattr(sums, name)) for name in names}
    answer = [say("contract_answer", name=contract_name(code).short, exercise=year, **amounts)]
    if sums.waitlisted:
        answer.append(say("contract_waits", waitlisted=moment.euros(sums.waitlisted)))
    waits = [year for year in years_of(envelopes) if any(e.waiting_count for e in envelopes if e.exercise == year)]
    links = [(f"{path}/waitlist?exercise={each}", say("to_waitlist", exercise=each)) for each in waits]
    if epci is not None:
        links.append((f"epcis/{epci[1]}", say("to_epci", name=epci[0])))
    sections = [
        Section("envelopes", say("envelopes"), envelopes_table(envelopes, file=code),
                bars(by_funder(envelopes, year)), file=path, links=links),
        Section("held", say("held_movements"), held_table(held), file=f"{path}/held"),
        Section("commands", say("commands"), commands_table(commands, signed_in=signed_in),
                note=None if signed_in else say("commands_closed"), file=f"{path}/commands"),
        *_command_section(moment, code, envelopes, year, signed_in=signed_in),
        Section("commitments", say("commitments"), commitments_table(c for c in commitments if c.exercise == year),
                file=f"{path}/commitments", query={"exercise": str(year)}),
    ]  # fmt: skip
    return Sheet(
        path=path, name=Markup("{}").format(contract_name(code).full), heading=say("contract_heading"), answer=answer,
        sections=sections, written_at=moment.now, query={"exercise": str(year)}, years=years_of(envelopes), year=year,
    )  # fmt: skip


def _command_section(
    moment: Moment, code: str, envelopes: Sequence[Envelope], year: int | None, *, signed_in: bool
) -> list[Section]:
    """The form, and the way to a what-if, for who is signed in."""
    form = command_form(moment, code, envelopes, {})
    address = f"contracts/{code}/what-if" + (f"?exercise={year}" if year else "")
    links = [(address, moment.words.say("if"))]
    return [Section("command", moment.words.say("new_command"), form=form, links=links)] if signed_in else []


def commitments_table(commitments: Iterable[Commitment]) -> Table:
    """One row for each commitment, in the order of the waitlist."""
    columns = [Column("commitment", "commitment"), Column("exercise", "number"), Column("state", "state"),
               Column("cdc_cents", "cents"), Column("state_cents", "cents"), Column("waits", "cents"),
               Column("engaged", "cents"),
               Column("certified", "cents"), Column("paid", "cents"), Column("priority", "number"),
               Column("score", "number")]  # fmt: skip
    rows = []
    for each in commitments:
        engagements = [*(each.engagements or {}).values()]
        rows.append((each.commitment_id, each.exercise, each.state.value, *each.asked, sum(each.waiting),
                     sum(e.engaged for e in engagements), sum(e.certified for e in engagements),
                     sum(e.paid for e in engagements), each.priority, each.score))  # fmt: skip
    return Table("commitments", columns, rows)


def held_table(held: Sequence[Held]) -> Table:
    """One row for each movement that waits, with its reason in words."""
    columns = [Column("commitment", "commitment"), Column("movement", "term"), Column("amount", "cents", "amount_held"),
               Column("reason", "term"), Column("since", "instant", "since_held"), Column("event", "code")]  # fmt: skip
    rows = [(h.commitment_id, h.type, h.amount_cents or None, h.reason, h.known_at, h.event_id) for h in held]
    return Table("held", columns, rows)


def commands_table(commands: Sequence[Command], *, signed_in: bool) -> Table:
    """One row for each command; who gave it is for those who are signed in, its role for everybody."""
    number = Column("command", "command" if signed_in else "number")
    columns = [number, Column("kind", "term"), Column("envelope", "envelope"),
               Column("amount", "cents", "amount_commanded"), Column("payment", "cents", "payment_commanded"),
               Column("status", "term", "status_of_command"), Column("reason", "text", "reason_given"),
               Column("effective_on", "day"), Column("by"), Column("applied_at", "instant")]  # fmt: skip
    if signed_in:
        columns += [Column("proposed_by"), Column("approved_by")]
    rows = []
    for each in commands:
        content: dict[str, Any] = {**each.content}
        amounts = content.get("amount_cents"), content.get("payment_cents") or None
        people = (each.proposed_by, each.approved_by) if signed_in else ()
        command = (each.command_id, each.number) if signed_in else each.number
        rows.append((command, each.kind, each.envelope_id, *amounts, each.state, each.reason,
                     each.effective_on, each.by, each.applied_at, *people))  # fmt: skip
    return Table("commands", columns, rows)


def waitlist_page(
    moment: Moment, code: str, exercise: int, envelopes: Sequence[Envelope], *,
    waiting: Sequence[Commitment], promoted: Sequence[Fact], rules: Rules | None = None, signed_in: bool = False,
) -> Sheet:  # fmt: skip
    """Say who waits, in order, and what would free each."""
    say, mine = moment.words.say, [envelope for envelope in envelopes if envelope.exercise == exercise]
    waiters = queue(mine, waiting, rules)
    path = f"contracts/{code}/waitlist"
    query = {"exercise": str(exercise)}
    return Sheet(
        path=path, name=say("to_waitlist", exercise=exercise), heading=say("waitlist_heading"),
        answer=[_answer(moment, code, exercise, waiters)], written_at=moment.now, query=query,
        sections=[
            Section("queue", say("queue"), queue_table(waiters, code, exercise, asks=signed_in),
                    bars(by_funder(mine, exercise)), note=say("queue_note"), file=path, query=query,
                    links=[(f"contracts/{code}?exercise={exercise}", Markup("{}").format(contract_name(code).short))]),
            Section("promotions", say("promotions"), promotions_table(promoted, exercise),
                    file=f"{path}/promotions", query=query),
        ],
        years=years_of(envelopes), year=exercise,
    )  # fmt: skip


def _answer(moment: Moment, code: str, exercise: int, waiters: Sequence[Waiter]) -> Markup:
    say, told = moment.words.say, {"name": contract_name(code).short, "exercise": exercise}
    if not waiters:
        return say("waitlist_empty", **told)
    told["count"] = moment.words.count(len(waiters), "waiter")
    if not waiters[0].missing:
        return say("waitlist_ready", **told)
    lacks = [
        Markup("{} ({})").format(moment.euros(cents), say(name.split(".")[1])) for name, cents in waiters[0].missing
    ]
    return say("waitlist_answer", missing=escape(f" {say('and')} ").join(lacks), **told)


def queue_table(waiters: Sequence[Waiter], code: str, exercise: int, *, asks: bool = False) -> Table:
    """One row for each one who waits; `asks` leads from each to the what-if that would serve it."""
    columns = [
        Column("rank", "number"), Column("commitment", "commitment"), Column("priority", "number"),
        Column("score", "number"),
        Column("cdc_cents", "cents"), Column("state_cents", "cents"),
        *(Column(f"missing_{funder.value}", "cents") for funder in Funder),
        Column("before_count", "count"), Column("first_before", "commitment"),
        *([Column("ask_if", "ask")] if asks else []),
    ]  # fmt: skip
    rows = []
    for each in waiters:
        missing = dict(each.missing)
        lacks = (missing.get(envelope_id(code, funder, exercise)) for funder in Funder)
        first = each.first_before.commitment_id if each.first_before else None
        who, more = each.commitment, [_asking(code, exercise, missing)] if asks else []
        rows.append((each.rank, who.commitment_id, who.priority, who.score, *who.waiting, *lacks,
                     each.before_count, first, *more))  # fmt: skip
    return Table("waitlist", columns, rows, empty="nobody_waits")


def _asking(code: str, exercise: int, missing: Mapping[str, int]) -> str | None:
    """The what-if that would free it: as much more credit as is missing."""
    more = "".join(f"&missing_{name.split('.')[1]}={cents}" for name, cents in missing.items())
    return f"contracts/{code}/what-if?exercise={exercise}{more}" if more else None


def promotions_table(promoted: Sequence[Fact], exercise: int) -> Table:
    """Who was served from the waitlist, the last first."""
    columns = [Column("commitment", "commitment"), Column("when", "instant"), Column("cdc_cents", "cents"),
               Column("state_cents", "cents"), Column("cause", "code")]  # fmt: skip
    rows = [
        (said.commitment_id, fact.known_at, said.cdc_cents, said.state_cents, fact.cause)
        for fact in promoted if (said := said_by(fact)).exercise == exercise
    ]  # fmt: skip
    return Table("promotions", columns, rows, empty="no_promotion")
