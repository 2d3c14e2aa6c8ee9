"""Who may command what, and what a command weighs for the rule of the four eyes."""

import pytest

from services.funding.domain.command import Act, Command
from services.funding.domain.commitment import Asked
from services.funding.domain.envelope import Envelope
from services.funding.domain.manager import OPERATOR, Manager, weight_cents
from shared.kernel.funders import Funder
from tests.support.commands import CDC, CDC_2017, CDC_NEXT_DOOR, STATE, wanted

CDC_ALONE = Manager("a", "cdc", frozenset({Funder.CDC}))
LENS = Manager("b", "lens", frozenset(Funder), frozenset({"CV219"}))
CDC_AT_LENS = Manager("c", "cdc", frozenset({Funder.CDC}), frozenset({"CV219"}))


@pytest.mark.parametrize(("command", "may"), [
    (wanted(Act.REDUCE, CDC, 1), (CDC_ALONE, LENS, CDC_AT_LENS)),
    (wanted(Act.REDUCE, STATE, 1), (LENS,)),
    (wanted(Act.REDUCE, CDC_NEXT_DOOR, 1), (CDC_ALONE,)),
    (wanted(Act.CARRY_OVER, CDC, 1, to=CDC_2017), (CDC_ALONE, LENS, CDC_AT_LENS)),
    (wanted(Act.TRANSFER, CDC, 1, to=CDC_NEXT_DOOR), (CDC_ALONE,)),
    (wanted(Act.TRANSFER, CDC_NEXT_DOOR, 1, to=CDC), (CDC_ALONE,)),
    (wanted(Act.REDUCE, "CV221.STATE.2016", 1), ()),
])  # fmt: skip
def test_a_manager_commands_only_where_all_envelopes_are_its_own(command: Command, may: tuple[Manager, ...]) -> None:
    assert tuple(manager for manager in (CDC_ALONE, LENS, CDC_AT_LENS) if manager.may(command)) == may
    assert OPERATOR.may(command)


def test_a_manager_tells_of_contracts_that_are_all_its_own_whoever_funds_them() -> None:
    assert LENS.may_for(["CV219"])
    assert not LENS.may_for(["CV219", "CV221"])
    assert CDC_ALONE.may_for(["CV219", "CV221"])


@pytest.mark.parametrize(("contract", "asked", "may"), [
    ("CV219", Asked(1, 1), (CDC_ALONE, LENS, CDC_AT_LENS)), ("CV219", Asked(0, 1), (LENS,)),
    ("CV219", Asked(1, 0), (CDC_ALONE, LENS, CDC_AT_LENS)), ("CV219", Asked(0, 0), (CDC_ALONE, LENS, CDC_AT_LENS)),
    ("CV221", Asked(1, 0), (CDC_ALONE,)), ("CV221", Asked(0, 1), ()), ("CV221", Asked(0, 0), (CDC_ALONE,)),
])  # fmt: skip
def test_a_score_is_given_by_who_acts_for_a_funder_that_is_asked(
    contract: str, asked: Asked, may: tuple[Manager, ...]
) -> None:
    everyone = (CDC_ALONE, LENS, CDC_AT_LENS)
    assert tuple(manager for manager in everyone if manager.may_score(contract, asked)) == may


def test_a_command_weighs_its_larger_amount_and_a_close_all_that_it_could_take_away() -> None:
    assert weight_cents(wanted(Act.INCREASE, STATE, 5, 3), None) == 5
    assert weight_cents(wanted(Act.INCREASE, STATE, 3, 5), None) == 5
    assert weight_cents(wanted(Act.CLOSE, STATE), None) == 0
    terms = {"authorised": 100, "engaged": 20, "lapsed": 5, "reserved": 40, "frozen": 7}
    for payment, paid, weight in ((None, 0, 75), (90, 10, 80), (80, 10, 75)):
        giver = Envelope(STATE, "CV219", Funder.STATE, 2016, **terms, payment_credits=payment, paid=paid)
        assert weight_cents(wanted(Act.CLOSE, STATE), giver) == weight
    spent = Envelope(STATE, "CV219", Funder.STATE, 2016, 20, engaged=20)
    assert weight_cents(wanted(Act.CLOSE, STATE), spent) == 0
