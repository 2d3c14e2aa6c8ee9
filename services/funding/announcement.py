"""Turns the ledger's outcomes and envelopes into published facts, byte for byte the same at each replay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.funding.domain.command import Command
from services.funding.domain.commands import EnvelopeAct
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.territory import ANNULLED, Telling, Territory
from shared.contracts.allocation import ENVELOPE_FACTS
from shared.contracts.territory import TERRITORY_FACTS

SAY_NOTHING_MORE = (Kind.RESERVED, Kind.WAITLISTED, Kind.PROMOTED, Kind.DISPLACED)
"""Decisions that say the amounts alone."""
_encoder = msgspec.json.Encoder()
_ENVELOPE_FACTS = {model.__name__: model for model in ENVELOPE_FACTS}
_TERRITORY_FACTS = {model.__name__: model for model in TERRITORY_FACTS}


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
    if outcome.kind not in SAY_NOTHING_MORE:
        fields |= _more(outcome)
    if outcome.movement_id is not None:
        fields["movement_id"] = outcome.movement_id
    if outcome.occurred_on is not None:
        fields["occurred_on"] = outcome.occurred_on
    if outcome.rules_version is not None:
        fields["rules_version"] = outcome.rules_version
    return _encoder.encode(fields)


def _more(outcome: Outcome) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    match outcome.kind:
        case Kind.REFUSED:
            fields["reason"] = outcome.reason
        case Kind.AMENDED:
            fields["standing"] = outcome.standing
            fields["previous_cdc_cents"], fields["previous_state_cents"] = outcome.previous or (0, 0)
        case Kind.RELEASED | Kind.CLOSED:
            fields["standing"] = outcome.standing
        case Kind.ENGAGED | Kind.CERTIFIED:
            fields["funder"] = outcome.funder
        case Kind.PAID | Kind.RETURNED:
            fields |= _money(outcome)
        case Kind.DECOMMITTED:
            fields |= {"funder": outcome.funder, "same_exercise": outcome.same_exercise}
        case Kind.HELD | Kind.MOVEMENT_REFUSED:
            fields |= {"movement": outcome.movement, "reason": outcome.reason}
    return fields


def _money(outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {
        "funder": outcome.funder,
        "credit_exercise": outcome.credit_exercise,
        "from_payment_credits": outcome.from_payment_credits,
    }
    if outcome.kind is Kind.PAID:
        said["kind"] = outcome.payment_kind
    return said


def envelope_statement(row: Mapping[str, Any], *, known_at: datetime) -> bytes:
    """Serialise one envelope's state as EnvelopeStated."""
    return _encoder.encode({**row, "known_at": known_at})


def envelope_fact(act: EnvelopeAct, command: Command, *, known_at: datetime) -> bytes:
    """Serialise one act on an envelope: who commanded it, why, from when."""
    envelope = act.envelope
    fields: dict[str, Any] = {
        "envelope_id": envelope.envelope_id, "contract": envelope.contract, "funder": envelope.funder,
        "exercise": envelope.exercise, "amount_cents": act.amount_cents, "payment_cents": act.payment_cents,
        "by": command.by, "reason": command.reason, "effective_on": command.effective_on, "known_at": known_at,
    }  # fmt: skip
    if act.other is not None:
        fields[act.other[0]] = act.other[1]
    return _ENVELOPE_FACTS[act.type](**fields).model_dump_json().encode()


def territory_fact(telling: Telling, territory: Territory, *, by: str, reason: str, known_at: datetime) -> bytes:
    """Serialise what a contract's subscribers are told of the territory."""
    fields: dict[str, Any] = {"contract": telling.contract, "by": by, "reason": reason, "known_at": known_at}
    merger = territory.merger(telling.merger)
    if merger is None:
        home = territory.home_of(telling.contract)
        if home is None:
            raise LookupError(f"nothing was told of {telling.contract}")
        fields |= {"epci": home.epci, "epci_label": home.epci_name}
    else:
        fields |= {
            "merger": merger.name, "predecessors": [*merger.predecessors], "successor": merger.successor,
            "successor_label": merger.successor_name, "effective_on": merger.effective_on, "number": merger.number,
        }  # fmt: skip
    if telling.type == ANNULLED and (annulment := territory.annulment_of(telling.merger)):
        fields["annulled_from"] = annulment.annulled_from
    return _TERRITORY_FACTS[telling.type](**fields).model_dump_json().encode()
