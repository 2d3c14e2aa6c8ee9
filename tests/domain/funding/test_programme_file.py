"""A programme file is read whole, or every problem is told with its line and how to mend it."""

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fabrique.demo
from services.funding.domain.territory import Annulment, Merger
from services.funding.programme import ProgrammeInvalid, odd_cents, openings, parse, shares, territory_changes

FILE = """\
[programme]
id = "pas-de-calais"
name = "Fabrique à Entreprendre"

[[contract]]
code = "CV217"
name = "CU d'Arras"
epci_siren = "200033579"
priority = false
qpv_population = 100

[[contract]]
code = "CV219"
name = "CA de Lens-Liévin"
epci_siren = "246200364"
priority = true
qpv_population = 201

[[credit]]
funder = "CDC"
exercise = 2016
amount_per_contract = "100000.00"

[[credit]]
funder = "STATE"
exercise = 2016
amount = "300.00"
split = "population"
"""
MERGER = (
    FILE
    + """
[[merger]]
name = "artois-2017"
predecessors = ["200033579", "246200364"]
successor = "200072460"
successor_name = "CU de l'Artois"
effective_on = 2017-01-01

[[annulment]]
merger = "artois-2017"
annulled_from = 2018-06-30
"""
)
MERGER_MISTAKES = {
    "a predecessor's SIREN is short": ('["200033579", "', '["2000", "', "line 32: merger.1.predecessors.1", "pattern"),
    "nobody merges": ('["200033579", "246200364"]', "[]", "line 32: merger.1.predecessors", "at least 1 item"),
    "the successor is missing": ('successor = "200072460"\n', "", "line 30: merger.1.successor", "is missing: add it"),
    "a key is misspelt": ("successor_name", "successor_nam", "line 34: merger.1.successor_nam", "mend its spelling"),
    "a day is none": ("on = 2017-01-01", 'on = "soon"', "line 35: merger.1.effective_on", "date"),
    "the name is a sentence": ('name = "artois-2017"', 'name = "Of 2017."', "line 31: merger.1.name", "pattern"),
    "no contract is concerned": (
        '["200033579", "246200364"]', '["246200299"]', "line 30: merger.1", "mend SIREN or day",
    ),
    "an annulment is of no merger": ('merger = "artois-', 'merger = "artoi-', "line 37: annulment.1", "tell it first"),
    "it ends before it begins": ("2018-06-30", "2016-06-30", "line 37: annulment.1", "from its own day on, or later"),
}  # fmt: skip
MISTAKES = {
    "a bracket is missing": ("[programme]", "[programme", "not TOML: Expected ']'", "(at line 1, column 11)"),
    "a key is missing": ("priority = true\n", "", "line 12: contract.2.priority", "is missing: add it"),
    "a key is misspelt": ("priority = true", "priority = true\npriorty = true", "line 17: contract.2.priorty", "mend"),
    "a table is missing": ("[programme]", "[program]", "line 1: programme", "is missing: add it"),
    "a name has spaces": ('"pas-de-calais"', '"Pas de Calais"', "line 2: programme.id", "should match pattern"),
    "a code is no contract's": ('"CV219"', '"219"', "line 13: contract.2.code", "should match pattern '^CV"),
    "a SIREN is short": ('"246200364"', '"24620036"', "line 15: contract.2.epci_siren", "should match pattern"),
    "a population is negative": ("= 201", "= -1", "line 17: contract.2.qpv_population", "write 0 or more"),
    "a contract is listed twice": ('"CV219"', '"CV217"', "line 13: contract.2.code", "CV217 is listed above"),
    "a funder is unknown": ('"STATE"', '"REGION"', "line 25: credit.2.funder", "'CDC' or 'STATE'"),
    "a year is short": ("2016\namount =", "16\namount =", "line 26: credit.2.exercise", "from 2014 to 2100"),
    "a credit is told twice": ('"STATE"', '"CDC"', "line 24: credit.2", "CDC has a credit of 2016 above"),
    "euros are a number": ('"100000.00"', "100000.00", "line 22: credit.1.amount_per_contract", 'quotes: "100000.00"'),
    "euros have no cents": ('"100000.00"', '"100000"', "line 22: credit.1.amount_per_contract", 'two decimals: "100'),
    "euros have a comma": ('"100000.00"', '"100000,00"', "line 22: credit.1.amount_per_contract", "two decimals"),
    "euros are negative": ('"100000.00"', '"-1.00"', "line 22: credit.1.amount_per_contract", "two decimals"),
    "euros end with a line": ('"100000.00"', '"100000.00\\n"', "line 22: credit.1.amount_per_contract", "decimals"),
    "euros are too many": ('"100000.00"', '"100000000000.01"', "line 22: credit.1.amount_per_contract", "at most 100"),
    "nothing is given": ('amount_per_contract = "100000.00"\n', "", "line 19: credit.1", "give either"),
    "amounts are given twice": (
        'amount = "300.00"', 'amount = "300.00"\namount_per_contract = "1.00"', "line 24: credit.2", "give either"
    ),
    "an amount has no key": ('split = "population"\n', "", "line 24: credit.2", 'amount goes with split: "equal"'),
    "a key is unknown": ('"population"', '"people"', "line 28: credit.2.split", "'caseload', 'mix' or 'explicit'"),
    "explicit has no table": ('"population"', '"explicit"', "line 24: credit.2", "goes with a table explicit"),
    "a table has no explicit": (
        '"population"', '"equal"\nexplicit = { CV219 = "300.00" }', "line 24: credit.2", "goes with a table explicit"
    ),
    "a mix has no table": ('"population"', '"mix"', "line 24: credit.2", "goes with a table mix"),
    "a mix is empty": ('"population"', '"mix"\nmix = {}', "line 24: credit.2", "goes with a table mix"),
    "a table has no mix": (
        '"population"', '"equal"\nmix = { equal = 1 }', "line 24: credit.2", "goes with a table mix"
    ),
    "a mixed key is unknown": (
        '"population"', '"mix"\nmix = { people = 1 }', "line 29: credit.2.mix.people", "'equal', 'population'"
    ),
    "a mixed key counts nothing": (
        '"population"', '"mix"\nmix = { equal = 0 }', "line 29: credit.2.mix.equal", "write 1 or more"
    ),
    "a caseload is not said": ('"population"', '"caseload"', "line 28: credit.2.split", "CV217, CV219 say no caseload"),
    "a mixed caseload is not said": (
        '"population"', '"mix"\nmix = { caseload = 1, equal = 1 }', "line 29: credit.2.mix", "say no caseload"
    ),
    "an explicit contract is not listed": (
        '"population"', '"explicit"\nexplicit = { CV999 = "300.00" }', "line 29: credit.2.explicit.CV999",
        "CV999 is not a contract of this file",
    ),
    "explicit amounts do not add up": (
        '"population"', '"explicit"\nexplicit = { CV217 = "0.01", CV219 = "299.98" }', "line 29: credit.2.explicit",
        "they add up to 299.99, amount is 300.00",
    ),
    "an explicit amount has one decimal": (
        '"population"', '"explicit"\nexplicit = { CV219 = "300.0" }', "line 29: credit.2.explicit.CV219", "two decimals"
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_told_with_its_line_and_its_remedy(mistake: str) -> None:
    right, wrong, where, remedy = MISTAKES[mistake]
    assert right in FILE
    with pytest.raises(ProgrammeInvalid) as refused:
        parse(FILE.replace(right, wrong, 1))
    assert any(told.startswith(where) and remedy in told for told in refused.value.problems), refused.value.problems
    assert "Value error" not in str(refused.value)


def test_a_share_by_population_where_nobody_lives_is_told_too() -> None:
    with pytest.raises(ProgrammeInvalid, match=r"^line 28: credit\.2\.split: no contract has inhabitants: give"):
        parse(FILE.replace("population = 201", "population = 0").replace("population = 100", "population = 0"))


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    wrong = (
        FILE.replace('"STATE"', '"REGION"').replace("population = 201", "population = -1").replace('"100000.00"', '"1"')
    )
    with pytest.raises(ProgrammeInvalid) as refused:
        parse(wrong)
    assert [told.partition(":")[0] for told in refused.value.problems] == ["line 17", "line 22", "line 25"]


def test_a_credit_is_the_same_for_each_contract_or_shared_by_its_key() -> None:
    programme = parse(FILE)
    assert {(o.envelope_id, o.amount_cents) for o in openings(programme)} == {
        ("CV217.CDC.2016", 10_000_000), ("CV219.CDC.2016", 10_000_000),
        ("CV217.STATE.2016", 9_967), ("CV219.STATE.2016", 20_033),
    }  # fmt: skip
    assert shares(programme, programme.credit[1]).odd_cents_to == ("CV217",)


def test_an_equal_share_and_an_explicit_one_place_every_cent() -> None:
    equal = parse(FILE.replace('"population"', '"equal"').replace('"300.00"', '"300.01"'))
    assert shares(equal, equal.credit[1]).shares == {"CV217": 15_001, "CV219": 15_000}
    explicit = parse(FILE.replace('"population"', '"explicit"\nexplicit = { CV219 = "300.00" }'))
    assert shares(explicit, explicit.credit[1]).shares == {"CV219": 30_000}


def with_caseloads(*numbers: int) -> str:
    text = FILE
    for population, number in zip(("qpv_population = 100\n", "qpv_population = 201\n"), numbers, strict=True):
        text = text.replace(population, f"{population}caseload = {number}\n")
    return text


def test_a_share_by_caseload_and_a_mix_of_keys_place_every_cent() -> None:
    caseload = parse(with_caseloads(3, 1).replace('split = "population"', 'split = "caseload"'))
    assert shares(caseload, caseload.credit[1]).shares == {"CV217": 22_500, "CV219": 7_500}
    mix = parse(
        with_caseloads(3, 1).replace(
            'split = "population"', 'split = "mix"\nmix = { equal = 20, population = 50, caseload = 30 }'
        )
    )  # of 30 000: a fifth equal, half by 100:201, three tenths by 3:1
    assert shares(mix, mix.credit[1]).shares == {"CV217": 14_733, "CV219": 15_267}
    assert odd_cents(mix) == {"STATE.2016": ("CV219",)}


def test_a_caseload_of_nobody_splits_nothing() -> None:
    with pytest.raises(ProgrammeInvalid, match=r"credit\.2\.split: no contract has caseload: give caseload"):
        parse(with_caseloads(0, 0).replace('split = "population"', 'split = "caseload"'))


def test_the_programme_of_the_pas_de_calais_opens_22_envelopes_of_2_600_000_euros_in_all() -> None:
    text = (Path(fabrique.demo.__file__).parent / "data" / "pas-de-calais.toml").read_text()
    opened = openings(parse(text))
    assert len({o.envelope_id for o in opened}) == 22
    assert sum(o.amount_cents for o in opened) == 260_000_000


@settings(max_examples=120, deadline=None, print_blob=True)
@given(st.integers(0, len(FILE) - 1), st.integers(0, 8), st.text(max_size=4))
def test_whatever_is_written_the_file_is_read_or_refused_and_never_breaks(at: int, cut: int, put: str) -> None:
    with contextlib.suppress(ProgrammeInvalid):
        assert openings(parse(FILE[:at] + put + FILE[at + cut :]))


def test_mergers_and_annulments_are_read() -> None:
    changes = territory_changes(parse(MERGER))
    assert [change.number for change in changes] == [0] * 4
    assert changes[2:] == [
        Merger("artois-2017", ("200033579", "246200364"), "200072460", "CU de l'Artois", date(2017, 1, 1)),
        Annulment("artois-2017", date(2018, 6, 30)),
    ]  # fmt: skip


@pytest.mark.parametrize("mistake", MERGER_MISTAKES)
def test_a_mistake_in_a_merger_is_told_with_its_line_and_its_remedy(mistake: str) -> None:
    old, new, place, remedy = MERGER_MISTAKES[mistake]
    assert MERGER.count(old) == 1
    with pytest.raises(ProgrammeInvalid) as invalid:
        parse(MERGER.replace(old, new))
    assert any(problem.startswith(f"{place}: ") and remedy in problem for problem in invalid.value.problems), (
        invalid.value.problems
    )
