"""What each allocation fact does to the envelopes that it touches."""

from datetime import timedelta
from typing import Any

import pytest

from services.reporting.domain.balances import Balances, Envelope
from services.reporting.domain.budget import Budgets, Impossible
from services.reporting.domain.effects import effects
from shared.contracts.fields import Fact
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.kernel.funders import Funder
from tests.use_cases.reporting.records import START, decided, envelope

CDC, STATE = Envelope("CV219", Funder.CDC, 2016), Envelope("CV219", Funder.STATE, 2016)
OPENED = (envelope("EnvelopeOpened", "CV219.CDC.2016", 1000), envelope("EnvelopeOpened", "CV219.STATE.2016", 500))


def folded(*facts: Fact) -> Budgets:
    """Fold facts that are all possible."""
    budgets = Budgets()
    for fact in (*OPENED, *facts):
        assert budgets.fold(fact) is None
    return budgets


def cdc(*facts: Fact) -> Balances:
    """The balances of the CDC's envelope after some facts."""
    return folded(*facts).by_envelope[CDC].balances


RESERVED = decided("AllocationReserved", cdc_cents=300, state_cents=100)
WAITING = decided("AllocationWaitlisted", "w", cdc_cents=50)
SCENARIOS: dict[str, tuple[list[Fact], Balances]] = {
    "an opening authorises": ([], Balances(authorised=1000)),
    "an increase and a reduction change what is authorised": (
        [envelope("EnvelopeIncreased", "CV219.CDC.2016", 200), envelope("EnvelopeReduced", "CV219.CDC.2016", 50)],
        Balances(authorised=1150),
    ),
    "what is frozen comes back when it is unfrozen": (
        [envelope("EnvelopeFrozen", "CV219.CDC.2016", 70), envelope("EnvelopeUnfrozen", "CV219.CDC.2016", 30)],
        Balances(authorised=1000, frozen=40),
    ),
    "a closed exercise gives up what was not used": (
        [envelope("EnvelopeClosed", "CV219.CDC.2016", 5)],
        Balances(authorised=995),
    ),
    "a reservation": ([RESERVED], Balances(authorised=1000, reserved=300, reserved_count=1)),
    "a request that waits": ([WAITING], Balances(authorised=1000, waitlisted=50, waiting_count=1)),
    "a promotion moves what waited": (
        [WAITING, decided("AllocationPromoted", "w", cdc_cents=50)],
        Balances(authorised=1000, reserved=50, reserved_count=1),
    ),
    "a request of which each funder decides its part": (
        [
            decided("AllocationReserved", "m", state_cents=100), decided("AllocationWaitlisted", "m", cdc_cents=300),
            decided("AllocationEngaged", "m", state_cents=100, funder=Funder.STATE),
            decided(
                "AllocationAmended", "m", cdc_cents=250, state_cents=100, standing=Standing.WAITLISTED,
                previous_cdc_cents=300, previous_state_cents=100,
            ),
        ],
        Balances(authorised=1000, waitlisted=250, waiting_count=1),
    ),
    "a refusal is only counted": (
        [decided("AllocationRefused", cdc_cents=9000, reason=RefusalReason.EXCEEDS_AUTHORISED)],
        Balances(authorised=1000, refused_count=1),
    ),
    "an amendment of a reservation": (
        [
            RESERVED,
            decided(
                "AllocationAmended", cdc_cents=200, state_cents=100, standing=Standing.RESERVED,
                previous_cdc_cents=300, previous_state_cents=100,
            ),
        ],
        Balances(authorised=1000, reserved=200, reserved_count=1),
    ),
    "an amendment that no longer asks the funder": (
        [
            RESERVED,
            decided(
                "AllocationAmended", state_cents=100, standing=Standing.RESERVED, previous_cdc_cents=300,
                previous_state_cents=100,
            ),
        ],
        Balances(authorised=1000),
    ),
    "an amendment of what waits": (
        [
            WAITING,
            decided(
                "AllocationAmended", "w", cdc_cents=80, standing=Standing.WAITLISTED, previous_cdc_cents=50,
                previous_state_cents=0,
            ),
        ],
        Balances(authorised=1000, waitlisted=80, waiting_count=1),
    ),
    "a reservation that is released": (
        [RESERVED, decided("AllocationReleased", cdc_cents=300, state_cents=100, standing=Standing.RESERVED)],
        Balances(authorised=1000),
    ),
    "a request that is taken back while it waits": (
        [WAITING, decided("AllocationReleased", "w", cdc_cents=50, standing=Standing.WAITLISTED)],
        Balances(authorised=1000),
    ),
    "an engagement, payments and a return": (
        [
            RESERVED,
            decided("AllocationEngaged", cdc_cents=300, funder=Funder.CDC),
            decided("PaymentRecorded", cdc_cents=120, funder=Funder.CDC),
            decided("PaymentReturnRecorded", cdc_cents=20, funder=Funder.CDC),
        ],
        Balances(authorised=1000, engaged=300, paid=100, engaged_count=1),
    ),
    "a part engaged is counted as engaged, and its rest as reserved": (
        [RESERVED, decided("AllocationEngaged", cdc_cents=120, funder=Funder.CDC)],
        Balances(authorised=1000, reserved=180, engaged=120, reserved_count=1, engaged_count=1),
    ),
    "the other funder's engagement": (
        [RESERVED, decided("AllocationEngaged", cdc_cents=300, state_cents=100, funder=Funder.STATE)],
        Balances(authorised=1000, reserved=300, reserved_count=1),
    ),
    "a certification moves nothing": (
        [RESERVED, decided("CertificationRecorded", cdc_cents=300, funder=Funder.CDC)],
        Balances(authorised=1000, reserved=300, reserved_count=1),
    ),
    "who is displaced waits again": (
        [RESERVED, decided("AllocationDisplaced", cdc_cents=300, state_cents=100)],
        Balances(authorised=1000, waitlisted=300, waiting_count=1),
    ),
    "only in the same exercise does a decommitment give back": (
        [
            RESERVED,
            decided("AllocationEngaged", cdc_cents=300, funder=Funder.CDC),
            decided("AllocationDecommitted", cdc_cents=100, funder=Funder.CDC, same_exercise=True),
            decided("AllocationDecommitted", cdc_cents=50, funder=Funder.CDC, same_exercise=False),
        ],
        Balances(authorised=1000, engaged=150, lapsed=50, engaged_count=1),
    ),
    "one that gave up all, and asks again, is counted once": (
        [
            RESERVED,
            decided("AllocationEngaged", cdc_cents=300, funder=Funder.CDC),
            decided("AllocationDecommitted", cdc_cents=300, funder=Funder.CDC, same_exercise=True),
            decided(
                "AllocationAmended", cdc_cents=40, state_cents=100, standing=Standing.RESERVED, previous_cdc_cents=0,
                previous_state_cents=100,
            ),
        ],
        Balances(authorised=1000, reserved=40, reserved_count=1),
    ),
    "an engaged commitment that is closed stays engaged, and is owed what was paid": (
        [
            RESERVED,
            decided("AllocationEngaged", cdc_cents=200, funder=Funder.CDC),
            decided("PaymentRecorded", cdc_cents=150, funder=Funder.CDC),
            decided("AllocationDecommitted", cdc_cents=50, funder=Funder.CDC, same_exercise=False),
            decided("AllocationClosed", cdc_cents=100, state_cents=100),
        ],
        Balances(authorised=1000, engaged=150, lapsed=50, paid=150, engaged_count=1),
    ),
    "credits to pay come, go, and are frozen with those to engage": (
        [
            envelope("EnvelopeReceived", "CV219.CDC.2016", 9, payment_cents=90, from_envelope_id="CV217.CDC.2016"),
            envelope("EnvelopeIncreased", "CV219.CDC.2016", 0, payment_cents=10),
            envelope("EnvelopeReduced", "CV219.CDC.2016", 0, payment_cents=30),
            envelope("EnvelopeFrozen", "CV219.CDC.2016", 1, payment_cents=20),
            envelope("EnvelopeUnfrozen", "CV219.CDC.2016", 1, payment_cents=5),
        ],
        Balances(authorised=1009, payment_credits=70, payments_frozen=15),
    ),
    "a closed commitment gives back what was left": (
        [RESERVED, decided("AllocationClosed", cdc_cents=300)],
        Balances(authorised=1000),
    ),
    "a transfer to the other funder of the contract": (
        [envelope("EnvelopeTransferred", "CV219.CDC.2016", 400, to_envelope_id="CV219.STATE.2016")],
        Balances(authorised=600),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), SCENARIOS.values(), ids=SCENARIOS.keys())
