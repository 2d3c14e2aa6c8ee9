"""Reads declarations off the log as funding's rules look at them: of a flood of events, nearly all are declarations.

Their model (`shared.contracts.commitment`) is the law. What is written as intake writes it is read without it, several
times sooner; whatever is written otherwise goes to the model, which accepts it or says what is wrong.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from pydantic import TypeAdapter

from services.funding.domain.declaring import Declaration
from shared.contracts.commitment import CommitmentDeclared
from shared.contracts.fields import CENTS_MAX, INSTANT, ContractCode, Day, PlatformName
from shared.kernel.ids import parse_id

CentsWritten = Annotated[int, Meta(ge=0, le=CENTS_MAX)]


class _Written(Struct, forbid_unknown_fields=True):
    """A declaration as JSON says it: types and bounds are checked while it is decoded, the rest in `quick`."""

    commitment_id: str
    contract: str
    platform: str
    occurred_on: str
    declared_at: str
    known_at: str
    exercise: Annotated[int, Meta(ge=2014, le=2100)]
    cost_cents: CentsWritten
    cdc_cents: CentsWritten = 0
    state_cents: CentsWritten = 0
    priority: Annotated[int, Meta(ge=1, le=9)] = 5
    beneficiary_id: str | None = None


_decode = msgspec.json.Decoder(_Written).decode
_is_instant = re.compile(INSTANT).fullmatch
_validate = CommitmentDeclared.__pydantic_validator__.validate_json
_day_of: Callable[[bytes], date] = TypeAdapter(Day).validate_json
# What comes again and again is checked by the model's own types once; what they refuse is never kept.
_contract = lru_cache(maxsize=4_096)(TypeAdapter(ContractCode).validate_python)
_platform = lru_cache(maxsize=1_024)(TypeAdapter(PlatformName).validate_python)


def declaration(value: bytes) -> Declaration:
    """Read a declaration. Raises pydantic's ValidationError."""
    found = quick(value)
    if found is not None:
        return found
    fact = _validate(value, extra="ignore")
    return Declaration(
        commitment_id=fact.commitment_id, contract=fact.contract, exercise=fact.exercise, cost_cents=fact.cost_cents,
        cdc_cents=fact.cdc_cents, state_cents=fact.state_cents, priority=fact.priority,
        beneficiary_id=fact.beneficiary_id, occurred_on=fact.occurred_on, known_at=fact.known_at,
    )  # fmt: skip


def quick(value: bytes) -> Declaration | None:
    """Read a declaration that is written as intake writes it; None when it is not, or when anything is wrong."""
    try:
        said = _decode(value)
        identifier = parse_id(said.commitment_id)
        beneficiary = said.beneficiary_id if said.beneficiary_id is None else parse_id(said.beneficiary_id)
        day, known_at = _day(said.occurred_on), _instant(said.known_at)
        _instant(said.declared_at)
        _platform(said.platform)
        contract = _contract(said.contract)
    except (msgspec.MsgspecError, ValueError):
        return None
    canonical = str(identifier) == said.commitment_id and (
        beneficiary is None or str(beneficiary) == said.beneficiary_id
    )
    if not canonical or not 0 < said.cdc_cents + said.state_cents <= said.cost_cents:
        return None
    return Declaration(identifier, contract, said.exercise, said.cost_cents, said.cdc_cents, said.state_cents,
                       said.priority, beneficiary, day, known_at)  # fmt: skip


@lru_cache(maxsize=4_096)
def _day(text: str) -> date:
    return _day_of(msgspec.json.encode(text))


def _instant(text: str) -> datetime:
    if _is_instant(text) is None:
        raise ValueError("not an instant")
    return datetime.fromisoformat(text)
