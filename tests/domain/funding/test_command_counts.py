"""What a command leaves to be written: versions that count facts, what changed; and what must be loaded before it."""

from uuid import UUID

import pytest

from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command, needs_standing
from services.funding.domain.commands import Applied
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import Envelope
from shared.kernel.funders import Funder
from tests.support.commands import CDC, CDC_NEXT_DOOR, wanted
from tests.support.commitment_events import event
from tests.support.sequential import incoming


def books(*reserved: int, room: int = 10) -> Books:
    """Two envelopes of the CDC; commitments are reserved in the first, by their place."""
    envelopes = [
        Envelope(CDC, "CV219", Funder.CDC, 2016, room + sum(reserved), reserved=sum(reserved), version=7),
        Envelope(CDC_NEXT_DOOR, "CV221", Funder.CDC, 2016, 10, version=4),
    ]
    return Books(envelopes, [
        Commitment(UUID(int=place), "CV219", 2016, Asked(cents, 0), 99, 5, place, State.RESERVED)
        for place, cents in enumerate(reserved)
    ])  # fmt: skip


@pytest.mark.parametrize(("command", "versions", "changed"), [
    (wanted(Act.INCREASE, CDC, 1), (8, 4), {CDC}),
    (wanted(Act.TRANSFER, CDC, 1, to=CDC_NEXT_DOOR), (8, 5), {CDC, CDC_NEXT_DOOR}),
    (wanted(Act.REDUCE, CDC, 25, displace=True), (10, 4), {CDC}),
    (wanted(Act.CLOSE, CDC_NEXT_DOOR), (7, 5), {CDC_NEXT_DOOR}),
])  # fmt: skip
def test_each_fact_counts_in_the_version_of_every_envelope_that_it_moves(
    command: Command, versions: tuple[int, int], changed: set[str]
) -> None:
    found = books(9, 9)
    assert isinstance(commands.decide(found, command), Applied)
    assert tuple(envelope.version for envelope in found.envelopes.values()) == versions
    assert found.changed_envelopes == changed


def test_a_close_of_nothing_counts_as_well() -> None:
    found = books(room=0)
    commands.decide(found, wanted(Act.CLOSE, CDC))
    assert (found.envelopes[CDC].version, found.changed_envelopes) == (8, {CDC})


def test_what_was_held_and_is_decided_is_told_apart_from_what_still_waits() -> None:
    found = books()
    act = incoming(event("CommitmentEngaged", "A", contract="CV219", number=1, funder="CDC", exercise=2016,
                         amount_cents=1), 1)  # fmt: skip
    found.decide(act)
    assert found.settled == set()
    found.decide(incoming(event("CommitmentDeclared", "A", contract="CV219", number=2, exercise=2016, priority=5,
                                cdc_cents=1, state_cents=0, cost_cents=1), 2))  # fmt: skip
    assert found.settled == {act.event_id}


@pytest.mark.parametrize(("command", "all_that_stands"), [
    (wanted(Act.INCREASE, CDC, 99), False),
    (wanted(Act.UNFREEZE, CDC, 99), False),
    (wanted(Act.REDUCE, CDC, 10), False),
    (wanted(Act.REDUCE, CDC, 11), True),
    (wanted(Act.TRANSFER, CDC, 11, to=CDC_NEXT_DOOR), True),
    (wanted(Act.REDUCE, CDC, 1, displace=True), True),
    (wanted(Act.CLOSE, CDC), True),
    (wanted(Act.REDUCE, "CV299.CDC.2016", 1), True),
    (wanted(Act.REDUCE, "CV299.CDC.2016", 0, 1), False),
])  # fmt: skip
def test_all_that_stands_is_loaded_where_somebody_may_stand_in_the_way(command: Command, all_that_stands: bool) -> None:
    envelopes = reversed(books(30).envelopes.values())
    assert needs_standing(command, envelopes) is all_that_stands
