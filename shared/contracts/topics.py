"""The topics: who owns each, how it is keyed and cleaned, and which events it carries."""

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.allocation import ALLOCATION_FACTS, EnvelopeStated
from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.entrepreneur import ENTREPRENEUR_FACTS
from shared.contracts.fields import Fact
from shared.contracts.figures import BudgetStated, SurvivalStated
from shared.contracts.territory import TERRITORY_FACTS
from shared.contracts.told import TOLD

PARTITIONS = 12
"""Partitions of each topic in production, the same for all: what one partition announces goes to its twin."""
DEAD_LETTER_DAYS = 90
"""How long a dead letter is kept; the record itself stays in the reader's quarantine until a person closes it."""


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the published language.

    `retention_days` None means kept for ever; `partitions` is what production is provisioned with, and never changes
    in place.
    """

    name: str
    owner: str
    key: str
    cleanup: Cleanup
    retention_days: int | None
    readers: tuple[str, ...]
    events: tuple[type[Fact], ...]
    summary: str
    partitions: int = PARTITIONS

    @property
    def models(self) -> dict[str, type[Fact]]:
        """The model of each CloudEvents type that the topic carries."""
        return {model.__name__: model for model in self.events}

    def dlq(self, reader: str) -> str:
        """The topic where `reader` says which records it could not apply."""
        return f"{self.name}.{reader}.dlq"


ENTREPRENEUR = Topic(
    "intake.entrepreneur.v1", "intake", "entrepreneur_id", Cleanup.DELETE, None, ("reporting",), ENTREPRENEUR_FACTS,
    "Paths of people and lives of businesses, pseudonymous.",
)  # fmt: skip
COMMITMENT = Topic(
    "intake.commitment.v1", "intake", "contract", Cleanup.DELETE, None, ("funding",), COMMITMENT_FACTS,
    "What partners ask of the funders and what funders did.",
)  # fmt: skip
ALLOCATION = Topic(
    "funding.allocation.v1", "funding", "contract", Cleanup.DELETE, None, ("intake", "reporting"), ALLOCATION_FACTS,
    "One decision for each commitment event, promotions, and the envelopes' own facts.",
)  # fmt: skip
ENVELOPE = Topic(
    "funding.envelope.v1", "funding", "envelope_id", Cleanup.COMPACT, None, (), (EnvelopeStated,),
    "The whole state of each envelope, placed in its contract's partition.",
)  # fmt: skip
TERRITORY = Topic(
    "funding.territory.v1", "funding", "contract", Cleanup.DELETE, None, (), TERRITORY_FACTS,
    "To which EPCI each contract belongs; mergers of EPCI and their annulment, as dated facts.",
)  # fmt: skip
SURVIVAL = Topic(
    "reporting.survival.v1", "reporting", "stratum", Cleanup.COMPACT, None, ("intake",), (SurvivalStated,),
    "Survival of the businesses of each stratum.",
)  # fmt: skip
BUDGET = Topic(
    "reporting.budget.v1", "reporting", "envelope_id", Cleanup.COMPACT, None, ("intake",), (BudgetStated,),
    "Where each envelope stands.",
)  # fmt: skip
TOPICS = (ENTREPRENEUR, COMMITMENT, ALLOCATION, ENVELOPE, TERRITORY, SURVIVAL, BUDGET)


def partner_topic(platform: str) -> Topic:
    """The topic on which one partner's platform emits; no identity of a person travels there."""
    return Topic(
        f"partner.{platform}.event.v1", platform, "opaque", Cleanup.DELETE, 7, ("intake",), tuple(TOLD.values()),
        "What one partner emits: CloudEvents, binary or structured.",
    )  # fmt: skip


def dead_letter_topic(topic: Topic, reader: str) -> Topic:
    """The topic on which `reader` says which records of `topic` it could not apply, in one partition."""
    return Topic(
        topic.dlq(reader), reader, "record", Cleanup.DELETE, DEAD_LETTER_DAYS, (), (DeadLetter,),
        f"Which records of `{topic.name}` {reader} could not apply, and why; keyed by topic/partition/offset.",
        partitions=1,
    )  # fmt: skip


def family(topic: str) -> str:
    """Name the set of schemas of a topic: all partners' topics share one, and so do all dead-letter topics."""
    if topic.endswith(".dlq"):
        return "dead-letter"
    return "partner" if topic.startswith("partner.") else topic


def schema_id(topic: str, type_: str) -> str:
    """Name the JSON Schema of an event: its `$id`, and the `ce_dataschema` of the records that follow it."""
    return f"urn:fabrique:schema:{family(topic)}:{type_}"
