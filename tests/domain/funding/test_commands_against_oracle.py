"""Any line of events and commands is answered as the oracle answers it, fact by fact, and ends where it ends."""

import random
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain import commands, scoring
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import EnvelopeAct, Told
from services.funding.domain.envelope import Envelope
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Outcome
from services.funding.domain.rules import Rules, next_version
from services.funding.domain.scoring import Scoring
from shared.kernel.funders import Funder
from tests.support.commands import wanted
from tests.support.commitment_events import Json, Scribe, named
from tests.support.life_lines import read
from tests.support.life_programmes import programmes
from tests.support.life_tables import LIFE
from tests.support.life_tables_commands import SCENARIOS
from tests.support.oracle import Oracle
from tests.support.sequential import incoming


def a_command(chance: random.Random, names: list[str]) -> Command:
    """Any command at all, most often one that can be."""
    act = chance.choice([*Act, Act.INCREASE, Act.REDUCE])
    if act is Act.CLOSE and chance.random() < 0.7:
        act = Act.FREEZE
    name, to = chance.choice(names), None
    if act in (Act.TRANSFER, Act.CARRY_OVER):
        alike = [n for n in names if n.split(".")[1] == name.split(".")[1] and n != name]
        to = chance.choice(alike if alike and chance.random() < 0.9 else names)
    close = act is Act.CLOSE
    amount, payment = (0, 0) if close else (chance.choice((0, 3, 20, 60)), chance.choice((0, 0, 0, 1, 2, 30)))
    return wanted(act, name, amount, payment, to=to, displace=chance.random() < 0.5)


def step_of(command: Command, number: int) -> Json:
    """A command as the oracle reads it."""
    return {
        "command": named(f"command {number}"), "kind": command.act.value, "envelope": command.envelope,
        "amount_cents": command.amount_cents, "payment_cents": command.payment_cents, "to": command.to,
        "displace": command.displace,
    }  # fmt: skip


def ours(fact: Told | Outcome) -> tuple[Any, ...]:
    """A fact: its type, what it is about, its amounts, and what it posts, line by line."""
    postings = [(p.envelope_id, str(p.credit), str(p.debit), p.amount_cents) for p in fact.postings]
    if isinstance(fact, EnvelopeAct):
        return fact.type, fact.envelope.envelope_id, fact.amount_cents, fact.payment_cents, postings
    return fact.kind.value, str(fact.commitment_id), fact.amounts.cdc, fact.amounts.state, postings


def theirs(fact: Json) -> tuple[Any, ...]:
    """The same of the oracle's."""
    postings = [(name, credit, debit, cents) for name, credit, debit, cents in fact["postings"]]
    if fact["type"].startswith("Envelope"):
        return fact["type"], fact["envelope_id"], fact["amount_cents"], fact["payment_cents"] or 0, postings
    return fact["type"], fact["commitment_id"], fact["cdc_cents"], fact["state_cents"], postings


class Both:
    """The service's books and the oracle, told the same steps, one after the other."""

    def __init__(self) -> None:
        self.books, self.oracle, self.number = Books([], []), Oracle(), 0

    def tell(self, steps: Iterable[Json]) -> None:
        """Tell each step to both, and compare what they answer."""
        for step in steps:
            self.number += 1
            said, refused = len(self.oracle.decisions), len(self.oracle.refused_commands)
            answer = self._answer(step)
            self.oracle.tell([step])
            expected = [theirs(fact) for fact in self.oracle.decisions[said:] if fact["type"] != "EnvelopeOpened"]
            if isinstance(answer, Refused):
                [why] = self.oracle.refused_commands[refused:]
                named_here = sorted(str(c.commitment_id) for c in answer.in_the_way)
                assert (why["reason"], why.get("commitments", [])) == (answer.objection, named_here)
            else:
                assert [ours(fact) for fact in answer] == expected

    def _answer(self, step: Json) -> Sequence[Told] | Refused:
        if "type" in step:
            return self.books.decide(incoming(step, self.number))
        if "open" in step:
            return self._open(step)
        if "rules" in step:
            in_force = self.books.rule_sets.get((step["contract"], step["exercise"]))
            rules = msgspec.convert(step["rules"], Rules)
            rule_set = next_version(in_force, step["contract"], step["exercise"], rules)
            return [] if rule_set is None else self.books.rule(rule_set)
        if step["kind"] == "score":
            scored = scoring.decide(self.books, scored_by(step))
            return scored if isinstance(scored, Refused) else scored.facts
        decided = commands.decide(self.books, commanded_by(step))
        return decided if isinstance(decided, Refused) else decided.facts

    def _open(self, step: Json) -> Sequence[Told]:
        contract, funder, exercise = step["open"].split(".")
        if step["open"] in self.books.envelopes:
            return []
        envelope = Envelope(step["open"], contract, Funder(funder), int(exercise))
        commands.open_envelope(envelope, step["amount_cents"], step.get("payment_cents"))
        self.books = Books(
            [*self.books.envelopes.values(), envelope], self.books.commitments.values(),
            [movement for held in self.books.held.values() for movement in held],
            self.books.rule_sets.values(),
        )  # fmt: skip
        return self.books.settle(contract)

    def assert_same_end(self) -> None:
        """Envelopes end alike."""
        assert {name: (e.authorised, e.room, e.payable, e.closed) for name, e in self.books.envelopes.items()} == {
            name: (e["authorised_cents"], self.oracle.book.room(name), e["payable_cents"], e["closed"])
            for name, e in self.oracle.balances().items()
        }


def scored_by(step: Json) -> Scoring:
    """A score, as the service takes it."""
    who = UUID(step["commitment_id"])
    return Scoring(step["contract"], who, step["score"], "cdc", "committee", date(2016, 10, 1))


def commanded_by(step: Json) -> Command:
    """A command, as the service takes it."""
    amounts = (step.get("amount_cents") or 0, step.get("payment_cents") or 0)
    more = {"to": step.get("to"), "displace": bool(step.get("displace"))}
    return wanted(Act(step["kind"]), step["envelope"], *amounts, **more)


@given(st.integers(0, 2**32))
def test_commands_between_events_are_answered_as_the_oracle_does(seed: int) -> None:
    chance = random.Random(seed)
    scribe, both = Scribe(chance, ["CV219", "CV221"]), Both()
    openings = [
        step | ({"payment_cents": chance.choice((0, 50, 300))} if ".STATE." in step["open"] else {})
        for step in scribe.openings()
    ]
    names = [step["open"] for step in openings] or ["CV219.CDC.2016"]
    both.tell(openings)
    for number, event in enumerate(scribe.events(50)):
        both.tell([event, step_of(a_command(chance, names), number)])
    both.assert_same_end()


@given(programmes())
def test_whole_programmes_are_answered_as_the_oracle_does(steps: list[Json]) -> None:
    both = Both()
    both.tell(steps)
    both.assert_same_end()


@pytest.mark.parametrize("name", LIFE | SCENARIOS)
def test_the_tables_computed_by_hand_are_answered_as_the_oracle_does(name: str) -> None:
    both = Both()
    both.tell(line.step for line in read((LIFE | SCENARIOS)[name]).lines)
    both.assert_same_end()
