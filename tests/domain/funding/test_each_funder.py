"""Each funder on its own: what the tables say, and what holds on random lives; the facts alone tell who waits where."""

import random
from collections import Counter
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.funding.domain.audit import stand_of
from services.funding.domain.command import Act, Command
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.comparison import unlike
from services.funding.domain.movements import promised
from services.funding.domain.published import Said, Stand, postings_of, stand_after, waited_for
from services.funding.domain.rehearsal import rehearse
from services.funding.domain.row_checks import COMMITMENT_CHECKS
from shared.kernel.funders import Funder
from tests.domain.funding.test_rehearsal import as_steps
from tests.support.clerk import DAY, Clerk
from tests.support.commitment_events import Json, named
from tests.support.each_tables import EACH
from tests.support.life_lines import answer, commitment_figures, not_done, read
from tests.support.life_programmes import draw_until_met, programmes


class Following:
    """Folds the facts of a ledger, as whoever reads them does, and holds the books against them."""

    def __init__(self) -> None:
        self.clerk = Clerk()
        self.stands: dict[str, Stand | None] = {}
        self.read = 0

    def tell(self, step: Json) -> list[Json]:
        """Take one step in and look at everything; return what was answered."""
        self.clerk.tell([step])
        told, self.read = self.clerk.decisions[self.read :], len(self.clerk.decisions)
        for fact in told:
            if not fact["type"].startswith("Envelope"):
                self._follow(fact)
        self._compare()
        return told

    def _follow(self, fact: Json) -> None:
        fields = {name: value for name, value in fact.items() if name in Said.__struct_fields__}
        said, who = msgspec.convert(fields, Said), fact["commitment_id"]
        self.stands[who] = stand_after(fact["type"], said, self.stands.get(who))
        posted = [(p.envelope_id, str(p.credit), str(p.debit), p.amount_cents) for p in postings_of(fact["type"], said)]
        assert posted == fact["postings"], fact

    def _compare(self) -> None:
        balances: Counter[tuple[str, str]] = Counter()
        for commitment in self.clerk.books.commitments.values():
            stand = stand_of(commitment)
            assert self.stands[str(commitment.commitment_id)] == stand
            assert all(check(commitment) for check in COMMITMENT_CHECKS.values()), commitment
            for name in waited_for(commitment.contract, commitment.exercise, stand):
                balances[name, "waiting_count"] += 1
            if commitment.state in (State.RESERVED, State.ENGAGED, State.WAITLISTED):
                for funder in Funder:
                    name = f"{commitment.contract}.{funder}.{commitment.exercise}"
                    account = "waitlisted" if commitment.waits_for(funder) else "reserved"
                    balances[name, account] += promised(commitment, funder)
        for envelope in self.clerk.books.envelopes.values():
            assert envelope.room >= 0
            for field in ("waiting_count", "waitlisted", "reserved"):
                assert getattr(envelope, field) == balances[envelope.envelope_id, field], (envelope.envelope_id, field)


@pytest.mark.parametrize("name", EACH)
def test_the_ledger_answers_as_the_table_says(name: str) -> None:
    table, ledger = read(EACH[name]), Following()
    for line in table.lines:
        before = len(ledger.clerk.refused_commands)
        told = ledger.tell(line.step)
        refused = ledger.clerk.refused_commands[before:]
        answers = [answer(each, table.names) for each in told] + [not_done(each, table.names) for each in refused]
        assert (line.text, answers) == (line.text, line.answers)
        if line.postings:
            assert (line.text, [each for fact in told for each in fact["postings"]]) == (line.text, line.postings)
        for envelope, figures in line.envelopes.items():
            balances = ledger.clerk.balances()[envelope]
            assert (line.text, {key: balances[key] for key in figures}) == (line.text, figures)
        for commitment, figures in line.commitments.items():
            found = commitment_figures(ledger.clerk.commitments()[commitment])
            assert (line.text, {key: found[key] for key in figures}) == (line.text, figures)


