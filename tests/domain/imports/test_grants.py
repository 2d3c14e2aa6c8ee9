"""The real grants: what can be used, what is refused and why, and every cent of them."""

import csv
import io
from collections import Counter, defaultdict
from decimal import Decimal
from importlib.resources import as_file
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrique.demo.files import GRANTS, demo_file
from fabrique.imports import read_rows
from fabrique.imports.grants import GRANT_COLUMNS, read_grants
from fabrique.imports.rows import Reason, Row
from shared.contracts.told import CommitmentDeclared

HEADER = ",".join(GRANT_COLUMNS)
GOOD = "adulte-relais,2020,06212R000802,39231384700015,ASSOC CTRE SOCIALE ECLATE,19875.06,CV222,62,32,ci-ville"
TOTALS = {
    ("adulte-relais", 2020): "2206131.66", ("adulte-relais", 2021): "2810054.80",
    ("adulte-relais", 2022): "3273116.00", ("adulte-relais", 2023): "3383359.50",
    ("postes-fonjep", 2020): "168354", ("postes-fonjep", 2021): "171936",
    ("postes-fonjep", 2022): "186264", ("postes-fonjep", 2023): "193428",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with as_file(demo_file(GRANTS)) as path:
        return list(read_rows(path))


@pytest.fixture(scope="module")
def cells() -> list[dict[str, str]]:
    return list(csv.DictReader(demo_file(GRANTS).read_text(encoding="utf-8").splitlines()))


def read(*lines: str) -> list[Row]:
    return list(read_grants(io.BytesIO("\n".join((HEADER, *lines)).encode())))


def good(**changes: str) -> str:
    return ",".join({**dict(zip(GRANT_COLUMNS, GOOD.split(","), strict=True)), **changes}.values())


def test_of_the_656_real_rows_553_can_be_used(rows: list[Row]) -> None:
    assert len(rows) == 656
    assert [row.line for row in rows] == list(range(2, 658))
    assert sum(row.event is not None for row in rows) == 553
    refusals = [(row.refusal.field, row.refusal.reason) for row in rows if row.refusal]
    assert Counter(refusals) == {
        ("code_tiers", Reason.BENEFICIARY_NOT_A_SIRET): 101,
        ("code_cv", Reason.CONTRACT_MISSING): 2,  # a third row has no contract, and is refused for its SIRET first
    }


def test_the_real_rows_add_up_to_the_published_totals_to_the_cent(cells: list[dict[str, str]]) -> None:
    totals: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in cells:
        totals[row["dispositif"], int(row["annee"])] += Decimal(row["montant"])
    assert totals == {key: Decimal(amount) for key, amount in TOTALS.items()}


def test_the_usable_rows_are_the_totals_less_the_refused_rows_to_the_cent(
    rows: list[Row], cells: list[dict[str, str]]
) -> None:
    left = {key: Decimal(amount) for key, amount in TOTALS.items()}
    for row, found in zip(rows, cells, strict=True):
        amount = Decimal(row.event["data"]["state_cents"]) / 100 if row.event else Decimal(found["montant"])
        left[found["dispositif"], int(found["annee"])] -= amount
    assert set(left.values()) == {Decimal(0)}
    usable: Counter[int] = Counter()
    for row in rows:
        if row.event:
            usable[row.event["data"]["exercise"]] += row.event["data"]["state_cents"]
    assert usable == {2020: 220_613_166, 2021: 281_005_480, 2022: 327_311_600, 2023: 333_824_804}


def test_each_event_is_a_told_commitment_with_an_identity_of_its_own(rows: list[Row]) -> None:
    events = [row.event for row in rows if row.event]
    assert len({event["id"] for event in events}) == 553
    for event in events:
        assert {event["specversion"], event["type"], event["source"]} == {
            "1.0", "CommitmentDeclared", "/ci-ville/dauphin",
        }  # fmt: skip
        told = CommitmentDeclared.model_validate(event["data"], strict=False)
        assert event["id"] == told.reference
        assert (told.occurred_on.year, told.occurred_on.month, told.occurred_on.day) == (told.exercise, 1, 1)
        assert event["time"] == event["data"]["declared_at"]
        assert told.cost_cents == told.state_cents


def test_no_refusal_quotes_what_stands_in_the_row(rows: list[Row], cells: list[dict[str, str]]) -> None:
    for row, found in zip(rows, cells, strict=True):
        if row.refusal:
            said = repr(row) + row.refusal.remedy
            assert found["code_tiers"] not in said
            assert found["raison_sociale"] not in said


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"annee": "2013"}, "annee", Reason.EXERCISE_INVALID),
        ({"annee": "20200"}, "annee", Reason.EXERCISE_INVALID),
        ({"annee": "٢٠٢٠"}, "annee", Reason.EXERCISE_INVALID),
        ({"dispositif": ""}, "dispositif", Reason.REFERENCE_INVALID),
        ({"id_poste": ""}, "id_poste", Reason.REFERENCE_INVALID),
        ({"id_poste": "é"}, "id_poste", Reason.REFERENCE_INVALID),
        ({"id_poste": "1" * 64}, "id_poste", Reason.REFERENCE_INVALID),
        ({"code_tiers": ""}, "code_tiers", Reason.BENEFICIARY_MISSING),
        ({"code_tiers": "JEANNE EXEMPLE"}, "code_tiers", Reason.BENEFICIARY_NOT_A_SIRET),
        ({"code_tiers": "392 313 847 00015"}, "code_tiers", Reason.BENEFICIARY_NOT_A_SIRET),
        ({"code_tiers": "٣٩٢٣١٣٨٤٧٠٠٠١٥"}, "code_tiers", Reason.BENEFICIARY_NOT_A_SIRET),
        ({"code_tiers": "39231384700016"}, "code_tiers", Reason.SIRET_KEY_INVALID),
        ({"montant": ""}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "0.00"}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "-5"}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "1.234"}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "1e3"}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "NaN"}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": '"19875,06"'}, "montant", Reason.AMOUNT_INVALID),
        ({"montant": "99999999999"}, "montant", Reason.AMOUNT_INVALID),
        ({"code_cv": ""}, "code_cv", Reason.CONTRACT_MISSING),
        ({"code_cv": "Lens"}, "code_cv", Reason.CONTRACT_INVALID),
        ({"source": "ci-ville,more"}, "", Reason.COLUMNS_MISMATCH),
        ({"source": '"ci"ville'}, "", Reason.ROW_UNREADABLE),
        ({"source": "x" * 200_000}, "", Reason.ROW_UNREADABLE),
        ({"source": "x" * 2_000_000}, "", Reason.COLUMNS_MISMATCH),
    ],
)
def test_a_bad_row_is_refused_by_field_and_reason_and_stops_nothing(
    changes: dict[str, str], field: str, reason: Reason
) -> None:
    first, second, third = read(good(), good(**changes), good())
    assert first.event == third.event
    assert first.event
    assert second.refusal
    assert (second.line, second.event, second.refusal.field, second.refusal.reason) == (3, None, field, reason)


