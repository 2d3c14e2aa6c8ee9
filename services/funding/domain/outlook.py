"""What managers should look at: sums over envelopes, credit that nobody uses late in the year, credit that expires."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.funding.domain.envelope import Envelope

LATE_FROM_MONTH = 10
"""From October on, credit that nobody has asked for is worth a look."""
MUCH_ROOM = 0.25
"""Of what may be used."""


class Sum(NamedTuple):
    """Balances of some envelopes added up, in cents; payment credits only of those that have some."""

    authorised: int = 0
    reserved: int = 0
    engaged: int = 0
    paid: int = 0
    frozen: int = 0
    waitlisted: int = 0
    lapsed: int = 0
    room: int = 0
    payment_credits: int = 0
    payments_frozen: int = 0
    payable: int = 0


def sum_of(envelopes: Iterable[Envelope]) -> Sum:
    """Add balances up."""
    rows = [tuple(getattr(envelope, name) or 0 for name in Sum._fields) for envelope in envelopes]
    return Sum(*map(sum, zip(*rows, strict=True)))


def expiring(envelopes: Iterable[Envelope], exercise: int) -> list[Envelope]:
    """The open envelopes of an exercise that hold credit which the end of its year takes away: room, or payable."""
    return [e for e in envelopes if e.exercise == exercise and not e.closed and (e.room or e.payable)]


def overdue(envelopes: Iterable[Envelope], as_of: date) -> list[Envelope]:
    """The envelopes whose year is over and that nobody has closed, though they still hold credit."""
    return [e for e in envelopes if e.exercise < as_of.year and not e.closed and (e.room or e.payable)]


def idle(envelopes: Iterable[Envelope], as_of: date) -> list[Envelope]:
    """The open envelopes of the running year of which much is still free late in it, the freest first."""
    if as_of.month < LATE_FROM_MONTH:
        return []
    found = [
        e for e in envelopes
        if e.exercise == as_of.year and not e.closed and e.room > MUCH_ROOM * (e.authorised - e.frozen)
    ]  # fmt: skip
    return sorted(found, key=lambda e: (-e.room, e.envelope_id))