def test_each_fact_moves_what_it_says(facts: list[Fact], expected: Balances) -> None:
    assert cdc(*facts) == expected


def test_a_transfer_is_told_of_each_envelope_in_its_own_partition() -> None:
    moved = envelope("EnvelopeTransferred", "CV219.CDC.2016", 400, to_envelope_id="CV217.CDC.2016")
    assert [effect.envelope for effect in effects(moved)] == [CDC]
    received = envelope("EnvelopeReceived", "CV219.CDC.2016", 400, from_envelope_id="CV217.CDC.2016")
    assert effects(received) == [(CDC, Balances(authorised=400), None)]


def test_what_is_carried_over_leaves_the_exercise_before() -> None:
    moved = envelope("EnvelopeCarriedOver", "CV219.CDC.2017", 400, payment_cents=3, from_envelope_id="CV219.CDC.2016")
    assert effects(moved) == [
        (CDC._replace(exercise=2017), Balances(authorised=400, payment_credits=3), None),
        (CDC, Balances(authorised=-400, payment_credits=-3), None),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"movement": "PaymentMade", "reason": HeldReason.NOT_DECIDED_YET},
        {"movement": "CommitmentAmended", "reason": RefusalReason.NO_ROOM},
    ],
    ids=["held", "refused"],
)
@pytest.mark.parametrize("exercise", [2016, None])
def test_a_movement_held_or_refused_touches_nothing(fields: dict[str, Any], exercise: int | None) -> None:
    kind = "MovementHeld" if isinstance(fields["reason"], HeldReason) else "MovementRefused"
    assert effects(decided(kind, exercise=exercise, **fields)) == []


