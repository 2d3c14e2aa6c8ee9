"""Who stands in the way is listed with what it would lose: exactly what is lost when the command may take it."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from uuid import UUID

from hypothesis import Phase, given, settings

from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import Applied, EnvelopeAct
from services.funding.domain.commitment import Asked, State
from services.funding.domain.envelope import Account
from services.funding.domain.objection import InTheWay, Objection, Refused
from shared.kernel.funders import Funder
from tests.domain.funding.test_each_funder import lives
from tests.support.clerk import DAY, Clerk
from tests.support.commitment_events import Json
from tests.support.life_programmes import draw_until_met


def listed(books: Books, command: Command) -> tuple[InTheWay, ...]:
    """Who stands in the way of a command that is given without a choice; the books stay as they are."""
    answer = commands.decide(deepcopy(books), replace(command, displace=False))
    if isinstance(answer, Refused) and answer.objection in (Objection.NO_ROOM, Objection.ENVELOPE_IN_USE):
        return answer.in_the_way
    return ()


def lost(books: Books, command: Command) -> dict[UUID, dict[str, tuple[Account, int]]] | None:
    """What each commitment loses, of which envelope and account, before the envelope's own fact; None when refused."""
    answer = commands.decide(deepcopy(books), replace(command, displace=True))
    if not isinstance(answer, Applied):
        return None
    found: dict[UUID, dict[str, tuple[Account, int]]] = {}
    for fact in answer.facts:
        if isinstance(fact, EnvelopeAct):
            break
        for posting in fact.postings:
            if posting.credit in (Account.RESERVED, Account.WAITLISTED):
                lines = found.setdefault(fact.commitment_id, {})
                assert posting.envelope_id not in lines
                lines[posting.envelope_id] = (posting.credit, posting.amount_cents)
    return found


def compare(books: Books, command: Command) -> list[str]:
    """Hold the list against what happens; return what was met."""
    named = listed(books, command)
    taken = lost(books, command) if named else None
    if taken is None:
        return []
    assert {each.commitment_id for each in named if each.goes} == {*taken}
    met = []
    for each in named:
        commitment = books.commitments[each.commitment_id]
        assert each.place == commitment.place
        if not each.goes:
            continue
        by_funder = {Funder(name.split(".")[1]): line for name, line in taken[each.commitment_id].items()}
        assert each.amounts == Asked(*(by_funder.get(funder, (None, 0))[1] for funder in Funder))
        account, _ = taken[each.commitment_id][command.envelope]
        if account is Account.WAITLISTED:
            assert each.state == State.WAITLISTED
        else:
            assert each.state == commitment.state
        mixed = "mixed" if commitment.waits else "part" if each.amounts != commitment.asked else "whole"
        met.append(f"{command.act} {mixed} {each.state}")
    return met


def as_taking(step: Json, books: Books) -> list[Command]:
    """A reduction of half of what is reserved, and a close, of the envelope that a step commands."""
    envelope = books.envelopes.get(step.get("envelope", ""))
    if envelope is None or envelope.closed:
        return []
    amount = envelope.room + (envelope.reserved + 1) // 2
    return [
        Command(Act.REDUCE, envelope.envelope_id, "cdc", "reserve", DAY, amount, 0, None),
        Command(Act.CLOSE, envelope.envelope_id, "cdc", "reserve", DAY, 0, 0, None),
    ]


def test_what_is_listed_is_what_would_be_lost() -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
    @given(lives())
    def draw(steps: list[Json]) -> None:
        clerk = Clerk()
        for step in steps:
            for command in as_taking(step, clerk.books):
                met.update(compare(clerk.books, command))
            clerk.tell([step])

    draw_until_met(draw, met, (
        "reduce whole reserved", "reduce part reserved", "reduce mixed reserved",
        "close whole reserved", "close whole waitlisted", "close part reserved", "close part engaged",
        "close mixed reserved", "close mixed waitlisted", "close mixed engaged",
    ))  # fmt: skip
