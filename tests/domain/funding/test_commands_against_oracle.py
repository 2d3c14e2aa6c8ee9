"""Any line of events and commands is answered as the oracle answers it, fact by fact, and ends where it ends."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import EnvelopeAct, Told
from services.funding.domain.envelope import Envelope
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Outcome
from shared.kernel.funders import Funder
from tests.support.commands import wanted
from tests.support.commitment_events import Json, Scribe, named
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


def opened(steps: list[Json]) -> Books:
    """Books with the envelopes that the steps open."""
    found = Books([], [])
    for step in steps:
        contract, funder, exercise = step["open"].split(".")
        envelope = Envelope(step["open"], contract, Funder(funder), int(exercise))
        commands.open_envelope(envelope, step["amount_cents"], step.get("payment_cents"))
        found.envelopes[step["open"]] = envelope
    return found


@given(st.integers(0, 2**32))
def test_commands_and_events_are_answered_as_the_oracle_does(seed: int) -> None:
    chance = random.Random(seed)
    scribe = Scribe(chance, ["CV219", "CV221"])
    openings = [
        step | ({"payment_cents": chance.choice((0, 50, 300))} if ".STATE." in step["open"] else {})
        for step in scribe.openings()
    ]
    books, oracle, names = (
        opened(openings),
        Oracle().tell(openings),
        [step["open"] for step in openings] or ["CV219.CDC.2016"],
    )
    for number, event in enumerate(scribe.events(50)):
        said = len(oracle.decisions)
        assert [ours(o) for o in books.decide(incoming(event, number))] == [
            theirs(fact) for fact in oracle.tell([event]).decisions[said:]
        ]
        command = a_command(chance, names)
        said, refused = len(oracle.decisions), len(oracle.refused_commands)
        decided = commands.decide(books, command)
        oracle.tell([step_of(command, number)])
        if isinstance(decided, Refused):
            [answer] = oracle.refused_commands[refused:]
            assert (answer["reason"], answer.get("commitments", [])) == (
                decided.objection, sorted(str(c.commitment_id) for c in decided.in_the_way),
            )  # fmt: skip
        else:
            assert [ours(fact) for fact in decided.facts] == [theirs(fact) for fact in oracle.decisions[said:]]
    ends = {name: (e.authorised, e.room, e.payable, e.closed) for name, e in books.envelopes.items()}
    assert ends == {
        name: (e["authorised_cents"], oracle.book.room(name), e["payable_cents"], e["closed"])
        for name, e in oracle.balances().items()
    }
