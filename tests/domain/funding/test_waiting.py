"""What would free each one who waits, held against the rule that promotes."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.books import Books
from services.funding.domain.commitment import Asked, Commitment, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.rules import Funders, Order, Rules, RuleSet, Waitlist
from services.funding.domain.waiting import Missing, Waiter, queue
from shared.kernel.funders import Funder

CDC, STATE = "CV219.CDC.2016", "CV219.STATE.2016"


def envelopes(cdc: int, state: int) -> list[Envelope]:
    """Two envelopes with this much room."""
    return [
        Envelope(CDC, "CV219", Funder.CDC, 2016, authorised=cdc),
        Envelope(STATE, "CV219", Funder.STATE, 2016, authorised=state),
    ]


def waiting(*asked: tuple[int, int], priorities: tuple[int, ...] = ()) -> list[Commitment]:
    """Commitments that wait, in the order of their place."""
    return [
        Commitment(UUID(int=place), "CV219", 2016, Asked(*amounts), 100, (priorities or (5,) * len(asked))[place],
                   place, State.WAITLISTED)
        for place, amounts in enumerate(asked)
    ]  # fmt: skip


def told(waiter: Waiter) -> tuple[int, int, dict[str, int]]:
    return waiter.commitment.place, waiter.before_count, dict(waiter.missing)


def test_each_needs_room_for_itself_and_for_all_before_it_at_the_same_envelope() -> None:
    found = queue(envelopes(10, 0), waiting((30, 0), (0, 5), (15, 0)))
    assert [told(each) for each in found] == [(0, 0, {CDC: 20}), (1, 0, {STATE: 5}), (2, 1, {CDC: 35})]
    assert found[2].first_before is found[0].commitment


def test_who_asks_both_funders_ties_their_queues_together() -> None:
    found = queue(envelopes(10, 0), waiting((30, 0), (1, 5), (0, 7)))
    assert [told(each) for each in found][1:] == [(1, 1, {CDC: 21, STATE: 5}), (2, 2, {CDC: 21, STATE: 12})]


def test_a_high_priority_comes_first_and_may_fit_already() -> None:
    found = queue(envelopes(10, 0), waiting((30, 0), (5, 0), priorities=(5, 1)))
    assert [told(each) for each in found] == [(1, 0, {}), (0, 1, {CDC: 25})]
    assert [each.rank for each in found] == [1, 2]


def test_the_queue_is_in_the_order_that_rules_say() -> None:
    who = waiting((30, 0), (5, 0), (7, 0), priorities=(5, 1, 5))
    who[2].score = 1
    ranks = {order: [w.commitment.place for w in queue(envelopes(0, 0), who, Rules(order=order))] for order in Order}
    assert ranks == {Order.PRIORITY: [1, 0, 2], Order.FIRST_COME: [0, 1, 2], Order.SCORE: [2, 0, 1]}


SKIP = Rules(waitlist=Waitlist.SKIP)


def test_under_rules_that_skip_only_who_would_take_the_room_first_counts() -> None:
    found = queue(envelopes(10, 0), waiting((30, 0), (12, 0), (15, 0), (0, 4)), SKIP)
    assert [told(each) for each in found] == [
        (0, 0, {CDC: 20}),
        (1, 0, {CDC: 2}),
        (2, 1, {CDC: 17}),
        (3, 0, {STATE: 4}),
    ]
    assert found[2].first_before is found[1].commitment


def promoted(
    room: dict[str, int], asked: list[tuple[int, int, int]], rules: Rules | None = None
) -> set[int]:  # fmt: skip
    """Who is served, whole, by the ledger's own rule."""
    commitments = waiting(*((cdc, state) for cdc, state, _ in asked), priorities=tuple(p for _, _, p in asked))
    opened = envelopes(room[CDC], room[STATE])
    for commitment in commitments:
        for envelope, amount in zip(opened, commitment.asked, strict=True):
            envelope.waitlisted += amount
            envelope.waiting_count += bool(amount)
    rule_sets = [RuleSet("CV219", 2016, 1, rules)] if rules else []
    books = Books(opened, commitments, (), rule_sets)
    books.promote("CV219", 2016)
    return {commitment.place for commitment in commitments if not commitment.is_in_line}


ASKED = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3)).filter(lambda a: a[0] + a[1] > 0)


