"""What a published fact says must be posted, and where it leaves its commitment: read from the fact alone."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from services.funding.domain.envelope import Account, Posting
from services.funding.domain.journal import Fact, Record
from shared.contracts.allocation import Standing
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder, envelope_id

Way = tuple[Account, Account]
VOTE: Way = (Account.VOTED, Account.AVAILABLE)
ENTER: dict[Standing, Way] = {
    Standing.RESERVED: (Account.AVAILABLE, Account.RESERVED),
    Standing.WAITLISTED: (Account.DEMAND, Account.WAITLISTED),
}
UNMOVED = frozenset({"AllocationRefused", "MovementHeld", "MovementRefused"})


class FactUnreadable(ProgrammeError):
    """A fact says nothing that this version of the ledger can post."""


class Said(Struct, frozen=True):
    """What any fact of `funding.allocation.v1` may say that matters to the ledger; amounts in cents."""

    contract: str
    exercise: int | None = None
    commitment_id: UUID | None = None
    envelope_id: str = ""
    amount_cents: int = 0
    cdc_cents: int = 0
    state_cents: int = 0
    previous_cdc_cents: int = 0
    previous_state_cents: int = 0
    standing: Standing | None = None
    reason: str = ""
    movement: str = ""
    by: str = ""


class Stand(NamedTuple):
    """Where a commitment stands, and for how much, in cents."""

    state: str
    cdc: int
    state_cents: int


class Step(NamedTuple):
    """One decision about a commitment, and where it left it; None while it was never declared."""

    record: Record
    said: Said
    stand: Stand | None


_decoder = msgspec.json.Decoder(Said)


def said_by(fact: Fact) -> Said:
    """Read a fact. Raises FactUnreadable."""
    try:
        return _decoder.decode(fact.value)
    except msgspec.DecodeError as error:
        raise FactUnreadable(str(error)) from error


def postings_of(type_: str, said: Said) -> tuple[Posting, ...]:
    """What a fact must have posted, line by line. Raises FactUnreadable for a type that moves what is unknown here."""
    now, before = (said.cdc_cents, said.state_cents), (said.previous_cdc_cents, said.previous_state_cents)
    moves: list[tuple[tuple[int, int], Way]] = []
    match type_:
        case "EnvelopeOpened":
            return (Posting(said.envelope_id, *VOTE, said.amount_cents),) if said.amount_cents else ()
        case "AllocationReserved":
            moves = [(now, ENTER[Standing.RESERVED])]
        case "AllocationWaitlisted":
            moves = [(now, ENTER[Standing.WAITLISTED])]
        case "AllocationPromoted":
            moves = [(now, _back(ENTER[Standing.WAITLISTED])), (now, ENTER[Standing.RESERVED])]
        case "AllocationReleased":
            moves = [(now, _back(_way(said)))]
        case "AllocationAmended":
            moves = [(before, _back(_way(said))), (now, _way(said))]
        case moving if moving not in UNMOVED:
            raise FactUnreadable(f"{moving} is not understood here")
    return tuple(posting for amounts, way in moves for posting in _moved(said, amounts, way))


def stand_after(type_: str, said: Said, before: Stand | None) -> Stand | None:
    """Where a decision leaves its commitment."""
    match type_:
        case "AllocationReserved" | "AllocationPromoted":
            return Stand("reserved", said.cdc_cents, said.state_cents)
        case "AllocationWaitlisted":
            return Stand("waitlisted", said.cdc_cents, said.state_cents)
        case "AllocationRefused":
            return Stand("refused", said.cdc_cents, said.state_cents)
        case "AllocationReleased":
            return Stand("released", said.cdc_cents, said.state_cents)
        case "AllocationAmended":
            return Stand(str(said.standing), said.cdc_cents, said.state_cents)
        case _:
            return before


def life(records: Iterable[Record]) -> Iterator[Step]:
    """Tell a commitment's decisions in order. Raises FactUnreadable."""
    stand: Stand | None = None
    for record in records:
        if record.fact is not None:
            said = said_by(record.fact)
            stand = stand_after(record.fact.type, said, stand)
            yield Step(record, said, stand)


def asked_of(contract: str, exercise: int | None, stand: Stand) -> Iterator[str]:
    """The envelopes that a commitment asks."""
    for funder, cents in ((Funder.CDC, stand.cdc), (Funder.STATE, stand.state_cents)):
        if cents:
            yield envelope_id(contract, funder, exercise or 0)


def _way(said: Said) -> Way:
    if said.standing is None:
        raise FactUnreadable("it does not say how its amounts stood")
    return ENTER[said.standing]


def _back(way: Way) -> Way:
    return way[1], way[0]


def _moved(said: Said, amounts: tuple[int, int], way: Way) -> Iterator[Posting]:
    if said.exercise is None:
        raise FactUnreadable("it does not say of which exercise its amounts are")
    for funder, amount in zip((Funder.CDC, Funder.STATE), amounts, strict=True):
        if amount:
            yield Posting(envelope_id(said.contract, funder, said.exercise), *way, amount)
