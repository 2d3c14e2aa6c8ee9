"""Every told event becomes the published fact of its name, without a word of who it is about."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.keyring import Kind
from services.intake.domain.register import named_commitment
from services.intake.domain.translation import PUBLISHED, fact_of, names
from shared.contracts.examples import story
from shared.contracts.examples.told import TOLD_EXAMPLES
from shared.contracts.fields import Fact
from shared.contracts.told import TOLD, Told
from shared.contracts.topics import COMMITMENT, ENTREPRENEUR

KNOWN_AT = datetime(2020, 6, 1, 12, 0, tzinfo=UTC)
SECRETS = (
    story.PERSON, story.PERSON_TOLD_TWICE, story.PERSON_APART, story.BUSINESS, story.BUSINESS_TAKEN_OVER, story.REQUEST,
    story.SIREN, story.SIRET, "reference", "siren", "siret",
)  # fmt: skip


def published(told: Told) -> tuple[bytes, Fact]:
    identifiers: dict[str, UUID] = {
        target: UUID(int=number) for number, (target, _) in enumerate(names(told, "citeslab"), start=1)
    }
    commitment = named_commitment(told, "citeslab")
    if commitment is not None:
        identifiers["commitment_id"] = commitment
    value = fact_of(told, platform="citeslab", known_at=KNOWN_AT, identifiers=identifiers, contract="CV219")
    topic = ENTREPRENEUR if commitment is None else COMMITMENT
    return value, topic.models[type(told).__name__].model_validate_json(value)


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_the_fact_follows_its_schema_and_names_nobody(told: Told) -> None:
    value, fact = published(told)
    assert not [word for word in SECRETS if word.encode() in value.replace(b"_id", b"")]
    said: dict[str, Any] = fact.model_dump()
    assert (said["platform"], said["contract"], said["known_at"]) == ("citeslab", "CV219", KNOWN_AT)
    for field, content in told.model_dump().items():
        if field in said and content is not None:
            assert said[field] == content, field


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_the_fact_is_written_as_its_model_would_write_it(told: Told) -> None:
    value, fact = published(told)
    assert fact.model_dump_json().encode() == value


def test_every_told_type_has_an_example_and_a_fact_of_its_name() -> None:
    assert {type(told).__name__ for told in TOLD_EXAMPLES} == set(TOLD)
    assert {model.__name__: fact.__name__ for model, fact in PUBLISHED.items()} == {name: name for name in TOLD}


@pytest.mark.parametrize("told", TOLD_EXAMPLES, ids=lambda told: type(told).__name__)
def test_everybody_an_event_names_gets_an_identifier(told: Told) -> None:
    found = dict(names(told, "citeslab"))
    said = {v for f, v in told if v is not None and (f.endswith("_reference") or f == "beneficiary_siret")}
    assert {name.reference for name in found.values()} == said
    for name in found.values():
        assert name.platform == ("" if name.kind is Kind.BENEFICIARY else "citeslab")
