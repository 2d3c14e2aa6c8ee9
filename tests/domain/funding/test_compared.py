"""Two books side by side: whatever is not alike is named, and who gains and who loses is said in its order."""

from typing import Any
from uuid import UUID

import pytest

from services.funding.domain.books import Books, HeldMovement
from services.funding.domain.commitment import Asked, Commitment, Engagement, State
from services.funding.domain.comparison import Balances, Change, Comparison, Pair, Verdict, compare, snapshot, unlike
from services.funding.domain.envelope import Envelope
from shared.contracts.reasons import HeldReason
from shared.kernel.funders import Funder
from tests.support.commitment_events import event
from tests.support.sequential import incoming

CDC, STATE = "CV219.CDC.2016", "CV219.STATE.2016"


def envelope(name: str = CDC, **balances: Any) -> Envelope:
    contract, funder, exercise = name.split(".")
    return Envelope(name, contract, Funder(funder), int(exercise), **balances)


def commitment(number: int = 1, state: State = State.RESERVED, cdc: int = 10, **more: Any) -> Commitment:
    return Commitment(UUID(int=number), "CV219", 2016, Asked(cdc, 0), 100, 5, number, state, **more)


def engaged(amount: int = 0, certified: int = 0, paid_by: dict[int, int] | None = None) -> dict[str, Any]:
    return {"engagements": {Funder.CDC: Engagement(amount, certified, paid_by or {})}}


def held(reason: HeldReason = HeldReason.NOT_DECLARED) -> HeldMovement:
    act = incoming(event("CommitmentClosed", "A", contract="CV219", number=1), 1)
    return HeldMovement(act.event_id, act.fact, act.type, act.place, reason)


def test_whatever_two_books_do_not_hold_alike_is_named_with_what_each_has() -> None:
    ours, its = envelope(authorised=1), envelope(authorised=2)
    assert [*unlike(Books([ours], []), Books([its], []))] == [
        f"envelope {CDC}: the ledger has {its}, the replay ends with {ours}"
    ]
    for replayed, ledger, missing in (
        (Books([ours], []), Books([], []), f"envelope {CDC}: the ledger has None"),
        (Books([], []), Books([its], []), f"envelope {CDC}: the ledger has {its}, the replay ends with None"),
        (Books([], [commitment()]), Books([], []), f"commitment {UUID(int=1)}: the ledger has None"),
        (Books([], [], [held()]), Books([], []), f"held movement {held().event_id}: the ledger has None"),
    ):
        [said] = unlike(replayed, ledger)
        assert said.startswith(missing)
    assert len([*unlike(Books([], [], [held()]), Books([], [], [held(HeldReason.NOT_PAID)]))]) == 1
    assert [*unlike(Books([], [], [held()]), Books([], [], [held()]))] == []


@pytest.mark.parametrize("other", [
    commitment(cdc=9), commitment(state=State.ENGAGED), commitment(**engaged(1)), commitment(**engaged(0, 1)),
    commitment(**engaged(0, 0, {2016: 1})), commitment(beneficiary=UUID(int=9)), commitment(waits=Funder.CDC),
])  # fmt: skip
def test_a_commitment_that_is_not_alike_in_anything_is_named(other: Commitment) -> None:
    [said] = unlike(Books([], [commitment()]), Books([], [other]))
    assert said.startswith(f"commitment {UUID(int=1)}: the ledger has (")


def test_what_is_nothing_is_as_none_and_what_is_new_is_no_difference() -> None:
    nothing = commitment(is_new=True, **engaged(0, 0, {2016: 0}))
    assert [*unlike(Books([], [commitment()]), Books([], [nothing]))] == []
    paid = commitment(**engaged(5, 0, {2016: 5, 2017: 0})), commitment(**engaged(5, 0, {2016: 5}))
    assert [*unlike(Books([], [paid[0]]), Books([], [paid[1]]))] == []


def test_things_are_named_in_their_order() -> None:
    many = [commitment(number) for number in (3, 1, 2)]
    assert [said.split()[1] for said in unlike(Books([], many), Books([], []))] == [
        f"{UUID(int=number)}:" for number in (1, 2, 3)
    ]


def fate(state: State, cdc: int = 10, **more: Any) -> Any:
    return snapshot(Books([], [commitment(1, state, cdc, **more)])).commitments[UUID(int=1)]


def verdict(before: Any, after: Any) -> Verdict:
    return Change(UUID(int=1), before, after).verdict


