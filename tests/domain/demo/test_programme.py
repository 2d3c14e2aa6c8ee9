"""The programme file says what the territory's file and the protocol say, and the real grants extend it."""

import csv
import re
import tomllib
from importlib.resources import as_file
from typing import Any

import pytest

from fabrique.demo.files import CONTRACTS, GRANTS, demo_file
from fabrique.demo.programme import euros_text, later_credit_tables, programme_text, state_credit_tables
from fabrique.demo.territory import territories
from fabrique.imports import Reason, Refusal, Row, read_rows
from services.funding.programme import openings, parse


def test_the_programme_has_the_11_contracts_of_the_territory_in_order() -> None:
    rows = csv.DictReader(demo_file(CONTRACTS).read_text(encoding="utf-8").splitlines())
    contracts: list[dict[str, Any]] = [
        {
            "code": row["contract"],
            "name": row["epci_name"],
            "epci_siren": row["epci_siren"],
            "priority": row["priority_2016_2017"] == "yes",
            "qpv_population": int(row["qpv_population"]),
        }
        for row in rows
    ]
    programme = tomllib.loads(programme_text())
    assert programme["contract"] == contracts
    assert len(contracts) == 11
    assert sum(contract["qpv_population"] for contract in contracts) == 149_900
    assert sorted(contract["code"] for contract in contracts if contract["priority"]) == [
        "CV219", "CV221", "CV224", "CV225",
    ]  # fmt: skip
    assert programme["programme"]["id"] == "pas-de-calais"


def test_the_credits_of_2016_are_those_of_the_protocol() -> None:
    assert tomllib.loads(programme_text())["credit"] == [
        {"funder": "CDC", "exercise": 2016, "amount_per_contract": "100000.00"},
        {"funder": "STATE", "exercise": 2016, "amount": "1500000.00", "split": "population", "payment_credits": "same"},
    ]


def test_the_real_grants_add_a_credit_of_the_state_for_each_exercise() -> None:
    with as_file(demo_file(GRANTS)) as path:
        text = programme_text() + state_credit_tables(read_rows(path))
    credits_added = tomllib.loads(text)["credit"][2:]
    assert [(credit["exercise"], credit["amount"]) for credit in credits_added] == [
        (2020, "2206131.66"), (2021, "2810054.80"), (2022, "3273116.00"), (2023, "3338248.04"),
    ]  # fmt: skip
    assert {(credit["funder"], credit["split"]) for credit in credits_added} == {("STATE", "population")}


def test_refused_rows_add_no_credit() -> None:
    assert state_credit_tables([Row(2, refusal=Refusal("montant", Reason.AMOUNT_INVALID))]) == ""


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (123_456, "1234.56"), (10**13, "100000000000.00")]
)
def test_cents_are_written_as_euros(cents: int, text: str) -> None:
    assert euros_text(cents) == text


def test_each_contract_has_districts_of_the_2024_list() -> None:
    assert len(territories()) == 11
    for territory in territories():
        assert territory.districts
        assert all(re.fullmatch(r"QN062\d{2}M", district) for district in territory.districts)


def test_the_origin_of_each_committed_file_is_told() -> None:
    folder = demo_file("")
    origin = demo_file("ORIGIN.md").read_text(encoding="utf-8")
    names = [file.name for file in folder.iterdir() if file.name != "ORIGIN.md"]
    assert names
    assert [name for name in names if f"`{name}`" not in origin] == []


def test_the_years_after_2016_have_credits_to_pay_and_none_to_engage() -> None:
    added = openings(parse(programme_text() + later_credit_tables()))
    later = [opening for opening in added if opening.exercise > 2016]
    assert {(o.funder, o.exercise, o.amount_cents) for o in later} == {("STATE", 2017, 0), ("STATE", 2018, 0)}
    assert sum(o.payment_cents or 0 for o in later if o.exercise == 2017) == 1_500_000_00
