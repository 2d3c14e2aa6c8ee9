"""What a committee thinks of a commitment: a score, by which rules may order the waitlist."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.funding.domain.books import ENDED, Books
from services.funding.domain.commands import Applied
from services.funding.domain.objection import Objection, Refused

SCORE_MAX = 1000
"""The least is 0."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a manager says: the score of a commitment of this contract, None to take it away; `by` is a role."""

    contract: str
    commitment_id: UUID
    score: int | None
    by: str
    reason: str
    effective_on: date


def decide(books: Books, scoring: Scoring) -> Applied | Refused:
    """Keep a score; promotions follow, and held movements are looked at again.

    The caller has loaded the commitment and all that wait beside it, with what the contract holds.
    """
    commitment = books.commitments.get(scoring.commitment_id)
    if commitment is None or commitment.contract != scoring.contract:
        return Refused(Objection.COMMITMENT_UNKNOWN, "commitment_id")
    if commitment.state in ENDED:
        return Refused(Objection.NOT_STANDING, "commitment_id")
    commitment.score = scoring.score
    books.changed_commitments[commitment.commitment_id] = commitment
    outcomes = [*books.promote(commitment.contract, commitment.exercise), *books.settle(commitment.contract)]
    books.count(outcomes)
    return Applied(tuple(outcomes))
