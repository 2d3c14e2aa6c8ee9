"""Folds `funding.allocation.v1` into envelopes, as its contract says and not as any service does it."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from fabrique.reconcile.log import Record

FUNDERS = {"CDC": "cdc_cents", "STATE": "state_cents"}
UNMOVED = frozenset({"MovementRefused", "CertificationRecorded"})
HELD = "MovementHeld"
UNASKED = frozenset({"AllocationPromoted", "AllocationDisplaced"})
"""Types that answer no event: what another event or a command did to a commitment."""
CREDITS: dict[str, tuple[str, str, int]] = {
    "EnvelopeOpened": ("authorised", "payment_credits", 1),
    "EnvelopeIncreased": ("authorised", "payment_credits", 1),
    "EnvelopeReceived": ("authorised", "payment_credits", 1),
    "EnvelopeCarriedOver": ("authorised", "payment_credits", 1),
    "EnvelopeReduced": ("authorised", "payment_credits", -1),
    "EnvelopeTransferred": ("authorised", "payment_credits", -1),
    "EnvelopeClosed": ("authorised", "payment_credits", -1),
    "EnvelopeFrozen": ("frozen", "payments_frozen", 1),
    "EnvelopeUnfrozen": ("frozen", "payments_frozen", -1),
}
"""What the two amounts of a manager's act are added to, or taken from."""
Fact = dict[str, Any]


@dataclass(slots=True)
class Envelope:
    """What the facts of one envelope add up to, in cents; what was never opened can only refuse."""

    opened: bool = False
    closed: bool = False
    has_payment_credits: bool = False
    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    waitlisted: int = 0
    engaged: int = 0
    lapsed: int = 0
    paid: int = 0
    payment_credits: int = 0
    payments_frozen: int = 0
    refused_count: int = 0
    of_commitment: dict[str, Counter[str]] = field(default_factory=dict)
    """What each commitment has here: reserved, waitlisted, engaged."""

    @property
    def available(self) -> int:
        """What may still be reserved."""
        return self.authorised - self.frozen - self.reserved - self.engaged - self.lapsed

    @property
    def payable(self) -> int:
        """What may still be paid; 0 for a funder without payment credits."""
        return self.payment_credits - self.payments_frozen - self.paid if self.has_payment_credits else 0

    @property
    def reserved_count(self) -> int:
        """Commitments with something reserved."""
        return self._count("reserved")

    @property
    def waiting_count(self) -> int:
        """Commitments with something that waits."""
        return self._count("waitlisted")

    @property
    def engaged_count(self) -> int:
        """Commitments with something engaged."""
        return self._count("engaged")

    @property
    def is_overdrawn(self) -> bool:
        """Whether more is used or paid than may be, or anything has fallen below zero."""
        amounts = [getattr(self, each.name) for each in fields(self) if each.name != "of_commitment"]
        return bool(min(self.available, self.payable, *amounts) < 0)

    def _count(self, account: str) -> int:
        return sum(bool(cents[account]) for cents in self.of_commitment.values())


