"""What managers should look at: credit that nobody uses, and credit that the year's end takes away."""

from datetime import date
from typing import Any

from services.funding.domain.envelope import Envelope
from services.funding.domain.outlook import expiring, idle, overdue, sum_of
from shared.kernel.funders import Funder


def envelope(name: str = "CV219.CDC.2016", **balances: Any) -> Envelope:
    contract, funder, exercise = name.split(".")
    return Envelope(name, contract, Funder(funder), int(exercise), **balances)


def test_balances_add_up_and_no_limit_counts_for_nothing() -> None:
    found = sum_of([
        envelope(authorised=100, reserved=10, engaged=20, paid=5),
        envelope("CV219.STATE.2016", authorised=50, payment_credits=40, payments_frozen=10, paid=7),
    ])  # fmt: skip
    assert (found.authorised, found.room, found.payable, found.payment_credits) == (150, 120, 23, 40)
    assert sum_of([]).authorised == 0


def test_open_envelopes_lose_their_room_and_what_may_be_paid_at_the_end_of_the_year() -> None:
    with_room, payable = envelope(authorised=1), envelope("CV219.STATE.2016", payment_credits=2)
    used, closed = envelope("CV220.CDC.2016"), envelope("CV221.CDC.2016", authorised=5, closed=True)
    next_year = envelope("CV219.CDC.2017", authorised=5)
    assert expiring([with_room, payable, used, closed, next_year], 2016) == [with_room, payable]
    assert overdue([with_room, payable, used, closed, next_year], date(2017, 1, 1)) == [with_room, payable]
    assert overdue([with_room], date(2016, 12, 31)) == []


def test_much_room_is_worth_a_look_from_october_on() -> None:
    much = envelope(authorised=100, frozen=20, reserved=59)
    more = envelope("CV220.CDC.2016", authorised=100)
    little, another = envelope("CV221.CDC.2016", authorised=100, reserved=75), envelope("CV219.CDC.2017", authorised=9)
    assert idle([much, more, little, another], date(2016, 10, 1)) == [more, much]
    assert idle([much, more, little, another], date(2016, 9, 30)) == []
