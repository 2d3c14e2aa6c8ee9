"""Commands are refused whole or applied whole: tables of both, and what holds after any line of steps."""

import random
from collections import Counter
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.announcement import envelope_fact
from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import TAKING, Act, Command, needs_standing
from services.funding.domain.commands import Applied, EnvelopeAct, open_envelope
from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.envelope import ENGAGE, Envelope
from services.funding.domain.journal import Fact
from services.funding.domain.movements import promised
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.published import postings_of, said_by
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder
from tests.support.commands import CDC, CDC_2017, CDC_NEXT_DOOR, STATE, wanted
from tests.support.commitment_events import NAMES, START, Scribe, named
from tests.support.sequential import incoming

STATE_2017 = "CV219.STATE.2017"
LETTERS = "ABCD"


def envelope(name: str, amount: int, payment: int | None = None, **more: Any) -> Envelope:
    contract, funder, exercise = name.split(".")
    found = Envelope(name, contract, Funder(funder), int(exercise))
    open_envelope(found, amount, payment)
    for field, value in more.items():
        setattr(found, field, value)
    return found


def books(*asked: tuple[int, int], room: int = 100) -> Books:
    """Books of two contracts; commitments A, B, … ask these amounts of the first in 2016, by their place."""
    found = Books(
        [envelope(CDC, room), envelope(STATE, room, room), envelope(CDC_2017, 10), envelope(STATE_2017, 0, 0),
         envelope(CDC_NEXT_DOOR, 10), envelope("CV221.STATE.2016", 10, 10)],
        [],
    )  # fmt: skip
    for place, (cdc, state) in enumerate(asked):
        fits = cdc <= found.envelopes[CDC].room and state <= found.envelopes[STATE].room
        standing = State.RESERVED if fits else State.WAITLISTED
        commitment = Commitment(named_id(LETTERS[place]), "CV219", 2016, Asked(cdc, state), 999, 5, place, standing)
        found.commitments[commitment.commitment_id] = commitment
        for name, cents in ((CDC, cdc), (STATE, state)):
            if cents and fits:
                found.envelopes[name].reserve(cents)
            elif cents:
                found.envelopes[name].wait(cents)
                found.envelopes[name].waiting_count += 1
    return found


def named_id(letter: str) -> UUID:
    """The commitment of a letter."""
    return UUID(named(letter))


def told(decided: Applied | Refused) -> list[str]:
    """Each fact in a word: `Displaced B`, `EnvelopeReduced CV219.CDC.2016 30+0`."""
    assert isinstance(decided, Applied), decided
    letters = {named_id(letter): letter for letter in LETTERS}
    return [
        f"{fact.type} {fact.envelope.envelope_id} {fact.amount_cents}+{fact.payment_cents}"
        if isinstance(fact, EnvelopeAct)
        else f"{fact.kind.removeprefix('Allocation')} {letters[fact.commitment_id]}"
        for fact in decided.facts
    ]


REFUSALS = [
    ("same-envelope", "to", wanted(Act.TRANSFER, CDC, 1, to=CDC)),
    ("not-the-same-funder", "to", wanted(Act.TRANSFER, CDC, 1, to="CV221.STATE.2016")),
    ("not-the-same-funder", "to", wanted(Act.TRANSFER, CDC, 1, to="CV221.CDC.2017")),
    ("not-the-same-funder", "to", wanted(Act.CARRY_OVER, CDC, 1, to="CV221.CDC.2017")),
    ("not-the-next-exercise", "to", wanted(Act.CARRY_OVER, CDC, 1, to="CV219.CDC.2018")),
    ("not-the-next-exercise", "to", wanted(Act.CARRY_OVER, CDC_2017, 1, to=CDC)),
    ("envelope-unknown", "envelope", wanted(Act.INCREASE, "CV219.CDC.2020", 1)),
    ("envelope-unknown", "to", wanted(Act.TRANSFER, CDC, 1, to="CV230.CDC.2016")),
    ("no-amount", "amount_cents", wanted(Act.INCREASE, CDC)),
    ("no-payment-credits", "payment_cents", wanted(Act.INCREASE, CDC, 1, 1)),
    ("carry-over-limit", "payment_cents", wanted(Act.CARRY_OVER, STATE, 0, 4, to=STATE_2017)),
    ("payment-exceeds-payable", "payment_cents", wanted(Act.REDUCE, STATE, 0, 101)),
    ("payment-exceeds-payable", "payment_cents", wanted(Act.FREEZE, STATE, 500, 101)),
    ("not-frozen", "amount_cents", wanted(Act.UNFREEZE, CDC, 1)),
    ("not-frozen", "payment_cents", wanted(Act.UNFREEZE, STATE, 0, 1)),
    ("envelope-in-use", "envelope", wanted(Act.CLOSE, CDC)),
    ("no-room", "amount_cents", wanted(Act.REDUCE, CDC, 101)),
    ("no-room", "amount_cents", wanted(Act.FREEZE, CDC, 101, displace=True)),
]


