"""What is published of the grants; and the schema's faults are found where another validator finds them."""

import csv
from datetime import date
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrique.imports.grants import SOURCE, read_grants
from services.funding.domain.publication import Beneficiary, Grant, Kept, Terms, publish
from services.funding.downloads.scdl import Fault, columns, faults, scdl_text
from shared.kernel.ids import commitment_id

EXAMPLES = Path(__file__).parents[2] / "support" / "scdl"
GRANTS = Path(__file__).parents[3] / "fabrique" / "demo" / "data" / "adulte-relais-fonjep-62-2020-2023.csv"
TERMS = Terms("Préfecture du Pas-de-Calais", "21620160800017", 2016)
DAY = date(2016, 9, 1)
SIRET, OTHER = "39231384700015", "21620160800017"


def grant(number: int, cents: int, *paid: tuple[date, int]) -> Grant:
    return Grant(UUID(int=number), "CV219", DAY, cents, [*paid])


def named(siret: str = SIRET, name: str = "ASSOC", **terms: object) -> Beneficiary:
    return Beneficiary(siret, name, **{"legal_category": "9220", "convention_on": DAY, **terms})  # type: ignore[arg-type]


def only(given: Grant, whose: Beneficiary | None, terms: Terms = TERMS) -> tuple[list[dict[str, str]], list[Kept]]:
    found = publish([given], {} if whose is None else {given.commitment_id: whose}, terms)
    return [dict(row) for row in found.rows], [reason for _, reason in found.kept]


@pytest.mark.parametrize(("file", "count"), [("valid", 0), ("invalid-cells", 16), ("invalid-columns", 47)])
def test_the_schemas_examples_have_the_faults_that_frictionless_finds(file: str, count: int) -> None:
    """frictionless 5.21 finds as many, in the same rows and columns; it knows nothing of the custom checks."""
    text = (EXAMPLES / f"{file}.csv").read_text(encoding="utf-8-sig")
    found = [*faults(text, custom=False)]
    assert len(found) == count
    if file == "invalid-cells":
        assert [(f.row, f.column) for f in found] == [
            (1, "dispositifAide"), (2, "pourcentageSubvention"), (3, "pourcentageSubvention"),
            (4, "pourcentageSubvention"), (5, "dateConvention"), (5, "rnaBeneficiaire"), (6, "montant"),
            (6, "notificationUE"), (7, "idAttribuant"), (8, "datesPeriodeVersement"), (8, "notificationUE"),
            (9, "pourcentageSubvention"), (10, "montant"), (12, "rnaBeneficiaire"), (16, "nature"),
            (30, "rnaBeneficiaire"),
        ]  # fmt: skip


def test_the_schemas_custom_checks_are_made_too() -> None:
    row = publish([grant(1, 30_000_00)], {UUID(int=1): named()}, TERMS).rows[0]
    assert [*faults(scdl_text([row]))] == []
    [wrong] = faults(scdl_text([{**row, "idBeneficiaire": "39231384700016"}]))
    assert (wrong.row, wrong.column) == (2, "idBeneficiaire")
    [lacking] = faults(scdl_text([{**row, "idBeneficiaire": ""}]))
    assert lacking == Fault(2, "idBeneficiaire", "fill it in, or rnaBeneficiaire")


def test_a_fault_never_says_what_stands_there() -> None:
    text = (EXAMPLES / "invalid-columns.csv").read_text(encoding="utf-8-sig")
    said = " ".join(f"{fault.column} {fault.remedy}" for fault in faults(text))
    names = {cell for row in [*csv.reader(StringIO(text))][1:] for cell in row[4:8] if len(cell) > 5}
    assert not any(name in said for name in names)


def test_each_grant_that_is_not_published_has_its_reason() -> None:
    large = grant(1, 30_000_00)
    assert only(large, None) == ([], [Kept.NAME_MISSING])
    assert only(large, named(legal_category="1000")) == ([], [Kept.NATURAL_PERSON])
    assert only(large, named(legal_category="")) == ([], [Kept.LEGAL_FORM_UNKNOWN])
    assert only(large, named(name="=1+1")) == ([], [Kept.NAME_UNSAFE])
    assert only(grant(1, 23_000_00), named()) == ([], [Kept.BELOW_THRESHOLD])
    assert only(large, named(convention_on=None)) == ([], [Kept.NO_CONVENTION_DATE])
    assert only(grant(1, 0), named()) == ([], [])


def test_a_natural_person_is_never_published_whatever_is_asked() -> None:
    terms = Terms("A", "21620160800017", 2016, all_amounts=True, legal_persons=True, known_day=True)
    for category in ("1", "10", "1000", "1900"):
        assert only(grant(1, 90_000_00), named(legal_category=category), terms) == ([], [Kept.NATURAL_PERSON])
    assert only(grant(1, 1), named(legal_category="", convention_on=None), terms)[1] == []


