"""Examples of the facts that intake publishes: the same story, pseudonymous."""

from uuid import UUID

from shared.contracts.commitment import (
    CommitmentAmended,
    CommitmentClosed,
    CommitmentDeclared,
    CommitmentDecommitted,
    CommitmentEngaged,
    CommitmentFact,
    CommitmentWithdrawn,
    PaymentKind,
    PaymentMade,
    PaymentReturned,
    ServiceCertified,
    WithdrawalReason,
)
from shared.contracts.entrepreneur import (
    AgeBand,
    BusinessCeased,
    BusinessCessationAnnulled,
    BusinessConfirmedActive,
    BusinessCreated,
    BusinessRegimeLeft,
    BusinessTakenOver,
    CessationKind,
    Diploma,
    Employment,
    EntrepreneurErased,
    EntrepreneurFact,
    EntrepreneurOriented,
    EntrepreneursMerged,
    EntrepreneursSeparated,
    EntrepreneurWelcomed,
    LegalForm,
    PathEnded,
    PathOutcome,
    Sex,
    SupportEnded,
    SupportKind,
    SupportStarted,
)
from shared.contracts.examples import story
from shared.contracts.examples.story import Known, known_on
from shared.kernel.funders import Funder


class _Person(Known):
    entrepreneur_id: UUID
    contract: str
    platform: str


class _Business(_Person):
    business_id: UUID


class _Commitment(Known):
    commitment_id: UUID
    contract: str
    platform: str


def _person(year: int, month: int, day: int) -> _Person:
    return {
        "entrepreneur_id": story.PERSON_ID, "contract": story.CONTRACT, "platform": story.PLATFORM,
        **known_on(year, month, day),
    }  # fmt: skip


def _business(year: int, month: int, day: int) -> _Business:
    return {**_person(year, month, day), "business_id": story.BUSINESS_ID}


def _taken_over(year: int, month: int, day: int) -> _Business:
    return {
        **_person(year, month, day), "entrepreneur_id": story.PERSON_APART_ID,
        "business_id": story.BUSINESS_TAKEN_OVER_ID,
    }  # fmt: skip


def _commitment(year: int, month: int, day: int, platform: str = story.PLATFORM) -> _Commitment:
    return {
        "commitment_id": story.COMMITMENT_ID, "contract": story.CONTRACT, "platform": platform,
        **known_on(year, month, day),
    }  # fmt: skip


ENTREPRENEURS: tuple[EntrepreneurFact, ...] = (
    EntrepreneurWelcomed(
        **_person(2016, 9, 12), sex=Sex.FEMALE, age_band=AgeBand.FROM_26_TO_35, employment_before=Employment.JOBSEEKER,
        diploma=Diploma.BACCALAUREATE, residence_qpv_code=story.QPV_CODE,
    ),
    EntrepreneurOriented(**_person(2016, 9, 19), network="adie"),
    SupportStarted(**_person(2016, 9, 26), support=SupportKind.COACHING),
    SupportEnded(**_person(2016, 12, 16), support=SupportKind.COACHING),
    BusinessCreated(
        **_business(2016, 11, 2), ape="56.10A", legal_form=LegalForm.COMPANY, micro=False,
        business_qpv_code=story.QPV_CODE,
    ),
    BusinessTakenOver(**_taken_over(2016, 11, 9), ape="47.11B", legal_form=LegalForm.SOLE_TRADER, micro=False),
    BusinessConfirmedActive(**_business(2017, 6, 30)),
    BusinessCeased(**_business(2019, 3, 15), cessation=CessationKind.VOLUNTARY),
    BusinessRegimeLeft(**_taken_over(2018, 1, 1)),
    BusinessCessationAnnulled(**_business(2019, 3, 15)),
    PathEnded(**_person(2017, 11, 30), outcome=PathOutcome.LASTING_BUSINESS),
    EntrepreneursMerged(**_person(2016, 10, 4), merged_entrepreneur_id=story.PERSON_TOLD_TWICE_ID),
    EntrepreneursSeparated(**_person(2016, 10, 18), separated_entrepreneur_id=story.PERSON_APART_ID),
    EntrepreneurErased(**_person(2021, 3, 8)),
)  # fmt: skip
COMMITMENTS: tuple[CommitmentFact, ...] = (
    CommitmentDeclared(
        **_commitment(2016, 10, 3), exercise=2016, cost_cents=story.COST, cdc_cents=story.CDC,
        state_cents=story.STATE, priority=3, beneficiary_id=story.BUSINESS_ID,
    ),
    CommitmentAmended(**_commitment(2016, 10, 24), cost_cents=16_200_00, cdc_cents=5_400_00, state_cents=3_600_00),
    CommitmentWithdrawn(**_commitment(2016, 10, 28), reason=WithdrawalReason.FUNDED_OTHERWISE),
    CommitmentEngaged(
        **_commitment(2016, 11, 21, "cdc"), funder=Funder.CDC, exercise=2016, amount_cents=5_400_00
    ),
    ServiceCertified(**_commitment(2017, 5, 12, "cdc"), funder=Funder.CDC, exercise=2017, amount_cents=5_400_00),
    PaymentMade(
        **_commitment(2016, 12, 5, "cdc"), funder=Funder.CDC, exercise=2016, amount_cents=2_700_00,
        kind=PaymentKind.ADVANCE,
    ),
    PaymentReturned(**_commitment(2017, 9, 4, "cdc"), funder=Funder.CDC, exercise=2017, amount_cents=350_50),
    CommitmentDecommitted(
        **_commitment(2017, 10, 2, "cdc"), funder=Funder.CDC, exercise=2017, amount_cents=800_00
    ),
    CommitmentClosed(**_commitment(2017, 12, 15)),
)  # fmt: skip