def test_a_row_that_is_not_utf8_is_refused() -> None:
    text = "\n".join((HEADER, good(raison_sociale="Éclaté"), good())).encode("latin-1")
    first, second = read_grants(io.BytesIO(text))
    assert first.refusal
    assert first.refusal.reason is Reason.NOT_UTF8
    assert second.event


def test_a_quoted_cell_over_two_lines_keeps_the_numbers_right() -> None:
    assert [row.line for row in read(good(raison_sociale='"A\nB"'), good()) if row.event] == [2, 4]


def test_a_quote_that_never_ends_is_refused_and_the_reading_ends() -> None:
    first, second = read(good(), good(raison_sociale='"A'))
    assert first.event
    assert second.refusal
    assert second.refusal.reason is Reason.ROW_UNREADABLE


@given(cents=st.integers(min_value=1, max_value=10**12 - 1))
def test_an_amount_is_read_to_the_cent(cents: int) -> None:
    [row] = read(good(montant=f"{cents // 100}.{cents % 100:02d}"))
    assert row.event
    assert row.event["data"]["state_cents"] == cents


@pytest.mark.parametrize(("text", "cents"), [("7164", 716_400), ("22555.7", 2_255_570), ("0.29", 29)])
def test_amounts_have_none_one_or_two_decimals(text: str, cents: int) -> None:
    [row] = read(good(montant=text))
    assert row.event
    assert row.event["data"]["cost_cents"] == cents


class EndlessGrants(io.BytesIO):
    """A file whose rows never end."""

    def readline(self, size: int | None = -1, /) -> bytes:
        return (super().readline(size) or GOOD.encode()).rstrip() + b"\n"


def test_a_file_is_never_held_in_memory() -> None:
    rows = read_grants(EndlessGrants(HEADER.encode()))
    assert sum(row.event is not None for row in islice(rows, 1000)) == 1000