def test_who_is_served_is_better_off_than_who_waits_and_who_waits_than_who_is_refused() -> None:
    served, waits, refused = fate(State.RESERVED), fate(State.WAITLISTED), fate(State.REFUSED)
    assert (served.worth, waits.worth, refused.worth) == ((10, 0), (0, 10), (0, 0))
    assert verdict(waits, served) is verdict(refused, waits) is Verdict.BETTER
    assert verdict(served, waits) is verdict(waits, refused) is Verdict.WORSE
    assert verdict(served, fate(State.ENGAGED)) is Verdict.OTHERWISE


def test_a_fate_says_what_was_engaged_and_paid_of_each_funder() -> None:
    found = fate(State.ENGAGED, **engaged(7, 0, {2016: 2, 2017: 1}))
    assert (found.asked, found.served, found.engaged, found.paid) == (
        Asked(10, 0), Asked(10, 0), Asked(7, 0), Asked(3, 0),
    )  # fmt: skip


def test_the_most_changed_come_first_and_sums_are_by_funder_and_exercise() -> None:
    before = Books(
        [envelope(authorised=10), envelope("CV221.CDC.2016", authorised=5), envelope(STATE, authorised=1),
         envelope("CV218.CDC.2016", reserved=3)],
        [commitment(n, cdc=n) for n in (1, 2, 3, 4)],
    )  # fmt: skip
    after = Books(
        [envelope(authorised=11), envelope("CV221.CDC.2016", authorised=9), envelope("CV218.CDC.2016", engaged=1)],
        [commitment(n, State.REFUSED if n in (2, 3) else State.RESERVED, 2 if n == 4 else n) for n in (1, 2, 3, 4)],
    )  # fmt: skip
    found = compare(snapshot(before), snapshot(after))
    assert [pair.name for pair in found.envelopes] == ["CV218.CDC.2016", "CV221.CDC.2016", CDC, STATE]
    assert found.envelopes[3] == Pair(STATE, Balances(authorised=1), Balances())
    assert found.totals == (
        Pair("CDC.2016", Balances(authorised=15, reserved=3), Balances(authorised=20, engaged=1)),
        Pair("STATE.2016", Balances(authorised=1), Balances()),
    )
    assert [(c.commitment_id.int, c.gained) for c in found.changes] == [(3, -3), (2, -2), (4, -2)]
    assert (found.count(Verdict.WORSE), found.count(Verdict.BETTER), found.is_empty) == (3, 0, False)


def test_who_gains_or_loses_as_much_comes_in_the_order_of_commitments() -> None:
    numbers = (3, 1, 2)
    before = Books([], [commitment(n) for n in numbers])
    found = compare(snapshot(before), snapshot(Books([], [commitment(n, State.REFUSED) for n in numbers])))
    assert [change.commitment_id.int for change in found.changes] == [1, 2, 3]


def test_a_comparison_is_empty_when_no_fate_and_no_envelope_is_another() -> None:
    same, other = Pair(CDC, Balances(1), Balances(1)), Pair(CDC, Balances(1), Balances(2))
    change = Change(UUID(int=1), fate(State.RESERVED), fate(State.REFUSED))
    assert Comparison((same,), (), ()).is_empty
    assert not Comparison((same, other), (), ()).is_empty
    assert not Comparison((same,), (), (change,)).is_empty


def test_books_of_other_commitments_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"^the books know different commitments$"):
        compare(snapshot(Books([], [commitment()])), snapshot(Books([], [])))


def test_who_waits_in_part_has_less_than_one_reserved_and_more_than_one_who_waits_whole() -> None:
    def asks(state: State, waits: Funder | None = None) -> Commitment:
        return Commitment(UUID(int=1), "CV219", 2016, Asked(10, 5), 100, 5, 1, state, waits=waits)

    mixed, whole, waits = asks(State.RESERVED, Funder.STATE), asks(State.RESERVED), asks(State.WAITLISTED)
    fates = [snapshot(Books([], [each])).commitments[UUID(int=1)] for each in (waits, mixed, whole)]
    assert [(fate.served, fate.waiting) for fate in fates] == [
        (Asked(0, 0), Asked(10, 5)), (Asked(10, 0), Asked(0, 5)), (Asked(10, 5), Asked(0, 0)),
    ]  # fmt: skip
    assert fates == sorted(fates, key=lambda fate: fate.worth)
    assert [*unlike(Books([], [mixed]), Books([], [whole]))] != []
