"""How a command is kept: what it says, a hash that recognises it, and what came of it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import Applied, EnvelopeAct, Told
from services.funding.domain.envelope import Envelope
from services.funding.domain.objection import Refused
from services.funding.store import tables
from shared.kernel.ids import derived_id

LISTED_MAX = 200
"""How many commitments in the way are named; their count is always told."""


def outcome(
    command_id: UUID, decided: Applied | Refused, before: Mapping[str, Envelope], books: Books
) -> dict[str, Any]:
    """Say what came of a command, for whoever asks again."""
    if isinstance(decided, Refused):
        named = decided.in_the_way[:LISTED_MAX]
        return {
            "refusal": decided.objection.value, "field": decided.field,
            "in_the_way_count": len(decided.in_the_way),
            "in_the_way": [
                {"commitment_id": str(c.commitment_id), "state": c.state, "place": c.place, "sent_back": c.goes,
                 "cdc_cents": c.amounts.cdc, "state_cents": c.amounts.state}
                for c in named
            ],
        }  # fmt: skip
    return {
        "facts": [_told(fact, derived_id(command_id, ordinal)) for ordinal, fact in enumerate(decided.facts)],
        "envelopes": [
            {"envelope_id": name, "before": _balances(was), "after": _balances(books.envelopes[name])}
            for name, was in before.items()
        ],
    }


def _told(fact: Told, event_id: UUID) -> dict[str, object]:
    if isinstance(fact, EnvelopeAct):
        amounts = {"amount_cents": fact.amount_cents, "payment_cents": fact.payment_cents}
        return {"id": str(event_id), "type": fact.type, "envelope_id": fact.envelope.envelope_id, **amounts}
    asked = {"cdc_cents": fact.amounts.cdc, "state_cents": fact.amounts.state}
    return {"id": str(event_id), "type": fact.kind.value, "commitment_id": str(fact.commitment_id), **asked}


def _balances(envelope: Envelope) -> dict[str, object]:
    names = (
        "authorised", "frozen", "reserved", "engaged", "lapsed", "room", "waitlisted", "payment_credits",
        "payments_frozen", "paid", "payable",
    )  # fmt: skip
    cents = {f"{name}_cents": getattr(envelope, name) for name in names}
    return cents | {name: getattr(envelope, name) for name in ("waiting_count", "version", "closed")}


def content_of(wanted: Command) -> dict[str, object]:
    """What is commanded, as a step of the line can be told again from it."""
    return {
        "kind": wanted.act.value, "envelope": wanted.envelope, "amount_cents": wanted.amount_cents,
        "payment_cents": wanted.payment_cents, "to": wanted.to, "displace": wanted.displace,
    }  # fmt: skip


def wanted_by(row: tables.Command) -> Command:
    """Read a command back from its row."""
    content: dict[str, Any] = {**row.content}
    return Command(
        Act(row.kind), content["envelope"], row.by, row.reason, row.effective_on, content["amount_cents"],
        content["payment_cents"], content["to"], content["displace"],
    )  # fmt: skip


def hash_of(wanted: Command, proposed_by: str, expected_version: int | None) -> bytes:
    """Recognise a command that is given again: all that it says, and who said it."""
    told = [content_of(wanted), wanted.by, wanted.reason, wanted.effective_on, proposed_by, expected_version]
    return sha256(msgspec.json.encode(told, order="sorted")).digest()
