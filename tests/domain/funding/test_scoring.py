"""A score is refused with the field at fault, and then changes nothing; kept, it serves who fits now."""

from copy import deepcopy
from datetime import date
from uuid import UUID

import pytest

from services.funding.domain import scoring
from services.funding.domain.books import Books
from services.funding.domain.commands import Applied, open_envelope
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.objection import Objection, Refused
from services.funding.domain.outcome import Outcome
from services.funding.domain.scoring import Scoring
from shared.kernel.funders import Funder

WHO = UUID(int=7)


def scored(score: int | None = 500, *, contract: str = "CV219", who: UUID = WHO) -> Scoring:
    return Scoring(contract, who, score, "cdc", "committee", date(2016, 10, 1))


def books(state: State) -> Books:
    """An envelope of 100, and one commitment that asks 60 of it."""
    envelope = Envelope("CV219.CDC.2016", "CV219", Funder.CDC, 2016)
    open_envelope(envelope, 100, None)
    if state is State.WAITLISTED:
        envelope.wait(60)
        envelope.waiting_count = 1
    return Books([envelope], [Commitment(WHO, "CV219", 2016, Asked(60, 0), 99, 5, 1, state)])


@pytest.mark.parametrize(
    ("state", "said", "objection"),
    [
        (State.WAITLISTED, scored(who=UUID(int=8)), Objection.COMMITMENT_UNKNOWN),
        (State.WAITLISTED, scored(contract="CV221"), Objection.COMMITMENT_UNKNOWN),
        (State.REFUSED, scored(), Objection.NOT_STANDING),
        (State.RELEASED, scored(), Objection.NOT_STANDING),
        (State.CLOSED, scored(None), Objection.NOT_STANDING),
    ],
)
def test_a_refused_score_names_the_commitment_and_changes_nothing(
    state: State, said: Scoring, objection: Objection
) -> None:
    kept = books(state)
    before = deepcopy(kept.commitments)
    assert scoring.decide(kept, said) == Refused(objection, "commitment_id")
    assert (kept.commitments, kept.changed_commitments) == (before, {})


def test_a_score_is_kept_and_who_fits_is_served() -> None:
    kept = books(State.WAITLISTED)
    decided = scoring.decide(kept, scored(812))
    assert isinstance(decided, Applied)
    assert [fact.kind for fact in decided.facts if isinstance(fact, Outcome)] == ["AllocationPromoted"]
    found = kept.commitments[WHO]
    assert (found.score, found.state, kept.changed_commitments) == (812, State.RESERVED, {WHO: found})
    assert (kept.envelopes["CV219.CDC.2016"].reserved, kept.envelopes["CV219.CDC.2016"].version) == (60, 1)
