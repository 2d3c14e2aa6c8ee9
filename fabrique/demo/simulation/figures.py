"""The figures that the simulation is drawn from: published ones with their source, and assumptions, which say so.

Nothing here is read by the services: they measure what they are told, and assume none of it.
"""

from dataclasses import dataclass
from datetime import date

from shared.contracts.entrepreneur import AgeBand, Diploma, Employment, LegalForm, Sex, SupportKind

FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2021, 6, 30)
"""66 months; what would be declared later is not known yet, and not told."""

# People. Sources: CitésLab 2016 (about 80 people a year per project head, 46 % women), EQ2030 (70 % oriented, 16 %
# under 25, 60 % with the baccalauréat or more, 52 % jobseekers, 63 % living in a QPV), Besançon (400 a year, 40 %
# create), by way of the programme's own description.
PEOPLE_PER_YEAR_PER_HEAD = 80
PROJECT_HEADS = 14
"""Assumption: one project head for about 11 000 inhabitants of QPV, that is 1 120 people a year in the department."""
MONTH_WEIGHTS = (1.1, 1.0, 1.1, 1.0, 0.95, 1.0, 0.8, 0.45, 1.3, 1.25, 1.15, 0.9)
"""Assumption: fewer people come in August, more when school begins again (January first; the mean is 1)."""
SEXES = {Sex.FEMALE: 46, Sex.MALE: 53, Sex.UNDECLARED: 1}
AGE_BANDS = {AgeBand.UNDER_26: 16, AgeBand.FROM_26_TO_35: 34, AgeBand.FROM_36_TO_50: 38, AgeBand.OVER_50: 12}
EMPLOYMENTS = {
    Employment.JOBSEEKER: 54, Employment.EMPLOYEE: 20, Employment.SELF_EMPLOYED: 3, Employment.STUDENT: 7,
    Employment.INACTIVE: 16,
}  # fmt: skip
"""Of those who have no business yet when they are received; with the others 52 % are jobseekers."""
DIPLOMAS = {
    Diploma.NONE: 14, Diploma.BELOW_BACCALAUREATE: 26, Diploma.BACCALAUREATE: 27, Diploma.ABOVE_BACCALAUREATE: 33,
}  # fmt: skip
QPV_RESIDENTS_SHARE = 0.63
ORIENTED_SHARE = 0.715
"""A little above 70 %: those whom a second partner welcomes too are counted twice, and oriented once."""
CREATION_SHARE, CREATION_SHARE_ORIENTED, CREATION_SHARE_OTHERS = 0.41, 0.48, 0.23
"""The whole: 41 % start a creation path (CitésLab), 40 % create (Besançon); assumption: those oriented do so more."""
BACK_IN_EMPLOYMENT_SHARE, EMERGENCE_SHARE = 0.06, 0.28
"""Of all people received (CitésLab): back in employment, and still in emergence, whose path has no end yet."""
MISSING_SHARE = 0.04
"""Assumption: an attribute that the partner did not ask."""

