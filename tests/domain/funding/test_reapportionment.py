"""Plans that turn credits into others: to the cent, by transfers first, and the same plan when a part of it is done."""

from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.command import Act, Command, parts
from services.funding.domain.envelope import Envelope
from services.funding.domain.reapportionment import Given, Order, Plan, nothing_yet, ours, plan
from services.funding.domain.rehearsal import Credit

HOW = nothing_yet(by="cdc", reason="another-key", effective_on=date(2016, 10, 1))
NAMES = [f"CV21{n}.{funder}.2016" for n in range(5) for funder in ("CDC", "STATE")]
Credits = dict[str, Credit]


def credits_of() -> st.SearchStrategy[Credits]:
    """Credits of some envelopes: the State's with payment credits."""
    amounts = st.lists(st.integers(0, 50), min_size=2 * len(NAMES), max_size=2 * len(NAMES))
    return amounts.map(
        lambda drawn: {
            name: Credit(drawn[2 * n], drawn[2 * n + 1] if "STATE" in name else None) for n, name in enumerate(NAMES)
        }
    )


def planned(wanted: Credits, opened: Credits, before: list[Given], *, displace: bool = False) -> Plan:
    envelopes = {}
    for name, credit in opened.items():
        contract, funder, exercise = parts(name)
        envelopes[name] = Envelope(name, contract, funder, exercise, credit.amount, payment_credits=credit.payment)
    return plan(wanted, envelopes, opened, before, how=HOW, displace=displace)


def moved(commands: list[Command]) -> Counter[tuple[str, str]]:
    """What each envelope has more, after commands."""
    found: Counter[tuple[str, str]] = Counter()
    for command in commands:
        sign = 1 if command.act is Act.INCREASE else -1
        for name, way in zip(command.concerned, (sign, 1), strict=False):
            found[name, "amount"] += way * command.amount_cents
            found[name, "payment"] += way * command.payment_cents
    return found


@given(credits_of(), credits_of())
def test_a_plan_makes_credits_what_they_should_be_to_the_cent(opened: Credits, wanted: Credits) -> None:
    commands = [order.command for order in planned(wanted, opened, []).orders]
    more = moved(commands)
    for name in NAMES:
        assert more[name, "amount"] == wanted[name].amount - opened[name].amount
        assert more[name, "payment"] == (wanted[name].payment or 0) - (opened[name].payment or 0)
    assert all(command.amount_cents or command.payment_cents for command in commands)