@given(st.lists(ASKED, min_size=1, max_size=7), st.integers(0, 20), st.integers(0, 20))
def test_exactly_what_is_missing_lets_it_be_served(asked: list[tuple[int, int, int]], cdc: int, state: int) -> None:
    commitments = waiting(*((c, s) for c, s, _ in asked), priorities=tuple(p for _, _, p in asked))
    for waiter in queue(envelopes(cdc, state), commitments):
        room = {CDC: cdc, STATE: state}
        for name, cents in waiter.missing:
            room[name] += cents
        assert waiter.commitment.place in promoted(room, asked)
        for name, _ in waiter.missing:
            assert waiter.commitment.place not in promoted(room | {name: room[name] - 1}, asked)


@given(st.lists(ASKED, min_size=1, max_size=7), st.integers(0, 20), st.integers(0, 20))
def test_what_is_missing_is_enough_where_rules_skip(asked: list[tuple[int, int, int]], cdc: int, state: int) -> None:
    commitments = waiting(*((c, s) for c, s, _ in asked), priorities=tuple(p for _, _, p in asked))
    for waiter in queue(envelopes(cdc, state), commitments, SKIP):
        room = {CDC: cdc, STATE: state}
        for name, cents in waiter.missing:
            room[name] += cents
        assert waiter.commitment.place in promoted(room, asked, SKIP)


def test_a_missing_amount_names_its_envelope() -> None:
    [only] = queue(envelopes(0, 0), waiting((3, 0)))
    assert only.missing == (Missing(CDC, 3),)


def test_an_envelope_that_is_not_there_has_no_room() -> None:
    for rules in (None, SKIP):
        assert [told(each) for each in queue([], waiting((3, 0), (1, 0)), rules)] == [
            (0, 0, {CDC: 3}), (1, int(rules is None), {CDC: 4 if rules is None else 1})
        ]  # fmt: skip


def test_under_rules_that_skip_who_is_served_first_takes_the_room_of_those_behind() -> None:
    found = queue(envelopes(10, 0), waiting((6, 0), (9, 0), (1, 0)), SKIP)
    assert told(found[2]) == (2, 1, {})


def test_who_needs_exactly_the_room_that_there_is_misses_nothing() -> None:
    [only] = queue(envelopes(10, 0), waiting((10, 0)))
    assert only.missing == ()


EACH = Rules(funders=Funders.EACH)


def test_under_rules_that_serve_each_funder_on_its_own_queues_are_not_tied_together() -> None:
    found = queue(envelopes(10, 0), waiting((30, 0), (1, 5), (0, 7)), EACH)
    assert [told(each) for each in found] == [(0, 0, {CDC: 20}), (1, 1, {CDC: 21, STATE: 5}), (2, 1, {STATE: 12})]
    assert [each.rank for each in found] == [1, 2, 3]
    assert found[2].first_before is found[1].commitment


def test_who_waits_in_part_needs_room_for_that_part_alone() -> None:
    who = waiting((30, 5), (0, 7))
    who[0].state, who[0].waits = State.RESERVED, Funder.STATE
    for rules in (EACH, None, SKIP):
        assert told(queue(envelopes(0, 1), who, rules)[0]) == (0, 0, {STATE: 4})


@given(st.lists(ASKED, min_size=1, max_size=7), st.integers(0, 20), st.integers(0, 20))
def test_exactly_what_is_missing_serves_all_its_parts_where_each_funder_is_on_its_own(
    asked: list[tuple[int, int, int]], cdc: int, state: int
) -> None:
    commitments = waiting(*((c, s) for c, s, _ in asked), priorities=tuple(p for _, _, p in asked))
    for waiter in queue(envelopes(cdc, state), commitments, EACH):
        room = {CDC: cdc, STATE: state}
        for name, cents in waiter.missing:
            room[name] += cents
        assert waiter.commitment.place in promoted(room, asked, EACH)
        for name, _ in waiter.missing:
            assert waiter.commitment.place not in promoted(room | {name: room[name] - 1}, asked, EACH)


@given(st.lists(ASKED, min_size=1, max_size=7), st.integers(0, 20), st.integers(0, 20))
def test_what_is_missing_is_enough_where_each_funder_skips(
    asked: list[tuple[int, int, int]], cdc: int, state: int
) -> None:
    rules = Rules(funders=Funders.EACH, waitlist=Waitlist.SKIP)
    commitments = waiting(*((c, s) for c, s, _ in asked), priorities=tuple(p for _, _, p in asked))
    for waiter in queue(envelopes(cdc, state), commitments, rules):
        room = {CDC: cdc, STATE: state}
        for name, cents in waiter.missing:
            room[name] += cents
        assert waiter.commitment.place in promoted(room, asked, rules)