def test_the_threshold_is_of_all_that_a_body_gets_whichever_its_establishments() -> None:
    other = SIRET[:9] + "00023"
    names = {UUID(int=1): named(), UUID(int=2): named(other), UUID(int=3): named(OTHER)}
    found = publish([grant(1, 12_000_00), grant(2, 11_000_01), grant(3, 23_000_00)], names, TERMS)
    assert [row["montant"] for row in found.rows] == ["12000.00", "11000.01"]
    assert found.kept == [(UUID(int=3), Kept.BELOW_THRESHOLD)]


def test_rows_come_by_the_day_of_their_legal_act_and_then_by_commitment() -> None:
    later = Grant(UUID(int=1), "CV219", DAY.replace(day=2), 30_000_00)
    names = {UUID(int=number): named(purpose=str(number)) for number in (1, 2, 3)}
    found = publish([later, grant(3, 30_000_00), grant(2, 30_000_00)], names, TERMS)
    assert [row["objet"] for row in found.rows] == ["2", "3", "1"]


def test_a_row_says_what_is_known_and_leaves_empty_what_is_not() -> None:
    whose = named(rna="W595001988", decision="2016-42", purpose="ateliers")
    assert only(grant(1, 30_000_01), whose)[0] == [{
        "nomAttribuant": "Préfecture du Pas-de-Calais", "idAttribuant": "21620160800017",
        "dateConvention": "2016-09-01", "referenceDecision": "2016-42", "nomBeneficiaire": "ASSOC",
        "idBeneficiaire": SIRET, "rnaBeneficiaire": "W595001988", "objet": "ateliers", "montant": "30000.01",
        "nature": "aide en numéraire", "conditionsVersement": "échelonné",
        "datesPeriodeVersement": "2016-09-01/2016-12-31", "idRAE": "", "notificationUE": "non",
        "pourcentageSubvention": "1", "dispositifAide": "",
    }]  # fmt: skip


def test_how_it_is_paid_is_read_from_the_payments() -> None:
    once = only(grant(1, 30_000_00, (date(2016, 10, 3), 30_000_00)), named())[0][0]
    assert (once["conditionsVersement"], once["datesPeriodeVersement"]) == ("unique", "2016-10-03")
    parts = only(grant(1, 30_000_00, (date(2017, 2, 1), 10_000_00)), named())[0][0]
    assert (parts["conditionsVersement"], parts["datesPeriodeVersement"]) == ("échelonné", "2016-09-01/2017-02-01")


@given(
    st.lists(st.tuples(st.integers(0, 10**13), st.lists(st.tuples(st.dates(), st.integers(-100, 10**9))))),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1),
)
def test_whatever_is_published_is_valid_and_nothing_is_lost(
    grants: list[tuple[int, list[tuple[date, int]]]], name: str
) -> None:
    told = [grant(number, cents, *paid) for number, (cents, paid) in enumerate(grants)]
    names = {each.commitment_id: named(name=name) for each in told if each.commitment_id.int % 3}
    found = publish(told, names, TERMS)
    assert [*faults(scdl_text(found.rows))] == []
    assert len(found.rows) + len(found.kept) == sum(each.engaged_cents > 0 for each in told)


@pytest.mark.parametrize("exercise", [2020, 2021, 2022, 2023])
def test_the_real_grants_are_published_as_the_schema_wants(exercise: int) -> None:
    """Employers of adultes-relais, all of them bodies: each usable row of the year, to the cent."""
    with GRANTS.open("rb") as file:
        usable = {row.line: row.event["data"] for row in read_grants(file) if row.event}
    raw = dict(enumerate(csv.DictReader(GRANTS.read_text(encoding="utf-8").splitlines()), 2))
    mine = {line: said for line, said in usable.items() if said["exercise"] == exercise}
    told, names = {}, {}
    for line, said in mine.items():
        identifier = commitment_id(SOURCE.split("/")[1], said["reference"])
        told[identifier] = Grant(identifier, said["contract"], date(exercise, 1, 1), said["state_cents"])
        names[identifier] = named(said["beneficiary_siret"], raw[line]["raison_sociale"], convention_on=None)
    terms = Terms(TERMS.authority, TERMS.authority_siret, exercise, all_amounts=True, known_day=True)
    found = publish(told.values(), names, terms)
    assert [*faults(scdl_text(found.rows))] == []
    assert found.kept == []
    cents = sum(round(float(row["montant"]) * 100) for row in found.rows)
    assert cents == sum(each.engaged_cents for each in told.values()) > 1_500_000_00
    assert next(csv.reader(StringIO(scdl_text(found.rows)))) == columns()
    above = publish(told.values(), names, Terms(TERMS.authority, TERMS.authority_siret, exercise, known_day=True))
    assert 0 < len(above.rows) < len(found.rows)