@dataclass(slots=True)
class Books:
    """All envelopes, what answered each event, which events are held, and what must never be in the log."""

    envelopes: dict[str, Envelope] = field(default_factory=dict)
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    commands: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Fold one fact; afterwards no envelope that it touched may be overdrawn."""
        fact = json.loads(record.value or b"{}")
        if record.type.startswith("Envelope"):
            self.commands.add(record.cause)
            touched = self._act(record, fact)
        else:
            self._answer(record, fact)
            touched = self._move(record, fact)
        for name in touched:
            if self.envelopes[name].is_overdrawn:
                self._fault(record, f"{name} is overdrawn: {self.envelopes[name]}")

    def _answer(self, record: Record, fact: Fact) -> None:
        """Note which event a decision answers: its cause, or the event that was held until now."""
        if record.type == HELD:
            self.held[record.cause] += 1
        elif record.type not in UNASKED:
            kind = f"{record.type} {fact['standing']}" if record.type == "AllocationAmended" else record.type
            self.answers.setdefault(fact.get("movement_id") or record.cause, Counter())[kind] += 1

    def _act(self, record: Record, fact: Fact) -> list[str]:
        """Do what a manager's act says; a carry-over comes out of the envelope of the exercise before."""
        name = str(fact["envelope_id"])
        if record.type not in CREDITS:
            self._fault(record, f"{record.type} is not understood here")
            return []
        envelope = self.envelopes.setdefault(name, Envelope())
        if (record.type == "EnvelopeOpened") is envelope.opened or envelope.closed:
            stands = "closed" if envelope.closed else "open already" if envelope.opened else "never opened"
            self._fault(record, f"{record.type} of {name}, which is {stands}")
        envelope.opened = True
        envelope.closed |= record.type == "EnvelopeClosed"
        _credit(envelope, CREDITS[record.type], fact)
        if record.type != "EnvelopeCarriedOver":
            return [name]
        giver = fact["from_envelope_id"]
        _credit(self.envelopes.setdefault(giver, Envelope()), CREDITS["EnvelopeReduced"], fact)
        return [name, giver]

    def _move(self, record: Record, fact: Fact) -> list[str]:
        """Do to each envelope that is asked, or was, what the decision says."""
        if record.type in UNMOVED or record.type == HELD:
            return []
        touched = []
        for funder, amount in FUNDERS.items():
            now, before = fact[amount], fact.get(f"previous_{amount}", 0)
            if (not now and not before) or fact.get("funder", funder) != funder:
                continue
            name = f"{fact['contract']}.{funder}.{fact.get('credit_exercise') or fact['exercise']}"
            envelope = self.envelopes.setdefault(name, Envelope())
            if not envelope.opened and record.type != "AllocationRefused":
                self._fault(record, f"{name} was never opened")
            moved = _moved(record.type, fact, now, before)
            if moved is None:
                self._fault(record, f"{record.type} is not understood here")
                continue
            if min(_add(envelope, str(fact["commitment_id"]), moved).values()) < 0:
                self._fault(record, f"a commitment has less than nothing of {name}")
            touched.append(name)
        return touched

    def _fault(self, record: Record, what: str) -> None:
        self.faults.append(f"{record.partition}@{record.offset}: {what}")


def fold(records: Iterable[Record]) -> Books:
    """Fold the records of `funding.allocation.v1`, each partition in its order."""
    books = Books()
    for record in records:
        books.take(record)
    return books


def _credit(envelope: Envelope, moved: tuple[str, str, int], fact: Fact) -> None:
    """Add the two amounts of an act; `payment_cents` is there only since payment credits are told."""
    to_engage, to_pay, sign = moved
    payment = fact.get("payment_cents", 0)
    setattr(envelope, to_engage, getattr(envelope, to_engage) + sign * fact["amount_cents"])
    setattr(envelope, to_pay, getattr(envelope, to_pay) + sign * payment)
    envelope.has_payment_credits |= bool(fact.get("has_payment_credits", False) or payment)


def _moved(type_: str, fact: Fact, now: int, before: int) -> dict[str, int] | None:
    """Say what a decision adds to which amounts; None when it is not understood."""
    stands = "waitlisted" if fact.get("standing") == "waitlisted" else "reserved"
    return {
        "AllocationReserved": {"reserved": now},
        "AllocationWaitlisted": {"waitlisted": now},
        "AllocationPromoted": {"waitlisted": -now, "reserved": now},
        "AllocationDisplaced": {"reserved": -now, "waitlisted": now},
        "AllocationReleased": {stands: -now},
        "AllocationClosed": {stands: -now},
        "AllocationAmended": {stands: now - before},
        "AllocationRefused": {"refused_count": 1},
        "AllocationEngaged": {"reserved": -now, "engaged": now},
        "AllocationDecommitted": {"engaged": -now, "lapsed": 0 if fact.get("same_exercise") else now},
        "PaymentRecorded": {"paid": now},
        "PaymentReturnRecorded": {"paid": -now},
    }.get(type_)


def _add(envelope: Envelope, commitment_id: str, moved: dict[str, int]) -> Counter[str]:
    """Add to an envelope's amounts, and return what the commitment has there now."""
    cents_of = envelope.of_commitment.setdefault(commitment_id, Counter())
    for account, cents in moved.items():
        setattr(envelope, account, getattr(envelope, account) + cents)
        cents_of[account] += cents
    return cents_of