@st.composite
def lives(draw: st.DrawFn) -> list[Json]:
    """A random life in which rules serve each funder on its own, mostly; from the beginning or from some step on."""
    steps = draw(programmes())
    chance = random.Random(draw(st.integers(0, 2**16)))
    known = sorted({(s["open"].split(".")[0], int(s["open"].split(".")[2])) for s in steps if "open" in s})
    told: list[Json] = []
    for number, step in enumerate(steps):
        if "rules" in step and chance.random() < 0.7:
            told.append(step | {"rules": step["rules"] | {"funders": "each"}})
        else:
            told.append(step)
        if known and chance.random() < (0.9 if number == len(known) else 0.03):
            for contract, exercise in known:
                rules: dict[str, Any] = {"funders": chance.choice(("each", "each", "together"))}
                rules |= {"waitlist": chance.choice(("strict", "skip"))}
                place: Json = {"contract": contract, "exercise": exercise, "rules": rules}
                told.append(place | {"command": named(f"each/{number}/{contract}/{exercise}")})
    return told


@settings(max_examples=300, deadline=None, print_blob=True)
@given(lives())
def test_the_facts_alone_tell_where_each_part_stands_and_the_books_balance(steps: list[Json]) -> None:
    ledger = Following()
    for step in steps:
        ledger.tell(step)


@settings(max_examples=60, deadline=None, print_blob=True)
@given(lives())
def test_a_replay_of_the_line_ends_where_the_ledger_does(steps: list[Json]) -> None:
    clerk = Clerk()
    told: list[Json] = []
    for step in steps:
        if "rules" in step:
            in_force = clerk.books.rule_sets.get((step["contract"], step["exercise"]))
            clerk.tell([step])
            now = clerk.books.rule_sets[step["contract"], step["exercise"]]
            told += [] if in_force == now else [step | {"version": now.version}]
        elif "open" in step:
            is_new = step["open"] not in clerk.books.envelopes
            clerk.tell([step])
            told += [step] * is_new
        else:
            told.append(step | _as_commanded(step))
            clerk.tell([step])
    replayed = rehearse(as_steps(told))
    for books in (replayed, clerk.books):
        for envelope in books.envelopes.values():
            envelope.version = 0
        for commitment in books.commitments.values():
            commitment.place = 0
        for waiting in books.held.values():
            for movement in waiting:
                movement.place = 0
    assert [*unlike(replayed, clerk.books)] == []


def test_the_lives_that_are_drawn_meet_who_waits_in_part_in_every_way() -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=200, deadline=None, database=None, phases=[Phase.generate])
    @given(lives())
    def draw(steps: list[Json]) -> None:
        books = Clerk()
        for step in steps:
            before = {i: c.waits for i, c in books.books.commitments.items()}
            read_to = len(books.decisions)
            books.tell([step])
            now = {i: c.waits for i, c in books.books.commitments.items()}
            for fact in books.decisions[read_to:]:
                who = UUID(fact["commitment_id"]) if "commitment_id" in fact else None
                if before.get(who) or now.get(who):
                    met.update([fact["type"]])
            met.update(f"{c.state} {c.waits}" for c in books.books.commitments.values() if c.waits)

    facts = ("Reserved", "Waitlisted", "Promoted", "Amended", "Released", "Displaced", "Engaged", "Closed")
    stands = [f"{state} {funder}" for state in ("reserved", "engaged") for funder in Funder]
    draw_until_met(draw, met, (*(f"Allocation{fact}" for fact in facts), *stands))


def _as_commanded(step: Json) -> Json:
    """With the command, as a replay takes it."""
    if "kind" not in step or step["kind"] == "score":
        return {}
    return {"of": Command(
        Act(step["kind"]), step["envelope"], "cdc", "reserve", DAY, step.get("amount_cents") or 0,
        step.get("payment_cents") or 0, step.get("to"), step.get("displace", False),
    )}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "state", "waits", "broken"),
    [
        ((5, 5), State.RESERVED, Funder.CDC, []), ((0, 5), State.ENGAGED, Funder.STATE, []),
        ((5, 5), State.WAITLISTED, None, []),
        ((5, 5), State.WAITLISTED, Funder.CDC, ["ck_commitment_waits"]),
        ((5, 5), State.CLOSED, Funder.STATE, ["ck_commitment_waits"]),
        ((5, 5), State.RESERVED, "EPCI", ["ck_commitment_waits"]),
        ((0, 5), State.RESERVED, Funder.CDC, ["ck_commitment_waits_for"]),
    ],
)  # fmt: skip
def test_the_audit_holds_rows_to_the_checks_of_what_waits(
    asked: tuple[int, int], state: State, waits: Any, broken: list[str]
) -> None:
    row = Commitment(UUID(int=1), "CV219", 2016, Asked(*asked), 10, 5, 1, state, waits=waits)
    assert [name for name, holds in COMMITMENT_CHECKS.items() if not holds(row)] == broken