@pytest.mark.parametrize(("reason", "field", "command"), REFUSALS)
def test_each_refusal_names_its_field_and_changes_nothing(reason: str, field: str, command: Command) -> None:
    found, before = books((30, 20)), books((30, 20))
    refused = commands.decide(found, command)
    assert isinstance(refused, Refused)
    assert (refused.objection, refused.field) == (reason, field)
    assert (found.envelopes, found.commitments) == (before.envelopes, before.commitments)
    assert not found.changed_envelopes
    assert not found.changed_commitments


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.CARRY_OVER])
def test_a_closed_envelope_takes_no_command(act: Act) -> None:
    found = books()
    found.envelopes[CDC].closed = True
    to = CDC_NEXT_DOOR if act is Act.TRANSFER else None
    assert commands.decide(found, wanted(act, CDC, 1, to=to)) == Refused("envelope-closed", "envelope")  # type: ignore[arg-type]
    back = wanted(Act.TRANSFER, CDC_NEXT_DOOR, 1, to=CDC)
    assert commands.decide(found, back) == Refused("envelope-closed", "to")  # type: ignore[arg-type]


SCENARIOS = [
    ("what grows serves who waits", [(80, 0), (40, 0)], wanted(Act.INCREASE, CDC, 20),
     [f"EnvelopeIncreased {CDC} 20+0", "Promoted B"]),
    ("what is taken from the room moves nobody", [(80, 0)], wanted(Act.REDUCE, CDC, 20, displace=True),
     [f"EnvelopeReduced {CDC} 20+0"]),
    ("the last in goes first, and only who must", [(30, 0), (30, 0), (30, 0)],
     wanted(Act.FREEZE, CDC, 40, displace=True), ["Displaced C", f"EnvelopeFrozen {CDC} 40+0"]),
    ("who asks the other funder alone stays", [(30, 0), (0, 60), (30, 0)],
     wanted(Act.REDUCE, CDC, 60, displace=True), ["Displaced C", f"EnvelopeReduced {CDC} 60+0"]),
    ("who is sent back keeps its place, and closes what it asks to who is behind", [(50, 10), (50, 80), (0, 60)],
     wanted(Act.REDUCE, CDC, 30, displace=True), ["Displaced B", f"EnvelopeReduced {CDC} 30+0"]),
    ("both purses of a funder are moved", [], wanted(Act.FREEZE, STATE, 10, 20), [f"EnvelopeFrozen {STATE} 10+20"]),
    ("a transfer serves who waits at the receiver's", [(80, 0)], wanted(Act.TRANSFER, CDC, 20, to=CDC_NEXT_DOOR),
     [f"EnvelopeTransferred {CDC} 20+0", f"EnvelopeReceived {CDC_NEXT_DOOR} 20+0"]),
    ("three hundredths of what may be paid is carried over", [], wanted(Act.CARRY_OVER, STATE, 50, 3, to=STATE_2017),
     [f"EnvelopeCarriedOver {STATE_2017} 50+3"]),
    ("an empty envelope is closed with all that is left", [], wanted(Act.CLOSE, STATE),
     [f"EnvelopeClosed {STATE} 100+100"]),
    ("a close with displace lets go, last in first, who is there and who waits", [(60, 0), (60, 0), (30, 10)],
     wanted(Act.CLOSE, CDC, displace=True), ["Released C", "Released B", "Released A", f"EnvelopeClosed {CDC} 100+0"]),
]  # fmt: skip


@pytest.mark.parametrize(("story", "asked", "command", "facts"), SCENARIOS, ids=[s[0] for s in SCENARIOS])
def test_what_a_command_tells_in_order(
    story: str, asked: list[tuple[int, int]], command: Command, facts: list[str]
) -> None:
    assert story
    assert told(commands.decide(books(*asked), command)) == facts


def test_a_close_thaws_first_and_leaves_what_is_engaged() -> None:
    found = books((60, 20), (10, 0))
    kept = found.commitments[named_id("A")]
    kept.state, kept.engagements = State.ENGAGED, {Funder.CDC: Engagement(engaged=45)}
    found.envelopes[CDC].move(ENGAGE, 45)
    commands.decide(found, wanted(Act.FREEZE, CDC, 12))
    decided = commands.decide(found, wanted(Act.CLOSE, CDC, displace=True))
    assert told(decided) == [
        "Released B", "Amended A", f"EnvelopeUnfrozen {CDC} 12+0", f"EnvelopeClosed {CDC} 55+0",
    ]  # fmt: skip
    assert isinstance(decided, Applied)
    amended = decided.facts[1]
    assert isinstance(amended, Outcome)
    assert (amended.amounts, amended.previous, amended.standing) == (Asked(45, 20), Asked(60, 20), Standing.RESERVED)
    closed = found.envelopes[CDC]
    assert (closed.authorised, closed.engaged, closed.room, closed.closed) == (45, 45, 0, True)


