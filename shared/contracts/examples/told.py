"""Examples of what partners tell, in their own references."""

from shared.contracts.commitment import PaymentKind, WithdrawalReason
from shared.contracts.entrepreneur import (
    AgeBand,
    CessationKind,
    Diploma,
    Employment,
    LegalForm,
    PathOutcome,
    Sex,
    SupportKind,
)
from shared.contracts.examples import story
from shared.contracts.examples.story import told_on
from shared.contracts.told import (
    BusinessCeased,
    BusinessCessationAnnulled,
    BusinessConfirmedActive,
    BusinessCreated,
    BusinessRegimeLeft,
    BusinessTakenOver,
    CommitmentAmended,
    CommitmentClosed,
    CommitmentDeclared,
    CommitmentDecommitted,
    CommitmentEngaged,
    CommitmentWithdrawn,
    EntrepreneurErased,
    EntrepreneurOriented,
    EntrepreneursMerged,
    EntrepreneursSeparated,
    EntrepreneurWelcomed,
    PathEnded,
    PaymentMade,
    PaymentReturned,
    ServiceCertified,
    SupportEnded,
    SupportStarted,
    Told,
)
from shared.kernel.funders import Funder

_CONTRACT = story.CONTRACT
_PERSON = story.PERSON
_BUSINESS = story.BUSINESS

_PATHS: tuple[Told, ...] = (
    EntrepreneurWelcomed(
        **told_on(2016, 9, 12), contract=_CONTRACT, entrepreneur_reference=_PERSON, sex=Sex.FEMALE,
        age_band=AgeBand.FROM_26_TO_35, employment_before=Employment.JOBSEEKER, diploma=Diploma.BACCALAUREATE,
        residence_qpv_code=story.QPV_CODE,
    ),
    EntrepreneurOriented(
        **told_on(2016, 9, 19), contract=_CONTRACT, entrepreneur_reference=_PERSON, network="adie"
    ),
    SupportStarted(
        **told_on(2016, 9, 26), contract=_CONTRACT, entrepreneur_reference=_PERSON, support=SupportKind.COACHING
    ),
    SupportEnded(
        **told_on(2016, 12, 16), contract=_CONTRACT, entrepreneur_reference=_PERSON, support=SupportKind.COACHING
    ),
    PathEnded(
        **told_on(2017, 11, 30), contract=_CONTRACT, entrepreneur_reference=_PERSON,
        outcome=PathOutcome.LASTING_BUSINESS,
    ),
    EntrepreneursMerged(
        **told_on(2016, 10, 4), contract=_CONTRACT, entrepreneur_reference=_PERSON,
        merged_entrepreneur_reference=story.PERSON_TOLD_TWICE,
    ),
    EntrepreneursSeparated(
        **told_on(2016, 10, 18), contract=_CONTRACT, entrepreneur_reference=_PERSON,
        separated_entrepreneur_reference=story.PERSON_APART,
    ),
    EntrepreneurErased(**told_on(2021, 3, 8), contract=_CONTRACT, entrepreneur_reference=_PERSON),
)  # fmt: skip
_BUSINESSES: tuple[Told, ...] = (
    BusinessCreated(
        **told_on(2016, 11, 2), contract=_CONTRACT, entrepreneur_reference=_PERSON, business_reference=_BUSINESS,
        ape="56.10A", legal_form=LegalForm.COMPANY, micro=False, business_qpv_code=story.QPV_CODE, siren=story.SIREN,
    ),
    BusinessTakenOver(
        **told_on(2016, 11, 9), contract=_CONTRACT, entrepreneur_reference=story.PERSON_APART,
        business_reference=story.BUSINESS_TAKEN_OVER, ape="47.11B", legal_form=LegalForm.SOLE_TRADER, micro=False,
    ),
    BusinessConfirmedActive(
        **told_on(2017, 6, 30), contract=_CONTRACT, entrepreneur_reference=_PERSON, business_reference=_BUSINESS
    ),
    BusinessCeased(
        **told_on(2019, 3, 15), contract=_CONTRACT, entrepreneur_reference=_PERSON, business_reference=_BUSINESS,
        cessation=CessationKind.VOLUNTARY,
    ),
    BusinessRegimeLeft(
        **told_on(2018, 1, 1), contract=_CONTRACT, entrepreneur_reference=story.PERSON_APART,
        business_reference=story.BUSINESS_TAKEN_OVER,
    ),
    BusinessCessationAnnulled(
        **told_on(2019, 3, 15), contract=_CONTRACT, entrepreneur_reference=_PERSON, business_reference=_BUSINESS
    ),
)  # fmt: skip
_COMMITMENTS: tuple[Told, ...] = (
    CommitmentDeclared(
        **told_on(2016, 10, 3), reference=story.REQUEST, contract=_CONTRACT, exercise=2016, cost_cents=story.COST,
        cdc_cents=story.CDC, state_cents=story.STATE, priority=3, beneficiary_siret=story.SIRET,
    ),
    CommitmentAmended(
        **told_on(2016, 10, 24), reference=story.REQUEST, cost_cents=16_200_00, cdc_cents=5_400_00,
        state_cents=3_600_00,
    ),
    CommitmentWithdrawn(
        **told_on(2016, 10, 28), reference="2016-0047", reason=WithdrawalReason.FUNDED_OTHERWISE
    ),
    CommitmentEngaged(
        **told_on(2016, 11, 21), commitment_id=story.COMMITMENT_ID, funder=Funder.CDC, exercise=2016,
        amount_cents=5_400_00,
    ),
    ServiceCertified(
        **told_on(2017, 5, 12), commitment_id=story.COMMITMENT_ID, funder=Funder.CDC, exercise=2017,
        amount_cents=5_400_00,
    ),
    PaymentMade(
        **told_on(2016, 12, 5), commitment_id=story.COMMITMENT_ID, funder=Funder.CDC, exercise=2016,
        amount_cents=2_700_00, kind=PaymentKind.ADVANCE,
    ),
    PaymentReturned(
        **told_on(2017, 9, 4), commitment_id=story.COMMITMENT_ID, funder=Funder.CDC, exercise=2017,
        amount_cents=350_50,
    ),
    CommitmentDecommitted(
        **told_on(2017, 10, 2), commitment_id=story.COMMITMENT_ID, funder=Funder.CDC, exercise=2017,
        amount_cents=800_00,
    ),
    CommitmentClosed(**told_on(2017, 12, 15), reference=story.REQUEST),
)  # fmt: skip
TOLD_EXAMPLES = (*_PATHS, *_BUSINESSES, *_COMMITMENTS)