@given(credits_of(), st.permutations(range(len(NAMES) // 2)))
def test_a_sum_that_stays_is_only_moved(opened: Credits, order: list[int]) -> None:
    shuffled = {NAMES[2 * n + f]: opened[NAMES[2 * other + f]] for n, other in enumerate(order) for f in (0, 1)}
    assert {each.command.act for each in planned(shuffled, opened, []).orders} <= {Act.TRANSFER}


@given(credits_of(), credits_of(), st.randoms())
def test_a_plan_of_which_a_part_is_done_leaves_the_rest_of_it(opened: Credits, wanted: Credits, chance: Random) -> None:
    whole = planned(wanted, opened, []).orders
    states = [chance.choice(("applied", "proposed", None)) for _ in whole]
    before = [
        Given(order.command_id, order.command, state) for order, state in zip(whole, states, strict=True) if state
    ]
    rest = planned(wanted, opened, before).orders
    left = {o.command_id: s for o, s in zip(whole, states, strict=True) if s != "applied"}
    assert {order.command_id: order.state for order in rest} == left


@given(credits_of(), credits_of())
def test_what_others_commanded_is_none_of_ours_and_stays(opened: Credits, wanted: Credits) -> None:
    whole = planned(wanted, opened, []).orders
    theirs = [Given(UUID(int=n), order.command, "applied") for n, order in enumerate(whole)]
    assert ours(theirs) == {}
    assert planned(wanted, opened, theirs).orders == whole
    done = [Given(order.command_id, order.command, "applied") for order in whole]
    assert set(ours([*theirs, *done])) == {order.command_id for order in whole}
    assert planned(wanted, opened, [*theirs, *done]).orders == ()


def test_what_was_refused_is_tried_again_under_another_identifier() -> None:
    opened, wanted = {NAMES[0]: Credit(10)}, {NAMES[0]: Credit(20)}
    [first] = planned(wanted, opened, []).orders
    for state in ("refused", "rejected"):
        [second] = planned(wanted, opened, [Given(first.command_id, first.command, state)]).orders
        assert (second.command, second.command_id == first.command_id) == (first.command, False)
        before = [Given(first.command_id, first.command, state), Given(second.command_id, second.command, "applied")]
        assert planned(wanted, opened, before).orders == ()


def test_somebody_is_sent_back_only_where_room_is_short() -> None:
    opened = {NAMES[0]: Credit(10), NAMES[2]: Credit(10)}
    [enough] = planned({NAMES[0]: Credit(4), NAMES[2]: Credit(16)}, opened, [], displace=True).orders
    assert (enough.command.act, enough.command.displace) == (Act.TRANSFER, False)
    envelope = Envelope(NAMES[0], *parts(NAMES[0]), 10, reserved=8)
    other = Envelope(NAMES[2], *parts(NAMES[2]), 10)
    envelopes = {NAMES[0]: envelope, NAMES[2]: other}
    wanted = {NAMES[0]: Credit(4), NAMES[2]: Credit(16)}
    for displace in (True, False):
        [short] = plan(wanted, envelopes, opened, [], how=HOW, displace=displace).orders
        assert short.command.displace is displace


def test_room_is_short_for_what_all_orders_of_a_giver_take_together() -> None:
    opened = {name: Credit(10) for name in (NAMES[0], NAMES[2], NAMES[4])}
    wanted = {NAMES[0]: Credit(2), NAMES[2]: Credit(14), NAMES[4]: Credit(14)}
    for room, displace in ((8, False), (7, True)):
        giver = Envelope(NAMES[0], *parts(NAMES[0]), 10, reserved=10 - room)
        others = {name: Envelope(name, *parts(name), 10) for name in (NAMES[2], NAMES[4])}
        orders = plan(wanted, {NAMES[0]: giver} | others, opened, [], how=HOW, displace=True).orders
        assert [order.command.displace for order in orders] == [False, displace]


def test_what_remains_comes_from_outside_or_goes_there() -> None:
    for amount, act in ((12, Act.INCREASE), (7, Act.REDUCE)):
        [order] = planned({NAMES[0]: Credit(amount)}, {NAMES[0]: Credit(10)}, []).orders
        assert order.command == Command(
            act, NAMES[0], "cdc", "another-key", date(2016, 10, 1), amount_cents=abs(amount - 10)
        )


def test_a_plan_carries_who_why_and_when_and_no_act_of_its_own() -> None:
    assert nothing_yet(by="cdc", reason="another-key", effective_on=date(2016, 10, 1)) == Command(
        Act.INCREASE, "", "cdc", "another-key", date(2016, 10, 1)
    )


def test_what_waits_for_approval_is_shown_as_it_was_given() -> None:
    [first] = planned({NAMES[0]: Credit(20)}, {NAMES[0]: Credit(10)}, []).orders
    as_given = replace(first.command, effective_on=date(2016, 9, 1))
    [again] = planned(
        {NAMES[0]: Credit(20)}, {NAMES[0]: Credit(10)}, [Given(first.command_id, as_given, "proposed")]
    ).orders
    assert again == Order(first.command_id, as_given, "proposed")


def test_what_was_refused_thrice_has_a_fourth_identifier() -> None:
    before: list[Given] = []
    for count in range(4):
        [order] = planned({NAMES[0]: Credit(20)}, {NAMES[0]: Credit(10)}, before).orders
        before.append(Given(order.command_id, order.command, "refused"))
        assert len({each.command_id for each in before}) == count + 1


def test_a_plan_is_recognised_until_one_of_its_orders_is_another() -> None:
    shown = planned({NAMES[0]: Credit(20)}, {NAMES[0]: Credit(10)}, [])
    [order] = shown.orders
    assert shown.digest == replace(shown, impossible=("something",)).digest
    others = (
        replace(order, command_id=UUID(int=1)), replace(order, state="proposed"),
        replace(order, command=replace(order.command, displace=True)),
    )  # fmt: skip
    assert len({shown.digest, Plan((), ()).digest, *(Plan((other,), ()).digest for other in others)}) == 5


def test_what_no_command_can_do_is_said() -> None:
    found = planned({NAMES[0]: Credit(1, 1), "CV299.CDC.2016": Credit(1)}, {NAMES[0]: Credit(1)}, [])
    assert found.orders == ()
    stays = "whether there are payment credits is said when an envelope is opened, and stays"
    unknown = "does not exist: a programme file opens it, a command cannot"
    assert found.impossible == (f"{NAMES[0]}: {stays}", f"CV299.CDC.2016 {unknown}")
    envelope = Envelope(NAMES[0], *parts(NAMES[0]), 10)
    never_opened = plan({NAMES[0]: Credit(1)}, {NAMES[0]: envelope}, {}, [], how=HOW, displace=False)
    assert never_opened == Plan((), (f"{NAMES[0]} {unknown}",))
