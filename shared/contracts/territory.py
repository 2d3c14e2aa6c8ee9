"""What funding publishes of the territory: to which EPCI each contract belongs, mergers of EPCI, their annulment."""

from pydantic import Field

from shared.contracts.fields import ContractCode, Day, Fact, Instant, SirenOfEpci, Word


class ContractAttached(Fact):
    """A contract belongs to an EPCI, on every day until a merger says otherwise."""

    contract: ContractCode
    epci: SirenOfEpci
    epci_label: str = Field(description="What the EPCI is called.", examples=["CA de Saint-Omer"])
    by: Word = Field(description="Role of whoever said so.", examples=["operator"])
    reason: Word = Field(description="Why it was said.", examples=["programme"])
    known_at: Instant = Field(description="When funding was told.")


class EpciMerged(Fact):
    """EPCI became one, from a day on."""

    contract: ContractCode
    predecessors: list[SirenOfEpci] = Field(min_length=1, description="SIREN of the EPCI that became one.")
    successor: SirenOfEpci = Field(description="SIREN of the EPCI that they became.")
    effective_on: Day = Field(description="The day from which the merger counts, or would have counted.")
    known_at: Instant = Field(description="When funding was told.")
    merger: Word | None = Field(
        default=None, description="Name of the merger, the same for each contract.", examples=["saint-omer-2017"]
    )
    number: int = Field(default=0, ge=0, description="Of mergers of one day, the lower counts first.", examples=[12])
    successor_label: str = Field(
        default="", description="What the successor is called.", examples=["CA du Pays de Saint-Omer"]
    )
    by: Word | None = Field(default=None, description="Role of whoever commanded it.", examples=["operator"])
    reason: Word | None = Field(default=None, description="Why it was commanded.", examples=["programme"])


class EpciMergerAnnulled(EpciMerged):
    """A merger counts no more, from a day on; from its own day on, it is held never to have been."""

    annulled_from: Day | None = Field(
        default=None, description="The day from which it counts no more; absent: its own day."
    )


TERRITORY_FACTS: tuple[type[Fact], ...] = (ContractAttached, EpciMerged, EpciMergerAnnulled)
