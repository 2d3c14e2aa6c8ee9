"""Folds `funding.allocation.v1` into envelopes, as its contract says and not as any service does it."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fabrique.reconcile.log import Record

FUNDERS = {"CDC": "cdc_cents", "STATE": "state_cents"}
UNMOVED = frozenset({"MovementHeld", "MovementRefused"})
PROMOTED = "AllocationPromoted"


@dataclass(slots=True)
class Envelope:
    """What the facts of one envelope add up to, in cents; what was never opened can only refuse."""

    opened: bool = False
    authorised: int = 0
    frozen: int = 0
    reserved: int = 0
    waitlisted: int = 0
    reserved_count: int = 0
    waiting_count: int = 0
    refused_count: int = 0

    @property
    def available(self) -> int:
        """What may still be reserved."""
        return self.authorised - self.frozen - self.reserved


@dataclass(slots=True)
class Books:
    """All envelopes, how many decisions each event caused, and what must never be in the log."""

    envelopes: dict[str, Envelope] = field(default_factory=dict)
    decisions: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Fold one fact; afterwards no envelope that it touched may be overdrawn."""
        fact = json.loads(record.value or b"{}")
        if record.type.startswith("Envelope"):
            touched = [self._open(record, fact)]
        else:
            if record.type != PROMOTED:
                self.decisions[record.cause] += 1
            touched = self._move(record, fact)
        for name in touched:
            envelope = self.envelopes[name]
            if envelope.available < 0 or min(envelope.reserved, envelope.waitlisted) < 0:
                self.faults.append(f"{name} is overdrawn after {record.partition}@{record.offset}: {envelope}")

    def _open(self, record: Record, fact: dict[str, Any]) -> str:
        name = str(fact["envelope_id"])
        envelope = self.envelopes.setdefault(name, Envelope())
        if record.type != "EnvelopeOpened":
            self.faults.append(f"{record.type} at {record.partition}@{record.offset} is not understood here")
        elif envelope.opened:
            self.faults.append(f"{name} is opened twice")
        else:
            envelope.opened, envelope.authorised = True, fact["amount_cents"]
        return name

    def _move(self, record: Record, fact: dict[str, Any]) -> list[str]:
        """Do to each envelope that is asked, or was, what the decision says."""
        if record.type in UNMOVED:
            return []
        touched = []
        for funder, amount in FUNDERS.items():
            name = f"{fact['contract']}.{funder}.{fact['exercise']}"
            now, before = fact[amount], fact.get(f"previous_{amount}", 0)
            if not now and not before:
                continue
            envelope = self.envelopes.setdefault(name, Envelope())
            if not envelope.opened and record.type != "AllocationRefused":
                self.faults.append(f"{record.type} at {record.partition}@{record.offset}: {name} was never opened")
            self._apply(record, fact, envelope, now, before)
            touched.append(name)
        return touched

    def _apply(self, record: Record, fact: dict[str, Any], envelope: Envelope, now: int, before: int) -> None:
        reserved = fact.get("standing") == "reserved"
        match record.type:
            case "AllocationReserved":
                _reserve(envelope, now, 1)
            case "AllocationWaitlisted":
                _wait(envelope, now, 1)
            case "AllocationPromoted":
                _wait(envelope, -now, -1)
                _reserve(envelope, now, 1)
            case "AllocationReleased":
                (_reserve if reserved else _wait)(envelope, -now, -1)
            case "AllocationAmended":
                asked = bool(now) - bool(before)
                (_reserve if reserved else _wait)(envelope, now - before, asked)
            case "AllocationRefused":
                envelope.refused_count += 1
            case other:
                self.faults.append(f"{other} at {record.partition}@{record.offset} is not understood here")


def fold(records: Iterable[Record]) -> Books:
    """Fold the records of `funding.allocation.v1`, each partition in its order."""
    books = Books()
    for record in records:
        books.take(record)
    return books


def _reserve(envelope: Envelope, cents: int, count: int) -> None:
    envelope.reserved += cents
    envelope.reserved_count += count


def _wait(envelope: Envelope, cents: int, count: int) -> None:
    envelope.waitlisted += cents
    envelope.waiting_count += count
