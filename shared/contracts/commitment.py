"""The facts of `intake.commitment.v1`: what partners ask of the funders, and what funders say they did."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from shared.contracts.fields import (
    Cents,
    ContractCode,
    Day,
    Exercise,
    Fact,
    Identifier,
    Instant,
    PlatformName,
    PositiveCents,
    Priority,
)
from shared.kernel.funders import Funder


class WithdrawalReason(StrEnum):
    """Why a partner takes a request back."""

    ABANDONED = "abandoned"
    FUNDED_OTHERWISE = "funded-otherwise"
    DECLARED_BY_MISTAKE = "declared-by-mistake"


class PaymentKind(StrEnum):
    """The payments of a grant, in their usual order."""

    ADVANCE = "advance"
    INSTALMENT = "instalment"
    BALANCE = "balance"


class AskedTerms(Fact):
    """What the project costs and what is asked of each funder."""

    cost_cents: PositiveCents = Field(description="Cost of the whole project, in whole euro cents.")
    cdc_cents: Cents = Field(default=0, description="Asked of the Caisse des Dépôts, in whole euro cents.")
    state_cents: Cents = Field(default=0, description="Asked of the State, in whole euro cents.")

    @model_validator(mode="after")
    def _asks_within_cost(self) -> Self:
        if not 0 < self.cdc_cents + self.state_cents <= self.cost_cents:
            raise ValueError("cdc_cents + state_cents is more than 0 and at most cost_cents")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say the part of the rule that JSON Schema can say: one of the two amounts is more than 0."""
        found = handler.resolve_ref_schema(super().__get_pydantic_json_schema__(schema, handler))
        amounts = ("cdc_cents", "state_cents")
        found["anyOf"] = [{"properties": {name: {"minimum": 1}}, "required": [name]} for name in amounts]
        return found


class DeclaredTerms(AskedTerms):
    """What is asked, and how soon it is served when it must wait."""

    priority: Priority = Field(default=5, description="Place in a waitlist: 1 is served first.")


class WithdrawnTerms(Fact):
    """Why it is withdrawn."""

    reason: WithdrawalReason = Field(description="Why it is taken back.")


class FunderTerms(Fact):
    """One funder and one amount, in the exercise of the act."""

    funder: Funder = Field(description="The funder that acts.")
    exercise: Exercise = Field(description="Budget year whose credits the act uses.")
    amount_cents: PositiveCents = Field(description="Amount of the act, in whole euro cents.")


class PaymentTerms(FunderTerms):
    """One payment."""

    kind: PaymentKind = Field(description="Which of the payments of the grant it is.")


class CommitmentFact(Fact):
    """What every fact says of the commitment, its contract and the three times."""

    commitment_id: Identifier = Field(description="Derived from the platform and its reference (UUIDv5).")
    contract: ContractCode
    platform: PlatformName = Field(description="The platform that told the fact.")
    occurred_on: Day = Field(description="When it happened, the partner's word.")
    declared_at: Instant = Field(description="When the partner says it was told.")
    known_at: Instant = Field(description="When intake knew it; never before the previous fact of the partition.")


class CommitmentDeclared(CommitmentFact, DeclaredTerms):
    """A partner asks the funders to commit, in `exercise`, to a project."""

    exercise: Exercise
    beneficiary_id: Identifier | None = Field(
        default=None, description="The business that would receive the money, when intake could recognise it."
    )


class CommitmentAmended(CommitmentFact, AskedTerms):
    """The amounts asked become these."""


class CommitmentWithdrawn(CommitmentFact, WithdrawnTerms):
    """The request is taken back."""


class CommitmentEngaged(CommitmentFact, FunderTerms):
    """A funder signed the legal act: consumes AE of `exercise`."""


class ServiceCertified(CommitmentFact, FunderTerms):
    """A funder certified that the service was done."""


class PaymentMade(CommitmentFact, PaymentTerms):
    """A funder paid: consumes CP of `exercise`."""


class PaymentReturned(CommitmentFact, FunderTerms):
    """The beneficiary gave money back."""


class CommitmentDecommitted(CommitmentFact, FunderTerms):
    """A funder gave up a part of what it had engaged, in `exercise`."""


class CommitmentClosed(CommitmentFact):
    """Nothing more will be engaged or paid."""


COMMITMENT_FACTS: tuple[type[CommitmentFact], ...] = (
    CommitmentDeclared, CommitmentAmended, CommitmentWithdrawn, CommitmentEngaged, ServiceCertified, PaymentMade,
    PaymentReturned, CommitmentDecommitted, CommitmentClosed,
)  # fmt: skip
