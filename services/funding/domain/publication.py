"""Which grants may be published, and as what: the rules of the SCDL *subventions*, and what the law keeps back.

Grants to bodies above 23 000 € a year are published (arrêté of 17 November 2017). A natural person is never published
by name: what holds personal data is published without it (code des relations entre le public et l'administration,
L312-1-2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.funding.domain.journal import euros

THRESHOLD_CENTS = 23_000_00
NATURAL_PERSON = "1"
"""INSEE's legal categories of natural persons begin so."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


class Kept(StrEnum):
    """Why a grant is not published."""

    NAME_MISSING = "name-missing"
    NATURAL_PERSON = "natural-person"
    LEGAL_FORM_UNKNOWN = "legal-form-unknown"
    NAME_UNSAFE = "name-unsafe"
    BELOW_THRESHOLD = "below-threshold"
    NO_CONVENTION_DATE = "no-convention-date"


REMEDIES: Mapping[Kept, str] = {
    Kept.NAME_MISSING: "give its SIRET and name in the file of names",
    Kept.NATURAL_PERSON: "nothing: a natural person is never published",
    Kept.LEGAL_FORM_UNKNOWN: "give its legal_category, or say --legal-persons when each of the file is one",
    Kept.NAME_UNSAFE: "a name that a spreadsheet would calculate is not published: mend it in the file of names",
    Kept.BELOW_THRESHOLD: "nothing, or --all: its beneficiary gets 23 000 € or less of this funder in the year",
    Kept.NO_CONVENTION_DATE: "give its convention_on, or say --known-day for the day on which it was known",
}


@dataclass(slots=True)
class Grant:
    """What one funder engaged of one commitment, less what it gave up, and what it paid, day by day."""

    commitment_id: UUID
    contract: str
    engaged_on: date
    engaged_cents: int = 0
    paid: list[tuple[date, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Who receives a grant, as the manager's file says; it is never kept."""

    siret: str
    name: str
    legal_category: str = ""
    rna: str = ""
    convention_on: date | None = None
    decision: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who publishes, which year, and what the manager answers for."""

    authority: str
    authority_siret: str
    exercise: int
    all_amounts: bool = False
    legal_persons: bool = False
    known_day: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """The rows that are published, and which commitments are not, with the reason."""

    rows: Sequence[Mapping[str, str]]
    kept: Sequence[tuple[UUID, Kept]]


def publish(grants: Iterable[Grant], names: Mapping[UUID, Beneficiary], terms: Terms) -> Publication:
    """Decide for each grant that stands, in the order of the day on which it was engaged."""
    standing = sorted((g for g in grants if g.engaged_cents > 0), key=lambda g: (g.engaged_on, str(g.commitment_id)))
    of_body: dict[str, int] = {}
    for grant in standing:
        if found := names.get(grant.commitment_id):
            of_body[found.siret[:9]] = of_body.get(found.siret[:9], 0) + grant.engaged_cents
    rows, kept = [], []
    for grant in standing:
        found = names.get(grant.commitment_id)
        if found is None:
            kept.append((grant.commitment_id, Kept.NAME_MISSING))
        elif reason := _kept_back(found, of_body[found.siret[:9]], terms):
            kept.append((grant.commitment_id, reason))
        else:
            rows.append(_row(grant, found, terms))
    return Publication(rows, kept)


def _kept_back(found: Beneficiary, of_body: int, terms: Terms) -> Kept | None:
    """The threshold is of all that a body, whichever its establishments, gets of the funder in the year."""
    if found.legal_category.startswith(NATURAL_PERSON):
        return Kept.NATURAL_PERSON
    if not found.legal_category and not terms.legal_persons:
        return Kept.LEGAL_FORM_UNKNOWN
    if any(text.startswith(FORMULA) for text in (found.name, found.decision, found.purpose)):
        return Kept.NAME_UNSAFE
    if of_body <= THRESHOLD_CENTS and not terms.all_amounts:
        return Kept.BELOW_THRESHOLD
    return Kept.NO_CONVENTION_DATE if found.convention_on is None and not terms.known_day else None


def _row(grant: Grant, found: Beneficiary, terms: Terms) -> dict[str, str]:
    convention_on = found.convention_on or grant.engaged_on
    conditions, period = _payment(grant, convention_on, terms.exercise)
    return {
        "nomAttribuant": terms.authority, "idAttribuant": terms.authority_siret,
        "dateConvention": convention_on.isoformat(), "referenceDecision": found.decision,
        "nomBeneficiaire": found.name, "idBeneficiaire": found.siret, "rnaBeneficiaire": found.rna,
        "objet": found.purpose or f"Politique de la ville, contrat {grant.contract}, exercice {terms.exercise}",
        "montant": euros(grant.engaged_cents), "nature": "aide en numéraire", "conditionsVersement": conditions,
        "datesPeriodeVersement": period, "idRAE": "", "notificationUE": "non", "pourcentageSubvention": "1",
        "dispositifAide": "",
    }  # fmt: skip


def _payment(grant: Grant, convention_on: date, exercise: int) -> tuple[str, str]:
    """Paid at once, on that day; else in parts, from the convention to the end of the year or the last payment."""
    if [cents for _, cents in grant.paid] == [grant.engaged_cents]:
        return "unique", grant.paid[0][0].isoformat()
    days = [day for day, _ in grant.paid]
    first, last = min([convention_on, *days]), max([convention_on, date(exercise, 12, 31), *days])
    return "échelonné", f"{first.isoformat()}/{last.isoformat()}"
