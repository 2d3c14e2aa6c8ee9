"""From what a partner told to the fact that is published: references go, identifiers and the time known come."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.intake.domain.keyring import Kind, Name
from shared.contracts import commitment, entrepreneur
from shared.contracts.fields import Fact
from shared.contracts.told import TOLD, Told, ToldOfEntrepreneur

NAMED = {
    "entrepreneur_reference": ("entrepreneur_id", Kind.PERSON),
    "merged_entrepreneur_reference": ("merged_entrepreneur_id", Kind.PERSON),
    "separated_entrepreneur_reference": ("separated_entrepreneur_id", Kind.PERSON),
    "business_reference": ("business_id", Kind.BUSINESS),
    "beneficiary_siret": ("beneficiary_id", Kind.BENEFICIARY),
}
"""Fields that name somebody: the field of the fact that stands in their place, and what it identifies."""
PUBLISHED: dict[type[Told], type[Fact]] = {
    model: getattr(entrepreneur if issubclass(model, ToldOfEntrepreneur) else commitment, type_)
    for type_, model in TOLD.items()
}
WRITTEN: dict[type[Told], dict[str, Any]] = {
    told: {name: None if field.is_required() else field.get_default() for name, field in fact.model_fields.items()}
    for told, fact in PUBLISHED.items()
}
"""The fields of each fact, in the order in which they are written, with what stands there when nothing was told."""


def names(told: Told, platform: str) -> Iterator[tuple[str, Name]]:
    """Yield (field of the fact, name) for each somebody that an event names."""
    said = told.__dict__
    for field, (target, kind) in NAMED.items():
        reference = said.get(field)
        if reference is not None:
            yield target, Name(kind, "" if kind is Kind.BENEFICIARY else platform, reference)


def fact_of(told: Told, *, platform: str, known_at: datetime, identifiers: Mapping[str, UUID], contract: str) -> bytes:
    """Write the published fact as its model would; its fields were validated at the door, so no model is made."""
    said = {**told.__dict__, **identifiers, "platform": platform, "contract": contract, "known_at": known_at}
    return to_json({field: said.get(field, default) for field, default in WRITTEN[type(told)].items()})
