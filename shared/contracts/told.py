"""What partners tell: the events of `partner.<platform>.event.v1` and of `POST /v1/events`.

They speak in the partner's own references; intake turns those into identifiers and publishes the facts of
`shared.contracts.entrepreneur` and `shared.contracts.commitment`, which bear the same names.
"""

from typing import Any, Self
from uuid import UUID

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from shared.contracts import commitment, entrepreneur
from shared.contracts.fields import ContractCode, Day, Exercise, Fact, Instant, QpvCode, Reference, Siren, Siret


class Told(Fact):
    """What every told event says: when it happened and when the partner was told."""

    occurred_on: Day = Field(description="When it happened, the partner's word.")
    declared_at: Instant = Field(description="When the partner says it was told.")


class ToldOfEntrepreneur(Told):
    """About one person, by the partner's reference."""

    entrepreneur_reference: Reference = Field(description="The partner's own reference of the person; never published.")
    contract: ContractCode


class ToldOfBusiness(ToldOfEntrepreneur):
    """About one business of a person, by the partner's reference."""

    business_reference: Reference = Field(description="The partner's own reference of the business; never published.")


class EntrepreneurWelcomed(ToldOfEntrepreneur, entrepreneur.WelcomedTerms):
    """A person was received for the first time by this partner."""

    residence_qpv_code: QpvCode | None = Field(default=None, description="Priority district of residence.")


class EntrepreneurOriented(ToldOfEntrepreneur, entrepreneur.OrientedTerms):
    """A person was directed to a network."""


class SupportStarted(ToldOfEntrepreneur, entrepreneur.SupportTerms):
    """A support began."""


class SupportEnded(ToldOfEntrepreneur, entrepreneur.SupportTerms):
    """A support ended."""


class BusinessCreated(ToldOfBusiness, entrepreneur.BusinessTerms):
    """A person created a business."""

    siren: Siren | None = Field(default=None, description="SIREN of the business; never published.")


class BusinessTakenOver(ToldOfBusiness, entrepreneur.BusinessTerms):
    """A person took over a business."""

    siren: Siren | None = Field(default=None, description="SIREN of the business; never published.")


class BusinessConfirmedActive(ToldOfBusiness):
    """A business was seen active on the day."""


class BusinessCeased(ToldOfBusiness, entrepreneur.CeasedTerms):
    """A business ceased."""


class BusinessRegimeLeft(ToldOfBusiness):
    """A business left the micro regime and goes on: not a death."""


class BusinessCessationAnnulled(ToldOfBusiness):
    """A declared cessation did not take place."""


class PathEnded(ToldOfEntrepreneur, entrepreneur.PathTerms):
    """A person's path came to an end."""


class EntrepreneursMerged(ToldOfEntrepreneur):
    """Two references are one person."""

    merged_entrepreneur_reference: Reference = Field(description="The reference that is given up for the first one.")


class EntrepreneursSeparated(ToldOfEntrepreneur):
    """Two references that were taken for one person are two."""

    separated_entrepreneur_reference: Reference = Field(description="The reference that stands for another person.")


class EntrepreneurErased(ToldOfEntrepreneur):
    """The person asked to be forgotten."""


class ToldOfCommitment(Told):
    """About one commitment: by the declaring partner's reference, or by the identifier that intake gave."""

    reference: Reference | None = Field(
        default=None, description="The declaring partner's own reference of the commitment; never published."
    )
    commitment_id: UUID | None = Field(
        default=None, description="The identifier that intake gave; for whoever did not declare the commitment."
    )

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.reference is None) == (self.commitment_id is None):
            raise ValueError("say either reference or commitment_id")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say the same rule in JSON Schema."""
        found = handler.resolve_ref_schema(super().__get_pydantic_json_schema__(schema, handler))
        names = ("reference", "commitment_id")
        found["oneOf"] = [{"properties": {name: {"type": "string"}}, "required": [name]} for name in names]
        return found


class CommitmentDeclared(Told, commitment.DeclaredTerms):
    """A partner asks the funders to commit to a project."""

    reference: Reference = Field(description="The partner's own reference of the commitment; never published.")
    contract: ContractCode
    exercise: Exercise
    beneficiary_siret: Siret | None = Field(
        default=None, description="SIRET of the business that would receive the money; never published."
    )


class CommitmentAmended(ToldOfCommitment, commitment.AskedTerms):
    """The amounts asked become these."""


class CommitmentWithdrawn(ToldOfCommitment, commitment.WithdrawnTerms):
    """The request is taken back."""


class CommitmentEngaged(ToldOfCommitment, commitment.FunderTerms):
    """A funder signed the legal act."""


class ServiceCertified(ToldOfCommitment, commitment.FunderTerms):
    """A funder certified that the service was done."""


class PaymentMade(ToldOfCommitment, commitment.PaymentTerms):
    """A funder paid."""


class PaymentReturned(ToldOfCommitment, commitment.FunderTerms):
    """The beneficiary gave money back."""


class CommitmentDecommitted(ToldOfCommitment, commitment.FunderTerms):
    """A funder gave up a part of what it had engaged."""


class CommitmentClosed(ToldOfCommitment):
    """Nothing more will be engaged or paid on this commitment."""


TOLD_OF_ENTREPRENEURS: tuple[type[ToldOfEntrepreneur], ...] = (
    EntrepreneurWelcomed, EntrepreneurOriented, SupportStarted, SupportEnded, BusinessCreated, BusinessTakenOver,
    BusinessConfirmedActive, BusinessCeased, BusinessRegimeLeft, BusinessCessationAnnulled, PathEnded,
    EntrepreneursMerged, EntrepreneursSeparated, EntrepreneurErased,
)  # fmt: skip
TOLD_OF_COMMITMENTS: tuple[type[Told], ...] = (
    CommitmentDeclared, CommitmentAmended, CommitmentWithdrawn, CommitmentEngaged, ServiceCertified, PaymentMade,
    PaymentReturned, CommitmentDecommitted, CommitmentClosed,
)  # fmt: skip
TOLD: dict[str, type[Told]] = {model.__name__: model for model in (*TOLD_OF_ENTREPRENEURS, *TOLD_OF_COMMITMENTS)}
