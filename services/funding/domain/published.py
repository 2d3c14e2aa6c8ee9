"""What a published fact says must be posted, and where it leaves its commitment: read from the fact alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from services.funding.domain.commitment import Asked, State
from services.funding.domain.envelope import (
    DECOMMIT,
    ENGAGE,
    FREEZE,
    FREEZE_PAYMENT,
    LAPSE,
    PAY,
    PAY_FROM_TREASURY,
    RESERVE,
    VOTE,
    VOTE_PAYMENT,
    WAIT,
    Posting,
    Way,
)
from services.funding.domain.journal import Fact, Payment, Record
from shared.contracts.reasons import Standing
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder, envelope_id

NOTHING = Asked(0, 0)
ENTER: dict[Standing, Way] = {Standing.RESERVED: RESERVE, Standing.WAITLISTED: WAIT}
UNMOVED = frozenset({"AllocationRefused", "CertificationRecorded", "MovementHeld", "MovementRefused"})
BEGUN = {"AllocationReserved": "reserved", "AllocationRefused": "refused", "AllocationReleased": "released"}
"""Decisions that say a commitment's state and all that it asks; none of them follows an engagement."""
QUEUED = {"AllocationWaitlisted": "reserved", "AllocationPromoted": "waitlisted", "AllocationDisplaced": "reserved"}
"""Decisions that move a part, or all, into the line or out of it, and how that stood before."""
ACTS: dict[str, tuple[Way, Way]] = {
    "EnvelopeOpened": (VOTE, VOTE_PAYMENT),
    "EnvelopeIncreased": (VOTE, VOTE_PAYMENT),
    "EnvelopeReceived": (VOTE, VOTE_PAYMENT),
    "EnvelopeCarriedOver": (VOTE, VOTE_PAYMENT),
    "EnvelopeReduced": (VOTE.back, VOTE_PAYMENT.back),
    "EnvelopeTransferred": (VOTE.back, VOTE_PAYMENT.back),
    "EnvelopeClosed": (VOTE.back, VOTE_PAYMENT.back),
    "EnvelopeFrozen": (FREEZE, FREEZE_PAYMENT),
    "EnvelopeUnfrozen": (FREEZE.back, FREEZE_PAYMENT.back),
}
"""What each act does with what may be engaged, and with what may be paid."""


class FactUnreadable(ProgrammeError):
    """A fact says nothing that this version of the ledger can post."""


class Said(Struct, frozen=True):
    """What any fact of `funding.allocation.v1` may say that matters to the ledger; amounts in cents."""

    contract: str
    exercise: int | None = None
    commitment_id: UUID | None = None
    envelope_id: str = ""
    from_envelope_id: str = ""
    amount_cents: int = 0
    payment_cents: int = 0
    cdc_cents: int = 0
    state_cents: int = 0
    previous_cdc_cents: int = 0
    previous_state_cents: int = 0
    standing: Standing | None = None
    same_exercise: bool = False
    funder: Funder | None = None
    credit_exercise: int | None = None
    from_payment_credits: bool = False
    reason: str = ""
    movement: str = ""
    movement_id: UUID | None = None
    by: str = ""
    occurred_on: date | None = None


class Stand(NamedTuple):
    """Where a commitment stands: what it asks of each funder, and what each engaged, certified and paid, in cents.

    `waits` is the one funder whose part waits while the commitment is reserved or engaged.
    """

    state: str
    asked: Asked
    engaged: Asked = NOTHING
    certified: Asked = NOTHING
    paid: Asked = NOTHING
    waits: Funder | None = None

    @property
    def waiting(self) -> Asked:
        """What of it waits, in cents."""
        return self.of_parts_that_wait(self.asked)

    def of_parts_that_wait(self, asked: Asked) -> Asked:
        """What of other amounts would wait, as it stands."""
        whole = self.state == State.WAITLISTED
        return Asked(*(asked.of(funder) if whole or self.waits == funder else 0 for funder in Funder))

    def with_waiting(self, asked: Asked, waiting: Asked) -> "Stand":
        """The same, when this is asked and that much of it waits."""
        stands = [funder for funder in Funder if asked.of(funder) > waiting.of(funder)]
        waits = [funder for funder in Funder if waiting.of(funder)]
        if self.state == State.ENGAGED or stands or not waits:
            state = "engaged" if self.state == State.ENGAGED else "reserved"
            return self._replace(state=state, asked=asked, waits=waits[0] if waits else None)
        return self._replace(state="waitlisted", asked=asked, waits=None)


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
    if type_ in ACTS:
        return tuple(_of_act(type_, said))
    return tuple(posting for way, amounts in _moves(type_, said) for posting in _moved(said, amounts, way))


def _of_act(type_: str, said: Said) -> Iterator[Posting]:
    """Of who gives, then of who receives; what may be engaged before what may be paid."""
    taking = ACTS[type_]
    giving = tuple(way.back for way in taking) if said.from_envelope_id and type_ == "EnvelopeCarriedOver" else ()
    for name, ways in ((said.from_envelope_id, giving), (said.envelope_id, taking)):
        for way, amount in zip(ways, (said.amount_cents, said.payment_cents), strict=False):
            if amount:
                yield Posting(name, *way, amount)


