"""The facts of `intake.entrepreneur.v1`: paths of people and lives of businesses, pseudonymous."""

from enum import StrEnum

from pydantic import Field

from shared.contracts.fields import (
    ApeCode,
    ContractCode,
    Day,
    Fact,
    Identifier,
    Instant,
    NetworkCode,
    PlatformName,
    QpvCode,
)


class Sex(StrEnum):
    """As declared."""

    FEMALE = "female"
    MALE = "male"
    UNDECLARED = "undeclared"


class AgeBand(StrEnum):
    """Age on the day of the event."""

    UNDER_26 = "under-26"
    FROM_26_TO_35 = "26-35"
    FROM_36_TO_50 = "36-50"
    OVER_50 = "over-50"


class Employment(StrEnum):
    """Situation before the path began."""

    JOBSEEKER = "jobseeker"
    EMPLOYEE = "employee"
    SELF_EMPLOYED = "self-employed"
    STUDENT = "student"
    INACTIVE = "inactive"


class Diploma(StrEnum):
    """Highest level reached."""

    NONE = "none"
    BELOW_BACCALAUREATE = "below-baccalaureate"
    BACCALAUREATE = "baccalaureate"
    ABOVE_BACCALAUREATE = "above-baccalaureate"


class SupportKind(StrEnum):
    """The step of a path that a support is about."""

    AWARENESS = "awareness"
    DIAGNOSIS = "diagnosis"
    COACHING = "coaching"
    TESTING = "testing"
    FINANCING = "financing"
    FOLLOW_UP = "follow-up"


class LegalForm(StrEnum):
    """The two families whose survival INSEE publishes apart."""

    SOLE_TRADER = "sole-trader"
    COMPANY = "company"


class CessationKind(StrEnum):
    """Why a business ceased; takeover, merger and break-up are not deaths (Eurostat)."""

    VOLUNTARY = "voluntary"
    LIQUIDATION = "liquidation"
    TAKEN_OVER = "taken-over"
    MERGED = "merged"
    BROKEN_UP = "broken-up"


class PathOutcome(StrEnum):
    """How a path ended."""

    LASTING_BUSINESS = "lasting-business"
    BACK_IN_EMPLOYMENT = "back-in-employment"
    GIVEN_UP = "given-up"
    LOST_FROM_SIGHT = "lost-from-sight"


class WelcomedTerms(Fact):
    """The usual minimum set of a platform, all optional."""

    sex: Sex | None = Field(default=None, description="As declared.")
    age_band: AgeBand | None = Field(default=None, description="Age on the day of the event.")
    employment_before: Employment | None = Field(default=None, description="Situation before the path began.")
    diploma: Diploma | None = Field(default=None, description="Highest level reached.")


class OrientedTerms(Fact):
    """Towards which network."""

    network: NetworkCode = Field(description="The network to which the person is directed.")


class SupportTerms(Fact):
    """What kind of support."""

    support: SupportKind = Field(description="The step of the path that the support is about.")


class BusinessTerms(Fact):
    """What a new business is; `occurred_on` is its birth."""

    first_observed_on: Day | None = Field(
        default=None, description="First day seen by the partner when later than the birth (left truncation)."
    )
    ape: ApeCode | None = Field(default=None, description="Main activity: APE, NAF rev. 2.")
    legal_form: LegalForm | None = Field(default=None, description="Sole trader or company.")
    micro: bool | None = Field(default=None, description="Whether it is under the micro regime.")
    business_qpv_code: QpvCode | None = Field(default=None, description="Priority district of the business.")


class CeasedTerms(Fact):
    """Why it ceased."""

    cessation: CessationKind = Field(description="Why it ceased; not every kind is a death.")


class PathTerms(Fact):
    """How it ended."""

    outcome: PathOutcome = Field(description="How the path ended.")


class EntrepreneurFact(Fact):
    """What every fact says of the person, the place and the three times."""

    entrepreneur_id: Identifier = Field(description="Random; only intake can tie it to a person (UUIDv7).")
    contract: ContractCode
    platform: PlatformName = Field(description="The platform that told the fact.")
    occurred_on: Day = Field(description="When it happened, the partner's word.")
    declared_at: Instant = Field(description="When the partner says it was told.")
    known_at: Instant = Field(description="When intake knew it; never before the previous fact of the partition.")


class BusinessFact(EntrepreneurFact):
    """A fact about one business."""

    business_id: Identifier = Field(description="Random; only intake can tie it to a business (UUIDv7).")


class EntrepreneurWelcomed(EntrepreneurFact, WelcomedTerms):
    """A person was received for the first time by a partner."""

    residence_qpv_code: QpvCode | None = Field(default=None, description="Priority district of residence.")


class EntrepreneurOriented(EntrepreneurFact, OrientedTerms):
    """A person was directed to a network."""


class SupportStarted(EntrepreneurFact, SupportTerms):
    """A support began."""


class SupportEnded(EntrepreneurFact, SupportTerms):
    """A support ended."""


class BusinessCreated(BusinessFact, BusinessTerms):
    """A business was born on `occurred_on`."""


class BusinessTakenOver(BusinessFact, BusinessTerms):
    """A business was taken over: followed from here, not a birth."""


class BusinessConfirmedActive(BusinessFact):
    """A business was seen active."""


class BusinessCeased(BusinessFact, CeasedTerms):
    """A business ceased."""


class BusinessRegimeLeft(BusinessFact):
    """A business left the micro regime: not a death."""


class BusinessCessationAnnulled(BusinessFact):
    """A declared cessation did not take place."""


class PathEnded(EntrepreneurFact, PathTerms):
    """A path came to an end."""


class EntrepreneursMerged(EntrepreneurFact):
    """`merged_entrepreneur_id` is the same person as `entrepreneur_id`, who remains."""

    merged_entrepreneur_id: Identifier = Field(description="The identifier that is given up.")


class EntrepreneursSeparated(EntrepreneurFact):
    """`separated_entrepreneur_id` is another person after all."""

    separated_entrepreneur_id: Identifier = Field(description="The identifier that stands for another person.")


class EntrepreneurErased(EntrepreneurFact):
    """The person's identity was erased."""


ENTREPRENEUR_FACTS: tuple[type[EntrepreneurFact], ...] = (
    EntrepreneurWelcomed, EntrepreneurOriented, SupportStarted, SupportEnded, BusinessCreated, BusinessTakenOver,
    BusinessConfirmedActive, BusinessCeased, BusinessRegimeLeft, BusinessCessationAnnulled, PathEnded,
    EntrepreneursMerged, EntrepreneursSeparated, EntrepreneurErased,
)  # fmt: skip
