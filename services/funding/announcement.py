"""Turns the ledger's outcomes and envelopes into published facts, byte for byte the same at each replay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.funding.domain.outcome import Kind, Outcome
from shared.contracts.allocation import HeldReason

_encoder = msgspec.json.Encoder()


def allocation_fact(outcome: Outcome, *, known_at: datetime) -> bytes:
    """Serialise one outcome; its fields come from validated facts and from the ledger, so none is validated again.

    The models of `shared.contracts.allocation` describe what comes out; a test holds every kind against them.
    """
    fields: dict[str, Any] = {
        "commitment_id": outcome.commitment_id,
        "contract": outcome.contract,
        "exercise": outcome.exercise,
        "cdc_cents": outcome.amounts.cdc,
        "state_cents": outcome.amounts.state,
        "known_at": known_at,
    }
    match outcome.kind:
        case Kind.RESERVED | Kind.WAITLISTED | Kind.PROMOTED:
            pass
        case Kind.REFUSED:
            fields["reason"] = outcome.reason
        case Kind.AMENDED:
            fields["standing"] = outcome.standing
            fields["previous_cdc_cents"], fields["previous_state_cents"] = outcome.previous or (0, 0)
        case Kind.RELEASED:
            fields["standing"] = outcome.standing
        case Kind.HELD:
            fields |= {"movement": outcome.movement, "reason": HeldReason.NOT_DECIDED_YET}
        case Kind.MOVEMENT_REFUSED:
            fields |= {"movement": outcome.movement, "reason": outcome.reason}
    return _encoder.encode(fields)


def envelope_statement(row: Mapping[str, Any], *, known_at: datetime) -> bytes:
    """Serialise one envelope's state as EnvelopeStated."""
    return _encoder.encode({**row, "known_at": known_at})
