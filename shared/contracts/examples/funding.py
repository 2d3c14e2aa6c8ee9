"""Examples of the facts that funding publishes: decisions, envelopes and territories."""

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from shared.contracts.allocation import (
    AllocationAmended,
    AllocationClosed,
    AllocationDecommitted,
    AllocationDisplaced,
    AllocationEngaged,
    AllocationPromoted,
    AllocationRefused,
    AllocationReleased,
    AllocationReserved,
    AllocationWaitlisted,
    CertificationRecorded,
    EnvelopeCarriedOver,
    EnvelopeClosed,
    EnvelopeFrozen,
    EnvelopeIncreased,
    EnvelopeOpened,
    EnvelopeReceived,
    EnvelopeReduced,
    EnvelopeStated,
    EnvelopeTransferred,
    EnvelopeUnfrozen,
    MovementHeld,
    MovementRefused,
    PaymentRecorded,
    PaymentReturnRecorded,
)
from shared.contracts.commitment import PaymentKind
from shared.contracts.examples import story
from shared.contracts.fields import Fact
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.contracts.territory import ContractAttached, EpciMerged, EpciMergerAnnulled
from shared.kernel.funders import Funder, envelope_id

CDC_2016 = envelope_id(story.CONTRACT, Funder.CDC, 2016)
STATE_2016 = envelope_id(story.CONTRACT, Funder.STATE, 2016)
STATE_2017 = envelope_id(story.CONTRACT, Funder.STATE, 2017)


class _Decision(TypedDict):
    commitment_id: UUID
    contract: str
    exercise: int | None
    cdc_cents: int
    state_cents: int
    known_at: datetime


class _Act(TypedDict):
    envelope_id: str
    contract: str
    funder: Funder
    exercise: int
    effective_on: date
    known_at: datetime


def _decision(cdc_cents: int, state_cents: int, known_at: datetime, exercise: int | None = 2016) -> _Decision:
    return {
        "commitment_id": story.COMMITMENT_ID, "contract": story.CONTRACT, "exercise": exercise,
        "cdc_cents": cdc_cents, "state_cents": state_cents, "known_at": known_at,
    }  # fmt: skip


def _act(year: int, month: int, day: int, *, funder: Funder = Funder.CDC, exercise: int = 2016) -> _Act:
    return {
        "envelope_id": envelope_id(story.CONTRACT, funder, exercise), "contract": story.CONTRACT, "funder": funder,
        "exercise": exercise, "effective_on": date(year, month, day), "known_at": story.at(year, month, day),
    }  # fmt: skip