def test_the_version_counts_the_facts_that_touch_the_envelope() -> None:
    budgets = folded(
        RESERVED, WAITING, decided("MovementHeld", movement="PaymentMade", reason=HeldReason.NOT_DECIDED_YET)
    )
    assert (budgets.by_envelope[CDC].version, budgets.by_envelope[STATE].version) == (3, 2)


def test_known_at_is_that_of_the_latest_fact() -> None:
    late = decided("AllocationWaitlisted", "w", cdc_cents=1, known_at=START + timedelta(days=2))
    early = decided("AllocationWaitlisted", "v", cdc_cents=1, known_at=START + timedelta(days=1))
    assert folded(late, early).by_envelope[CDC].known_at == START + timedelta(days=2)


def test_a_refusal_for_an_envelope_that_does_not_exist_is_a_figure_too() -> None:
    refused = decided("AllocationRefused", exercise=2030, cdc_cents=7, reason=RefusalReason.ENVELOPE_UNKNOWN)
    assert folded(refused).by_envelope[Envelope("CV219", Funder.CDC, 2030)].balances == Balances(refused_count=1)


@pytest.mark.parametrize(
    "fact",
    [
        decided("AllocationReserved", "big", cdc_cents=1001),
        decided("AllocationReleased", "nobody", cdc_cents=1, standing=Standing.RESERVED),
        decided("AllocationPromoted", "nobody", cdc_cents=1),
        envelope("EnvelopeReduced", "CV219.CDC.2016", 1001),
        envelope("EnvelopeUnfrozen", "CV219.CDC.2016", 1),
        decided("PaymentReturnRecorded", cdc_cents=1, funder=Funder.CDC),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_fact_that_no_ledger_can_have_told_changes_nothing(fact: Any) -> None:
    budgets = folded()
    before = dict(budgets.by_envelope)
    assert budgets.fold(fact) in (Impossible.BALANCE_IMPOSSIBLE, Impossible.STAKE_IMPOSSIBLE)
    assert budgets.by_envelope == before


def test_an_impossible_fact_is_refused_for_both_funders_or_for_none() -> None:
    budgets = folded()
    assert budgets.fold(decided("AllocationReserved", cdc_cents=10, state_cents=501)) is not None
    assert budgets.by_envelope[CDC].balances.reserved == 0


def test_the_share_used_is_of_what_is_not_frozen() -> None:
    assert Balances(authorised=1000, frozen=200, reserved=300, engaged=100).share_used == 0.5
    assert Balances(authorised=100, frozen=100).share_used is None
    assert Balances(authorised=1000, frozen=200, reserved=300, engaged=100).available == 400
    assert Balances(authorised=1000, frozen=200, reserved=300, engaged=60, lapsed=40).share_used == 0.5
    assert Balances(authorised=1000, frozen=200, reserved=300, engaged=60, lapsed=40).available == 400
