"""The page of one commitment: where it stands, what is unpaid since when, and every fact behind it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup

from services.funding.domain.books import ENDED
from services.funding.domain.commitment import Commitment, Engagement
from services.funding.domain.published import Step
from services.funding.domain.unpaid import Band, Part
from services.funding.pages.contract import held_table
from services.funding.pages.debts import Debt
from services.funding.pages.moment import Moment
from services.funding.pages.scores import score_form
from services.funding.pages.sheet import Section, Sheet
from services.funding.pages.table import Column, Table
from services.funding.store.looking import Held
from shared.kernel.funders import Funder
from shared.web import formats
from shared.web.contract_names import contract_name
from shared.web.words import strong


def commitment_page(
    moment: Moment, commitment_id: UUID, commitment: Commitment | None, *, steps: Sequence[Step], held: Sequence[Held],
    debts: Sequence[Debt], signed_in: bool = False,
) -> Sheet:  # fmt: skip
    """Tell a commitment's life."""
    say, path = moment.words.say, f"commitments/{commitment_id}"
    sections, day = [], {"as_of": moment.as_of.isoformat()} if moment.is_past else {}
    if commitment is not None:
        code = commitment.contract
        home = (f"contracts/{code}?exercise={commitment.exercise}", Markup("{}").format(contract_name(code).full))
        waits = [(f"contracts/{code}/waitlist?exercise={commitment.exercise}", say("waitlists"))]
        links = [home, *(waits if commitment.is_in_line else ())]
        sections.append(
            Section("amounts", say("amounts"), amounts_table(commitment), links=links, file=f"{path}/amounts")
        )
    for name, parts in (("ages", _parts(debts)), ("certified_ages", _parts(debts, certified=True))):
        if parts:
            sections.append(
                Section(
                    name,
                    say(name),
                    ages_table(parts, moment),
                    note=say("unpaid_note"),
                    file=f"{path}/{name}",
                    query=day,
                )
            )
    sections += _score_section(moment, commitment) if signed_in else []
    if held:
        sections.append(Section("held", say("held_movements"), held_table(held), file=f"{path}/held"))
    sections.append(Section("history", say("history"), history_table(steps), note=say("history_note"), file=path))
    return Sheet(
        path=path, name=Markup("{}").format(str(commitment_id)[-8:]), heading=say("commitment_heading"),
        answer=_answer(moment, commitment, debts), sections=sections, notices=moment.notices(), written_at=moment.now,
        query={"as_of": moment.as_of.isoformat()}, has_day=True,
    )  # fmt: skip


def _score_section(moment: Moment, commitment: Commitment | None) -> list[Section]:
    """The form for the committee's score, as long as the commitment stands."""
    if commitment is None or commitment.state in ENDED:
        return []
    said = {} if commitment.score is None else {"score": str(commitment.score)}
    form, say = score_form(moment, commitment.commitment_id, said), moment.words.say
    return [Section("score", say("new_score"), form=form, note=say("score_note"))]


def _answer(moment: Moment, commitment: Commitment | None, debts: Sequence[Debt]) -> list[Markup]:
    say = moment.words.say
    if commitment is None:
        return [say("commitment_undeclared")]
    engagements = [*(commitment.engagements or {}).values()]
    answer = [say(
        "commitment_answer", state=say(f"state_{commitment.state.value}"), asked=moment.euros(sum(commitment.asked)),
        engaged=moment.euros(sum(e.engaged for e in engagements)), paid=moment.euros(sum(e.paid for e in engagements)),
    )]  # fmt: skip
    if commitment.waits is not None:
        waits, funder = moment.euros(sum(commitment.waiting)), say(commitment.waits.value)
        answer.append(say("commitment_mixed", waits=waits, funder=funder))
    if commitment.score is not None:
        answer.append(say("commitment_score", score=strong(str(commitment.score))))
    late = sum(debt.late(moment.as_of) for debt in debts)
    in_time = [p for debt in debts for p in debt.unpaid.parts if p.band(moment.as_of) in (Band.YOUNG, Band.MIDDLE)]
    if late:
        answer.append(say("commitment_late", late=moment.euros(late)))
    elif in_time:
        due_on = min(part.due_on for part in in_time)
        due = moment.euros(sum(part.amount_cents for part in in_time))
        answer.append(say("commitment_due", due=due, day=formats.day(due_on, moment.words.language)))
    return answer


def amounts_table(commitment: Commitment) -> Table:
    """What each funder was asked, what of it waits, and what each engaged, certified and paid."""
    columns = [Column("funder", "funder"), Column("exercise", "number"), Column("asked", "cents"),
               Column("waits", "cents"), Column("engaged", "cents"), Column("certified", "cents"),
               Column("paid", "cents"), Column("paid_by", "pairs")]  # fmt: skip
    rows = []
    for funder in Funder:
        engagement = (commitment.engagements or {}).get(funder, Engagement())
        if commitment.asked.of(funder) or engagement.paid_by or engagement.engaged:
            paid_by = tuple((str(year), cents) for year, cents in sorted(engagement.paid_by.items()))
            asked, waits = commitment.asked.of(funder), commitment.waiting.of(funder)
            rows.append((funder.value, commitment.exercise, asked, waits, engagement.engaged, engagement.certified,
                         engagement.paid, paid_by))  # fmt: skip
    return Table("amounts", columns, rows)


def _parts(debts: Sequence[Debt], *, certified: bool = False) -> list[tuple[Funder, Part]]:
    return [(d.funder, part) for d in debts for part in (d.unpaid.certified if certified else d.unpaid.parts)]


def ages_table(parts: Sequence[tuple[Funder, Part]], moment: Moment) -> Table:
    """What is unpaid, since when, and until when it may be paid in time."""
    columns = [Column("funder", "funder"), Column("amount", "cents", "amount_unpaid"), Column("since", "day"),
               Column("days", "count"), Column("due_on", "day"), Column("band", "word")]  # fmt: skip
    rows = [
        (funder.value, part.amount_cents, part.since, part.days(moment.as_of),
         None if part.came_back else part.due_on, part.band(moment.as_of).value)
        for funder, part in parts
    ]  # fmt: skip
    return Table("ages", columns, rows)


def history_table(steps: Sequence[Step]) -> Table:
    """Every fact with what it posted, the event behind it, and where it left the commitment."""
    columns = [
        Column("fact_place"), Column("when", "instant"), Column("fact", "term"), Column("movement", "term"),
        Column("reason", "term"), Column("cdc_cents", "cents"), Column("state_cents", "cents"),
        Column("postings", "pairs"), Column("state", "state"), Column("event", "code"), Column("cause", "code"),
        Column("held_before", "code"),
    ]  # fmt: skip
    return Table("history", columns, [_told(step) for step in steps])


def _told(step: Step) -> tuple[Any, ...]:
    record, said = step.record, step.said
    if record.fact is None:
        raise LookupError(f"the fact of {record.place} is gone")
    fact = record.fact
    postings = tuple((f"{line.credit} > {line.debit}", line.amount_cents) for line in record.lines)
    return (
        f"{fact.partition}:{fact.sequence}", fact.known_at, fact.type, said.movement or None, said.reason or None,
        said.cdc_cents, said.state_cents, postings, step.stand.state if step.stand else None, fact.event_id,
        fact.cause, said.movement_id,
    )  # fmt: skip