_DECISIONS: tuple[Fact, ...] = (
    AllocationReserved(**_decision(story.CDC, story.STATE, story.at(2016, 10, 4))),
    AllocationWaitlisted(**_decision(4_500_00, 0, story.at(2016, 10, 11))),
    AllocationPromoted(**_decision(4_500_00, 0, story.at(2016, 10, 29))),
    AllocationDisplaced(**_decision(3_000_00, 0, story.at(2016, 11, 2))),
    AllocationRefused(**_decision(120_000_00, 0, story.at(2016, 10, 12)), reason=RefusalReason.EXCEEDS_AUTHORISED),
    AllocationAmended(
        **_decision(5_400_00, 3_600_00, story.at(2016, 10, 25)), standing=Standing.RESERVED,
        previous_cdc_cents=story.CDC, previous_state_cents=story.STATE,
    ),
    AllocationReleased(**_decision(5_400_00, 3_600_00, story.at(2016, 10, 29)), standing=Standing.RESERVED),
    AllocationEngaged(
        **_decision(5_400_00, 0, story.at(2016, 11, 22)), funder=Funder.CDC, occurred_on=date(2016, 11, 21)
    ),
    CertificationRecorded(**_decision(2_700_00, 0, story.at(2016, 12, 2)), funder=Funder.CDC),
    PaymentRecorded(
        **_decision(2_700_00, 0, story.at(2016, 12, 6)), funder=Funder.CDC, credit_exercise=2016,
        kind=PaymentKind.ADVANCE,
    ),
    PaymentReturnRecorded(
        **_decision(350_50, 0, story.at(2017, 9, 5)), funder=Funder.CDC, credit_exercise=2016,
    ),
    AllocationDecommitted(**_decision(800_00, 0, story.at(2017, 10, 3)), funder=Funder.CDC, same_exercise=False),
    AllocationClosed(**_decision(0, 3_600_00, story.at(2017, 12, 16))),
    MovementHeld(
        **_decision(5_400_00, 0, story.at(2016, 11, 22), None), movement="CommitmentEngaged",
        reason=HeldReason.NOT_DECLARED,
    ),
    MovementRefused(
        **_decision(2_700_00, 0, story.at(2017, 12, 19)), movement="PaymentMade", reason=RefusalReason.NOT_STANDING
    ),
)  # fmt: skip
_ACTS: tuple[Fact, ...] = (
    EnvelopeOpened(**_act(2016, 4, 4), amount_cents=100_000_00, by="cdc", reason="protocol-2016"),
    EnvelopeIncreased(**_act(2016, 9, 1), amount_cents=10_000_00, by="cdc", reason="reprogramming"),
    EnvelopeReduced(**_act(2016, 10, 10), amount_cents=5_000_00, by="cdc", reason="reprogramming"),
    EnvelopeFrozen(
        **_act(2016, 6, 15, funder=Funder.STATE), amount_cents=6_818_18, by="prefecture", reason="precautionary-reserve"
    ),
    EnvelopeUnfrozen(
        **_act(2016, 11, 14, funder=Funder.STATE), amount_cents=6_818_18, by="prefecture",
        reason="precautionary-reserve",
    ),
    EnvelopeReceived(
        **_act(2016, 10, 17), amount_cents=5_000_00, by="cdc", reason="more-requests-here",
        from_envelope_id=envelope_id("CV225", Funder.CDC, 2016),
    ),
    EnvelopeTransferred(
        **_act(2016, 10, 17), amount_cents=5_000_00, by="cdc", reason="more-requests-there",
        to_envelope_id=envelope_id("CV225", Funder.CDC, 2016),
    ),
    EnvelopeCarriedOver(
        **_act(2017, 1, 16, funder=Funder.STATE, exercise=2017), amount_cents=0, payment_cents=4_090_90,
        by="prefecture", reason="carry-over-order", from_envelope_id=STATE_2016,
    ),
    EnvelopeClosed(
        **_act(2016, 12, 31, funder=Funder.STATE), amount_cents=1_250_00, payment_cents=0,
        by="prefecture", reason="end-of-exercise",
    ),
)  # fmt: skip
ALLOCATIONS = (*_DECISIONS, *_ACTS)
STATED_ENVELOPES: tuple[Fact, ...] = (
    EnvelopeStated(
        envelope_id=CDC_2016, contract=story.CONTRACT, funder=Funder.CDC, exercise=2016, version=87,
        authorised_cents=100_000_00, frozen_cents=5_000_00, reserved_cents=38_000_00, waitlisted_cents=4_500_00,
        engaged_cents=54_000_00, paid_cents=27_000_00, available_cents=3_000_00, waiting_count=1,
        known_at=story.at(2016, 12, 6),
    ),
)  # fmt: skip
TERRITORIES: tuple[Fact, ...] = (
    ContractAttached(
        contract="CV220", epci="246200455", epci_label="CA de Saint-Omer", by="operator", reason="programme",
        known_at=story.at(2016, 4, 6),
    ),
    EpciMerged(
        contract="CV220", predecessors=["246200018", "246200455"], successor="200069037",
        effective_on=date(2017, 1, 1), known_at=story.at(2017, 1, 3), merger="saint-omer-2017", number=12,
        successor_label="CA du Pays de Saint-Omer", by="operator", reason="order-of-the-prefect",
    ),
    EpciMergerAnnulled(
        contract="CV224", predecessors=["246201149"], successor="246201149", effective_on=date(2017, 1, 1),
        known_at=story.at(2018, 11, 30), merger="calaisis-2017", number=15, successor_label="CA du Calaisis",
        by="operator", reason="court", annulled_from=date(2019, 12, 31),
    ),
)  # fmt: skip