def test_carry_overs_share_one_limit() -> None:
    found = books()
    assert isinstance(commands.decide(found, wanted(Act.CARRY_OVER, STATE, 0, 2, to=STATE_2017)), Applied)
    assert isinstance(commands.decide(found, wanted(Act.CARRY_OVER, STATE, 0, 2, to=STATE_2017)), Refused)
    assert isinstance(commands.decide(found, wanted(Act.CARRY_OVER, STATE, 5, 1, to=STATE_2017)), Applied)


def a_command(chance: random.Random, names: list[str]) -> Command:
    """Any command at all, on a few envelopes."""
    act = chance.choice([*Act, Act.INCREASE, Act.INCREASE])
    if act is Act.CLOSE and chance.random() < 0.8:
        act = Act.REDUCE
    name = chance.choice(names)
    to = chance.choice(names) if act in (Act.TRANSFER, Act.CARRY_OVER) else None
    amount = 0 if act is Act.CLOSE else chance.choice((0, 3, 20, 60))
    payment = 0 if act is Act.CLOSE or chance.random() < 0.6 else chance.choice((1, 2, 30))
    return wanted(act, name, amount, payment, to=to, displace=chance.random() < 0.5)


@given(st.integers(0, 2**32))
def test_after_any_line_the_books_hold_and_each_fact_says_what_it_posted(seed: int) -> None:
    chance = random.Random(seed)
    scribe = Scribe(chance, ["CV219", "CV221"])
    found = Books(
        [
            envelope(step["open"], step["amount_cents"], step["amount_cents"] if ".STATE." in step["open"] else None)
            for step in scribe.openings()
        ],
        [],
    )
    for number, event in enumerate(scribe.events(40)):
        found.decide(incoming(event, number))
        if found.envelopes:
            _hold_after_command(found, a_command(chance, sorted(found.envelopes)))


def _hold_after_command(found: Books, command: Command) -> None:
    before = deepcopy(found)
    decided = commands.decide(found, command)
    if isinstance(decided, Refused):
        assert (found.envelopes, found.commitments) == (before.envelopes, before.commitments)
        return
    for fact in decided.facts:
        if isinstance(fact, EnvelopeAct):
            value = envelope_fact(fact, command, known_at=START)
            said = said_by(Fact(0, 1, NAMES, fact.type, None, START, value))
            assert postings_of(fact.type, said) == fact.postings
    _assert_sound(found)
    _assert_minimal(before, command, decided)
    conserved = command.act in (Act.TRANSFER, Act.CARRY_OVER, Act.FREEZE, Act.UNFREEZE)
    if conserved:
        assert _total(found) == _total(before)


def _total(found: Books) -> tuple[int, int]:
    return (
        sum(e.authorised for e in found.envelopes.values()),
        sum(e.payment_credits or 0 for e in found.envelopes.values()),
    )


def _assert_sound(found: Books) -> None:
    """No envelope is overdrawn, and each holds what its commitments ask."""
    asked: Counter[tuple[str, State]] = Counter()
    for commitment in found.commitments.values():
        for funder in Funder:
            name = f"{commitment.contract}.{funder}.{commitment.exercise}"
            state = State.RESERVED if commitment.state is State.ENGAGED else commitment.state
            asked[(name, state)] += promised(commitment, funder)
    for name, each in found.envelopes.items():
        assert each.room >= 0
        assert each.payable is None or each.payable >= 0
        assert (each.reserved, each.waitlisted) == (asked[(name, State.RESERVED)], asked[(name, State.WAITLISTED)])
        assert (each.waiting_count == 0) == (each.waitlisted == 0)
        assert not each.closed or each.room == 0


def _assert_minimal(before: Books, command: Command, decided: Applied) -> None:
    """Who was sent back are the last in, and without the last of them the room would not have sufficed."""
    gone = [f.commitment_id for f in decided.facts if isinstance(f, Outcome) and f.kind is Kind.DISPLACED]
    if not gone:
        return
    giver = before.envelopes[command.envelope]
    assert command.displace
    assert command.act in TAKING
    assert needs_standing(command, before.envelopes.values())
    standing = [
        c for c in before.commitments.values()
        if c.state is State.RESERVED and (c.contract, c.exercise) == (giver.contract, giver.exercise)
        and c.asked.of(giver.funder)
    ]  # fmt: skip
    last_in = sorted(standing, key=lambda c: -c.place)[: len(gone)]
    assert gone == [c.commitment_id for c in last_in]
    assert giver.room + sum(c.asked.of(giver.funder) for c in last_in[:-1]) < command.amount_cents
