"""What is unpaid and how old it is, in scenarios, and against the sums that the ledger keeps."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.unpaid import Band, Deed, DeedKind, Part, unpaid

DAY = date(2016, 3, 1)
ENGAGED, CERTIFIED, PAID, RETURNED, GIVEN_UP = DeedKind


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def deeds(*told: tuple[DeedKind, int, int]) -> list[Deed]:
    return [Deed(kind, on(days), amount) for kind, days, amount in told]


def test_the_clock_runs_from_the_engagement() -> None:
    found = unpaid(deeds((ENGAGED, 0, 100)), on(60))
    assert [(part.days(on(60)), part.band(on(60)), part.due_on) for part in found.parts] == [(60, Band.MIDDLE, on(60))]
    assert found.by_band(on(30))[Band.YOUNG] == 100
    assert found.by_band(on(31))[Band.MIDDLE] == 100
    assert found.by_band(on(61))[Band.LATE] == 100


def test_a_payment_settles_what_was_engaged_first() -> None:
    found = unpaid(deeds((ENGAGED, 0, 60), (ENGAGED, 10, 40), (PAID, 20, 70)), on(30))
    assert found.parts == (Part(on(10), 30),)


def test_what_is_given_up_is_what_was_engaged_last() -> None:
    found = unpaid(deeds((ENGAGED, 0, 60), (ENGAGED, 10, 40), (GIVEN_UP, 20, 50)), on(30))
    assert found.parts == (Part(on(0), 50),)


def test_money_that_came_back_has_no_clock_and_goes_first_when_it_is_given_up() -> None:
    told = deeds((ENGAGED, 0, 100), (PAID, 5, 100), (RETURNED, 6, 30))
    assert unpaid(told, on(90)).by_band(on(90)) == {
        Band.YOUNG: 0, Band.MIDDLE: 0, Band.LATE: 0, Band.RETURNED: 30,
    }  # fmt: skip
    assert unpaid([*told, *deeds((GIVEN_UP, 7, 30))], on(90)).parts == ()


def test_a_certified_service_that_is_not_paid_is_told_apart() -> None:
    told = deeds((ENGAGED, 0, 100), (PAID, 1, 20), (CERTIFIED, 9, 50), (CERTIFIED, 12, 30))
    found = unpaid(told, on(20))
    assert (found.amount_cents, found.certified) == (80, (Part(on(9), 30), Part(on(12), 30)))
    assert unpaid([*told, *deeds((PAID, 13, 60))], on(20)).certified == ()


def test_what_was_all_paid_and_came_back_is_owed_no_more() -> None:
    told = deeds((ENGAGED, 0, 100), (CERTIFIED, 1, 50), (PAID, 2, 50), (RETURNED, 3, 20))
    assert unpaid(told, on(20)).certified_cents == 0
    still = deeds((ENGAGED, 0, 100), (CERTIFIED, 1, 50), (PAID, 2, 40), (RETURNED, 3, 20))
    assert unpaid(still, on(20)).certified_cents == 30


def test_a_payment_settles_what_came_back_when_nothing_else_is_owed() -> None:
    found = unpaid(deeds((ENGAGED, 0, 100), (PAID, 1, 100), (RETURNED, 2, 30), (PAID, 3, 20)), on(20))
    assert found.parts == (Part(on(2), 10, came_back=True),)


def test_what_was_paid_beyond_what_was_certified_may_come_back_and_what_is_certified_stays() -> None:
    told = deeds((ENGAGED, 0, 100), (CERTIFIED, 1, 50), (PAID, 2, 80), (RETURNED, 3, 20), (CERTIFIED, 4, 20))
    assert unpaid(told, on(20)).certified_cents == 10


def test_parts_of_one_day_stay_in_their_order() -> None:
    found = unpaid(deeds((ENGAGED, 0, 60), (ENGAGED, 0, 40)), on(1))
    assert found.parts == (Part(on(0), 60), Part(on(0), 40))


def test_parts_of_one_day_that_are_known_late_come_in_the_order_told_and_what_came_back_behind() -> None:
    late = deeds((ENGAGED, 0, 5), (ENGAGED, 9, 7), (ENGAGED, 0, 3))
    assert [part.amount_cents for part in unpaid(late, on(20)).parts] == [5, 3, 7]
    back = deeds((ENGAGED, 0, 4), (PAID, 0, 4), (ENGAGED, 1, 5), (RETURNED, 1, 3))
    assert unpaid(back, on(20)).parts == (Part(on(1), 5), Part(on(1), 3, came_back=True))


def test_the_clock_runs_from_the_day_of_the_act_however_late_it_is_known() -> None:
    late = Deed(ENGAGED, on(70), 100, occurred_on=on(0))
    assert unpaid([late], on(69)).parts == ()
    assert unpaid([late], on(70)).by_band(on(70))[Band.LATE] == 100
    early, later = Deed(ENGAGED, on(20), 60, on(5)), Deed(ENGAGED, on(10), 40, on(9))
    paid = Deed(PAID, on(30), 70, on(30))
    assert unpaid([later, early, paid], on(30)).parts == (Part(on(9), 30),), "what was engaged first, not known first"
    assert Deed(ENGAGED, on(0), 1, on(3)).since == on(0), "nothing counts from a day that was still to come"


def test_as_of_a_day_only_what_was_known_by_then_counts() -> None:
    told = deeds((ENGAGED, 0, 100), (PAID, 10, 100))
    assert (unpaid(told, on(9)).amount_cents, unpaid(told, on(10)).amount_cents) == (100, 0)


@given(st.lists(st.tuples(st.sampled_from(list(DeedKind)), st.integers(0, 5), st.integers(1, 50)), max_size=20))
def test_it_adds_up_to_what_the_ledger_keeps(drawn: list[tuple[DeedKind, int, int]]) -> None:
    engaged = certified = paid = days = 0
    told: list[tuple[DeedKind, int, int]] = []
    for kind, later, amount in drawn:
        days += later
        match kind:
            case DeedKind.ENGAGED:
                engaged += amount
            case DeedKind.CERTIFIED if amount <= engaged - certified:
                certified += amount
            case DeedKind.PAID if amount <= engaged - paid:
                paid += amount
            case DeedKind.RETURNED if amount <= paid:
                certified, paid = (min(certified, paid - amount) if certified <= paid else certified), paid - amount
            case DeedKind.GIVEN_UP if amount <= engaged - max(certified, paid):
                engaged -= amount
            case _:
                continue
        told.append((kind, days, amount))
    found = unpaid(deeds(*told), on(days))
    assert found.amount_cents == engaged - paid == sum(found.by_band(on(days)).values())
    assert found.certified_cents == max(0, certified - paid)
    assert all(part.amount_cents > 0 for part in found.parts + found.certified)