# Businesses. Sources: INSEE SINE 2014 (companies 83 % at 3 years and 67 % at 5, sole traders 63 and 53; together 75 and
# 61), Bpifrance Le Lab (micro at 3 years: 48 % in QPV, 36 % outside), SINE 2018 (micro: 39 % at 5 years for 46 % at 3).
MICRO_SHARE = 0.5
"""Assumption, as is the share of companies among the others, chosen so that the whole is that of INSEE."""
COMPANY_SHARE_OF_NON_MICRO = 0.58
BUSINESS_IN_QPV_SHARE = 0.45
TAKEN_OVER_SHARE, LEFT_TRUNCATED_SHARE, SIREN_KNOWN_SHARE = 0.04, 0.10, 0.85
REGIME_LEFT_SHARE, ANNULLED_SHARE, NOT_A_DEATH_SHARE = 0.08, 0.015, 0.03
CONFIRMED_SHARE = 0.75
"""Assumption: each year three businesses in four are seen active by their partner."""
APE_WEIGHTS = {
    "47.91B": 12, "56.10C": 13, "43.99C": 9, "43.34Z": 7, "49.32Z": 6, "96.02A": 8, "81.21Z": 8, "62.01Z": 5,
    "85.59A": 6, "47.89Z": 9, "88.91A": 5, "45.20A": 6, "70.22Z": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Survival:
    """The shares of businesses that still live 36 and 60 months after their birth."""

    at_36_months: float
    at_60_months: float


COMPANIES, SOLE_TRADERS = Survival(0.83, 0.67), Survival(0.63, 0.53)
MICRO_IN_QPV, MICRO_OUTSIDE = Survival(0.48, 0.407), Survival(0.36, 0.305)


def survival_of(*, micro: bool, legal_form: LegalForm, in_qpv: bool) -> Survival:
    """Return the published survival of this kind of business."""
    if micro:
        return MICRO_IN_QPV if in_qpv else MICRO_OUTSIDE
    return COMPANIES if legal_form is LegalForm.COMPANY else SOLE_TRADERS


# Delays, all assumptions: INSEE only says that cessations are declared late (a rate of 82 % became 76.7 %).
LATE_DAYS = ((0.45, 0, 30), (0.30, 31, 180), (0.18, 181, 540), (0.07, 541, 1000))
"""How late a cessation is declared: (share, least days, most days)."""

# Partners, all assumptions.
PLATFORM_WEIGHTS = {"citeslab": 54, "bge": 18, "adie": 14, "initiative": 7, "cci": 7}
KAFKA_ONLY = frozenset({"cci"})
NETWORKS = {
    "adie": 34,
    "reseau-bge": 26,
    "initiative-france": 16,
    "cci": 12,
    "france-active": 8,
    "reseau-entreprendre": 4,
}
PLATFORM_OF_NETWORK = {"adie": "adie", "reseau-bge": "bge", "initiative-france": "initiative", "cci": "cci"}
WELCOMED_AGAIN_SHARE = 0.04
"""Of the people oriented to a network that is a partner: welcomed there too, under another reference."""
SUPPORTS = {
    SupportKind.AWARENESS: (0.15, 1, 2), SupportKind.DIAGNOSIS: (0.62, 7, 40), SupportKind.COACHING: (0.55, 60, 240),
    SupportKind.TESTING: (0.07, 180, 540),
}  # fmt: skip
"""Before a creation: (share of people, least days, most days)."""
FINANCING_SHARE, FOLLOW_UP_SHARE = 0.45, 0.65
"""Of those who create; the follow-up lasts two years."""
MERGED_SHARE, SEPARATED_SHARE_OF_MERGED, ERASED_SHARE = 0.006, 0.15, 0.003
DUPLICATE_SHARE = 0.004
"""Events that a partner sends twice, identical."""

# Money. Envelopes: the protocol (CDC 100 000 € for each contract, State 1 500 000 € here by population). The rest is
# assumed.
CDC_CENTS_PER_CONTRACT, STATE_CENTS = 100_000_00, 1_500_000_00
EXERCISE = 2016
FIRST_ASKED_ON, LAST_ASKED_ON = date(2016, 4, 4), date(2016, 11, 30)
"""From the signature of the protocol on; what is not engaged when the exercise ends never will be."""
APPETITES = {
    "CV217": 0.95, "CV218": 0.60, "CV219": 1.30, "CV220": 0.80, "CV221": 1.20, "CV222": 0.62, "CV223": 0.90,
    "CV224": 1.50, "CV225": 1.30, "CV226": 1.20, "CV227": 0.70,
}  # fmt: skip
"""What each contract's projects ask, as a part of its two envelopes."""
ASKED_CENTS_MIN, ASKED_CENTS_MAX, ASKED_CENTS_MEDIAN, ASKED_SIGMA = 2_000_00, 60_000_00, 7_500_00, 0.9
PRIORITIES = {5: 86, 3: 5, 4: 3, 2: 2, 6: 2, 8: 2}
AMENDED_SHARE, WITHDRAWN_SHARE, IMPATIENT_SHARE = 0.24, 0.09, 0.35
"""Of the projects; the impatient take back a request that waits."""
CONVENTION_CENTS = 23_000_00
"""Above this a grant needs a convention (decree of 6 June 2001): its legal act takes longer."""
PAYMENT_DAYS_MAX = 60
"""A grant is paid within 60 days of its notification (law 2021-875)."""
