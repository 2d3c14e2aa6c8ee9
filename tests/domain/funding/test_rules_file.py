"""Rules in the programme file are read whole, or each problem is told with its line and how to mend it."""

from datetime import date

import pytest

from services.funding.domain.rules import Funders, Order, Rules, Waitlist
from services.funding.programme import ProgrammeInvalid, parse, ruled
from tests.domain.funding.test_programme_file import FILE

RULES = """
[[rules]]
exercise = 2016
contracts = ["CV219"]
eligible_from = 2016-01-01
eligible_until = 2016-11-30
cap_per_project = "50000.00"
cap_per_beneficiary = "60000.50"
cdc_share_max = 50
state_share_max = 40
public_aid_max = 80
convention_from = "23000.00"
waitlist = "skip"
order = "first-come"
funders = "each"
"""
MISTAKES = {
    "a limit is unknown": ("waitlist", "waiting", "line 41: rules.1.waiting", "mend its spelling"),
    "a share is above 100": ("= 80", "= 101", "line 39: rules.1.public_aid_max", "write 100 or less"),
    "a share is no whole number": ("= 80", "= 80.5", "line 39: rules.1.public_aid_max", "whole number"),
    "euros have no cents": ('"23000.00"', '"23000"', "line 40: rules.1.convention_from", "two decimals"),
    "a word is unknown": ('"skip"', '"jump"', "line 41: rules.1.waitlist", "'strict' or 'skip'"),
    "funders decide in no such way": ('"each"', '"both"', "line 43: rules.1.funders", "'together' or 'each'"),
    "a day is none": ("2016-11-30", '"soon"', "line 34: rules.1.eligible_until", "valid date"),
    "a period ends before": ("2016-11-30", "2015-11-30", "line 34: rules.1.eligible_until", "before eligible_from"),
    "a contract is no one's": ('["CV219"]', '["CV999"]', "line 32: rules.1.contracts", "CV999 is not a contract"),
    "others begin before the priority contracts": (
        "eligible_until = 2016-11-30",
        "others_eligible_from = 2015-12-31",
        "line 34: rules.1.others_eligible_from",
        "before eligible_from, 2016-01-01",
    ),
    "others begin when all is over": (
        "eligible_from = 2016-01-01",
        "others_eligible_from = 2016-12-01",
        "line 34: rules.1.eligible_until",
        "before others_eligible_from",
    ),
    "others begin and there are none": (
        "eligible_from = 2016-01-01",
        "priority_only = true\nothers_eligible_from = 2016-07-01",
        "line 34: rules.1.others_eligible_from",
        "remove one of them",
    ),
    "a cap is not split": (
        "cdc_share_max = 50",
        'programme_cap_per_beneficiary = "100.00"',
        "line 37: rules.1.programme_cap_per_beneficiary",
        "split it: rights =",
    ),
    "rights are parts of nothing": (
        "cdc_share_max = 50",
        'rights = { CV219 = "1.00" }',
        "line 37: rules.1.rights",
        "parts",
    ),
    "a right of a contract that is no one's": (
        "cdc_share_max = 50",
        'programme_cap_per_beneficiary = "100.00"\nrights = { CV999 = "1.00" }',
        "line 38: rules.1.rights.CV999",
        "CV999 is not a contract",
    ),
    "rights pass the cap": (
        "cdc_share_max = 50",
        'programme_cap_per_beneficiary = "100.00"\nrights = { CV217 = "60.00", CV219 = "40.01" }',
        "line 38: rules.1.rights",
        "they add up to 100.01, programme_cap_per_beneficiary is 100.00: grant less",
    ),
    "no credit is there": ("exercise = 2016\ncont", "exercise = 2061\ncont", "line 31: rules.1.exercise", "no credit"),
    "rules are told twice": (
        'order = "first-come"',
        "[[rules]]\nexercise = 2016",
        "line 43: rules.2.exercise",
        "above",
    ),
}


def test_rules_are_read_for_each_contract() -> None:
    arras, lens = ruled(parse(FILE + RULES))
    assert arras == ("CV217", 2016, Rules(
        eligible=False, eligible_from=date(2016, 1, 1), eligible_until=date(2016, 11, 30),
        cap_per_project_cents=5_000_000, cap_per_beneficiary_cents=6_000_050, cdc_share_max=50, state_share_max=40,
        public_aid_max=80, convention_from_cents=2_300_000, waitlist=Waitlist.SKIP, order=Order.FIRST_COME,
        funders=Funders.EACH,
    ))  # fmt: skip
    assert (lens[0], lens[2].eligible) == ("CV219", True)


def test_priority_contracts_alone_are_eligible_or_others_from_a_later_day() -> None:
    alone = FILE + "[[rules]]\nexercise = 2016\npriority_only = true\n"
    assert [(code, rules.eligible) for code, _, rules in ruled(parse(alone))] == [("CV217", False), ("CV219", True)]
    later = FILE + "[[rules]]\nexercise = 2016\neligible_from = 2016-02-01\nothers_eligible_from = 2016-07-01\n"
    assert [rules.eligible_from for _, _, rules in ruled(parse(later))] == [date(2016, 7, 1), date(2016, 2, 1)]
    others = FILE + "[[rules]]\nexercise = 2016\nothers_eligible_from = 2016-07-01\n"
    assert [rules.eligible_from for _, _, rules in ruled(parse(others))] == [date(2016, 7, 1), None]


def test_a_cap_over_the_programme_is_split_into_rights_of_contracts() -> None:
    split = '[[rules]]\nexercise = 2016\nprogramme_cap_per_beneficiary = "100.00"\nrights = { CV219 = "100.00" }\n'
    assert ruled(parse(FILE + split)) == [
        ("CV217", 2016, Rules(programme_cap_cents=100_00, right_cents=0)),
        ("CV219", 2016, Rules(programme_cap_cents=100_00, right_cents=100_00)),
    ]


def test_without_limits_rules_are_those_of_today() -> None:
    assert ruled(parse(FILE)) == []
    assert {rules for _, _, rules in ruled(parse(FILE + "[[rules]]\nexercise = 2016\n"))} == {Rules()}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_remedy(name: str) -> None:
    right, wrong, place, remedy = MISTAKES[name]
    assert right in RULES
    with pytest.raises(ProgrammeInvalid) as caught:
        parse(FILE + RULES.replace(right, wrong))
    [problem] = caught.value.problems
    assert problem.startswith(f"{place}: ")
    assert remedy in problem