def _moves(type_: str, said: Said) -> Iterator[tuple[Way, tuple[int, int]]]:
    now = (said.cdc_cents, said.state_cents)
    match type_:
        case "AllocationReserved":
            yield RESERVE, now
        case "AllocationWaitlisted":
            yield WAIT, now
        case "AllocationPromoted":
            yield WAIT.back, now
            yield RESERVE, now
        case "AllocationDisplaced":
            yield RESERVE.back, now
            yield WAIT, now
        case "AllocationReleased" | "AllocationClosed":
            yield _way(said).back, now
        case "AllocationAmended":
            yield _way(said), (now[0] - said.previous_cdc_cents, now[1] - said.previous_state_cents)
        case "AllocationEngaged":
            yield ENGAGE, now
        case "AllocationDecommitted":
            yield DECOMMIT if said.same_exercise else LAPSE, now
        case "PaymentRecorded":
            yield PAY if said.from_payment_credits else PAY_FROM_TREASURY, now
        case "PaymentReturnRecorded":
            yield (PAY if said.from_payment_credits else PAY_FROM_TREASURY).back, now
        case moving if moving not in UNMOVED:
            raise FactUnreadable(f"{moving} is not understood here")


def stand_after(type_: str, said: Said, before: Stand | None) -> Stand | None:
    """Where a decision leaves its commitment."""
    now = Asked(said.cdc_cents, said.state_cents)
    if type_ in BEGUN:
        return Stand(BEGUN[type_], now)
    if type_ in QUEUED:
        return _queued(type_, now, before)
    if before is None:
        return None
    if type_ == "AllocationAmended":
        return before.with_waiting(now, before.of_parts_that_wait(now))
    return before._replace(**_changes(type_, now, before))


def _queued(type_: str, now: Asked, before: Stand | None) -> Stand:
    """Where who enters the line, leaves it, or goes back into it, whole or in part, comes to stand."""
    if type_ == "AllocationWaitlisted":
        if before is None or before.state != State.RESERVED:
            return Stand("waitlisted", now)
        return before.with_waiting(_added(before.asked, now), now)  # the other part was reserved: one declaration
    stands = before or Stand(QUEUED[type_], now)
    return stands.with_waiting(stands.asked, _added(stands.waiting, now, -1 if type_ == "AllocationPromoted" else 1))


def _changes(type_: str, now: Asked, before: Stand) -> dict[str, Any]:
    """What a decision changes of where a commitment stood."""
    changes: dict[str, Any] = {}
    match type_:
        case "AllocationEngaged":
            changes = {"state": "engaged", "engaged": _added(before.engaged, now)}
        case "CertificationRecorded":
            changes = {"certified": _added(before.certified, now)}
        case "PaymentRecorded":
            changes = {"paid": _added(before.paid, now)}
        case "PaymentReturnRecorded":
            paid = _added(before.paid, now, -1)
            owed = zip(before.certified, before.paid, paid, strict=True)
            certified = Asked(*(min(due, left) if due <= was else due for due, was, left in owed))
            changes = {"certified": certified, "paid": paid}
        case "AllocationDecommitted":
            changes = {"asked": _added(before.asked, now, -1), "engaged": _added(before.engaged, now, -1)}
        case "AllocationClosed":
            changes = {"state": "closed", "asked": _added(before.asked, now, -1)}
    return changes


def paid_by(type_: str, said: Said) -> Iterator[Payment]:
    """What a fact moves of what each exercise's credits paid; a return takes away."""
    sign = {"PaymentRecorded": 1, "PaymentReturnRecorded": -1}.get(type_)
    exercise = said.exercise if said.credit_exercise is None else said.credit_exercise
    if sign is None or said.commitment_id is None or exercise is None:
        return
    for funder, cents in ((Funder.CDC, said.cdc_cents), (Funder.STATE, said.state_cents)):
        if cents:
            yield Payment(said.commitment_id, funder, exercise, sign * cents)


def _added(one: Asked, other: Asked, sign: int = 1) -> Asked:
    return Asked(one.cdc + sign * other.cdc, one.state + sign * other.state)


def life(records: Iterable[Record]) -> Iterator[Step]:
    """Tell a commitment's decisions in order. Raises FactUnreadable."""
    stand: Stand | None = None
    for record in records:
        if record.fact is not None:
            said = said_by(record.fact)
            stand = stand_after(record.fact.type, said, stand)
            yield Step(record, said, stand)


def whole_cents(facts: Sequence[Fact]) -> list[int | None]:
    """What a commitment asked in all after each of its facts, in cents; a declaration that made two facts is one.

    None where it was never declared. Raises FactUnreadable.
    """
    asked: list[int | None] = []
    stand: Stand | None = None
    for fact, behind in zip_longest(facts, facts[1:]):
        stand = stand_after(fact.type, said_by(fact), stand)
        whole = stand
        if fact.type == "AllocationReserved" and behind is not None and behind.type == "AllocationWaitlisted":
            whole = stand_after(behind.type, said_by(behind), stand)
        asked.append(None if whole is None else sum(whole.asked))
    return asked


def waited_for(contract: str, exercise: int | None, stand: Stand) -> Iterator[str]:
    """The envelopes that a commitment waits for."""
    for funder in Funder:
        if stand.waiting.of(funder):
            yield envelope_id(contract, funder, exercise or 0)


def _way(said: Said) -> Way:
    if said.standing is None:
        raise FactUnreadable("it does not say how its amounts stood")
    return ENTER[said.standing]


def _moved(said: Said, amounts: tuple[int, int], way: Way) -> Iterator[Posting]:
    """Post each funder's amount; one below zero goes the other way."""
    exercise = said.exercise if said.credit_exercise is None else said.credit_exercise
    if exercise is None:
        raise FactUnreadable("it does not say of which exercise its amounts are")
    for funder, amount in zip((Funder.CDC, Funder.STATE), amounts, strict=True):
        if amount:
            yield Posting(envelope_id(said.contract, funder, exercise), *(way if amount > 0 else way.back), abs(amount))
