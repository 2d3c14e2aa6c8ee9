"""Declares real grants, in order, to envelopes, by funding's own rule in memory: who is served, waits, is refused.

What is left out of the chain here (HTTP, Kafka, PostgreSQL) changes no answer: a test puts the same grants through
intake's translation and funding's database, and compares.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from fabrique.imports import Event
from services.funding import reading
from services.funding.domain.books import Books
from services.funding.domain.declaring import Declaration
from services.funding.domain.envelope import VOTE, Envelope
from services.funding.domain.outcome import Kind
from services.funding.programme import Opening
from services.intake.domain.translation import fact_of
from shared.contracts import told
from shared.kernel.ids import commitment_id

PLATFORM = "dauphin"
BENEFICIARY = UUID(int=0)
"""Whose grant it is decides nothing: here nobody is named."""
ANSWERS = {Kind.RESERVED: "reserved", Kind.WAITLISTED: "waitlisted", Kind.REFUSED: "refused"}


@dataclass(slots=True)
class Answered:
    """How many of a contract's grants were answered how, and for how many cents."""

    reserved_count: int = 0
    reserved_cents: int = 0
    waitlisted_count: int = 0
    waitlisted_cents: int = 0
    refused_count: int = 0
    refused_cents: int = 0

    def count(self, answer: str, cents: int) -> None:
        """Add one grant; `answer` is reserved, waitlisted or refused."""
        setattr(self, f"{answer}_count", getattr(self, f"{answer}_count") + 1)
        setattr(self, f"{answer}_cents", getattr(self, f"{answer}_cents") + cents)

    def named(self) -> dict[str, int]:
        """The figures by their names."""
        return asdict(self)


@dataclass(slots=True)
class Declared:
    """A grant as funding's rule receives it; it is told of once, so its event is named like the commitment."""

    event_id: UUID
    fact: Declaration
    place: int
    type: str = "CommitmentDeclared"


def published(event: Event) -> bytes:
    """Write the fact that intake publishes of a grant; its identifiers are derived from its reference."""
    said = told.CommitmentDeclared.model_validate(event["data"], strict=False)
    identifiers = {"commitment_id": commitment_id(PLATFORM, said.reference), "beneficiary_id": BENEFICIARY}
    known_at = datetime(said.exercise, 1, 1, tzinfo=UTC)
    return fact_of(said, platform=PLATFORM, known_at=known_at, identifiers=identifiers, contract=said.contract)


def play(openings: Iterable[Opening], events: Sequence[Event]) -> dict[str, Answered]:
    """Open envelopes, declare every grant in order, and return the answers by contract."""
    envelopes = []
    for opening in openings:
        envelopes.append(Envelope(opening.envelope_id, opening.contract, opening.funder, opening.exercise))
        envelopes[-1].move(VOTE, opening.amount_cents)
    books = Books(envelopes, [])
    answered: defaultdict[str, Answered] = defaultdict(Answered)
    for place, event in enumerate(events):
        fact = reading.declaration(published(event))
        for outcome in books.decide(Declared(fact.commitment_id, fact, place)):
            answered[fact.contract].count(ANSWERS[outcome.kind], fact.state_cents)
    return dict(answered)
