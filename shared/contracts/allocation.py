"""The facts of `funding.allocation.v1`: what each event did to the envelopes, and the envelopes' own facts."""

from pydantic import Field

from shared.contracts.commitment import PaymentKind
from shared.contracts.fields import (
    Cents,
    CentsTotal,
    ContractCode,
    Day,
    EnvelopeId,
    EventType,
    Exercise,
    Fact,
    Identifier,
    Instant,
    Word,
)
from shared.contracts.reasons import HeldReason, RefusalReason, Standing
from shared.kernel.funders import Funder


class AllocationFact(Fact):
    """What every decision says; the CloudEvent's `causationid` names the event that made it."""

    commitment_id: Identifier = Field(description="The commitment that the event is about.")
    contract: ContractCode
    exercise: Exercise | None = Field(description="The commitment's exercise; null when the commitment is unknown.")
    cdc_cents: Cents = Field(description="Amount for the Caisse des Dépôts, in whole euro cents.")
    state_cents: Cents = Field(description="Amount for the State, in whole euro cents.")
    known_at: Instant = Field(description="When the event that made it was known; yesterday's figures never change.")
    movement_id: Identifier | None = Field(
        default=None, description="The event that was held and is answered now; absent when the cause is the event."
    )


class RuledFact(AllocationFact):
    """A decision that a programme's rules may have a say in."""

    rules_version: int | None = Field(default=None, ge=1, description="Version of the rules; absent without rules.")


class AllocationReserved(RuledFact):
    """The amounts are reserved; one that is 0 is not asked, or its AllocationWaitlisted follows."""


class AllocationWaitlisted(RuledFact):
    """The amounts wait for room in the envelopes; what was just reserved of the same declaration stays so."""


class AllocationPromoted(RuledFact):
    """Amounts that waited are now reserved; one that is 0 was not, and may wait on."""


class AllocationDisplaced(AllocationFact):
    """Amounts above 0 that were reserved wait again, in their old place: a manager took credit from the envelope."""


class AllocationRefused(RuledFact):
    """The amounts asked are refused, for `reason`."""

    reason: RefusalReason = Field(description="Why it is refused.")


class AllocationAmended(AllocationFact):
    """The amounts became these; they were `previous_…`. Where a part waits, each standing is told by itself."""

    standing: Standing = Field(description="Whether what changed of the amounts is reserved or waits.")
    previous_cdc_cents: Cents = Field(description="What it was for the Caisse des Dépôts, in whole euro cents.")
    previous_state_cents: Cents = Field(description="What it was for the State, in whole euro cents.")


class AllocationReleased(AllocationFact):
    """The amounts, that stood as `standing`, are given back."""

    standing: Standing = Field(description="Whether the amounts were reserved or waiting.")


class FunderActed(AllocationFact):
    """What a funder did to a commitment, and on which day."""

    funder: Funder = Field(description="The funder that acted.")
    occurred_on: Day | None = Field(
        default=None,
        description="When it happened, the partner's word; absent in facts told before they said it.",
    )


class AllocationEngaged(FunderActed):
    """A funder's reserved amount became a legal commitment."""


class CertificationRecorded(FunderActed):
    """A funder certified that a part of the service was done: its balance may be paid."""


class MoneyMoved(FunderActed):
    """A payment or its return: by whom, and by which exercise's credits."""

    credit_exercise: Exercise | None = Field(
        default=None, description="Exercise of the envelope that it is booked on; absent: the commitment's."
    )
    from_payment_credits: bool = Field(
        default=False, description="Whether that envelope has payment credits (CP), which it uses or gives back."
    )


class PaymentRecorded(MoneyMoved):
    """A payment was booked."""

    kind: PaymentKind | None = Field(default=None, description="Which of the payments of the grant it is.")


class PaymentReturnRecorded(MoneyMoved):
    """A returned payment was booked."""


class AllocationDecommitted(FunderActed):
    """An engaged amount was given up; only in the same exercise does the envelope get it back."""

    same_exercise: bool = Field(
        description="True when it is given up in the exercise in which it was engaged, before that was closed."
    )


class AllocationClosed(AllocationFact):
    """What was left of the promise is given back, and nothing more will be engaged or paid."""

    standing: Standing = Field(
        default=Standing.RESERVED, description="Whether what is given back was reserved or waited."
    )


class MovementHeld(AllocationFact):
    """An event was received and waits for what it needs."""

    movement: EventType = Field(description="Type of the event that is held.")
    reason: HeldReason = Field(description="What it waits for.")


class MovementRefused(RuledFact):
    """An event about a commitment cannot be applied, for `reason`."""

    movement: EventType = Field(description="Type of the event that is refused.")
    reason: RefusalReason = Field(description="Why it is refused.")


class EnvelopeFact(Fact):
    """A manager's act on one envelope: who, why, from when."""

    envelope_id: EnvelopeId
    contract: ContractCode
    funder: Funder = Field(description="Whose credits they are.")
    exercise: Exercise
    amount_cents: Cents = Field(description="Credit to engage (AE) that the act moves, in whole euro cents.")
    payment_cents: Cents = Field(
        default=0, description="Credit to pay (CP) that the act moves, in whole euro cents; 0 without such credits."
    )
    by: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The role that commanded it.", examples=["cdc"])
    reason: Word = Field(description="Why: a word, never a sentence.", examples=["protocol-2016"])
    effective_on: Day = Field(description="The day from which the act counts.")
    known_at: Instant = Field(description="When funding took the act.")


class EnvelopeOpened(EnvelopeFact):
    """An envelope exists, with `amount_cents` authorised."""

    has_payment_credits: bool = Field(
        default=False, description="Whether the funder has credits to pay (CP) here, be they 0: `payment_cents`."
    )


class EnvelopeIncreased(EnvelopeFact):
    """More is authorised."""


class EnvelopeReduced(EnvelopeFact):
    """Less is authorised."""


class EnvelopeFrozen(EnvelopeFact):
    """A part may not be used for now."""


class EnvelopeUnfrozen(EnvelopeFact):
    """A frozen part may be used again."""


class EnvelopeTransferred(EnvelopeFact):
    """Authorised credit moves to another envelope."""

    to_envelope_id: EnvelopeId = Field(description="The envelope that receives the credit.")


class EnvelopeReceived(EnvelopeFact):
    """Authorised credit came from another envelope."""

    from_envelope_id: EnvelopeId = Field(description="The envelope that gave the credit.")


class EnvelopeCarriedOver(EnvelopeFact):
    """Credits come from the exercise before, whose envelope gives them."""

    from_envelope_id: EnvelopeId = Field(description="The envelope of the exercise before.")


class EnvelopeClosed(EnvelopeFact):
    """The exercise is over for this envelope: what was not used, the amounts say how much, is authorised no more."""


class EnvelopeStated(Fact):
    """The whole state of one envelope; of two, the higher version is right."""

    envelope_id: EnvelopeId
    contract: ContractCode
    funder: Funder = Field(description="Whose credits they are.")
    exercise: Exercise
    version: int = Field(ge=1, description="Number of facts applied; of two states, the higher is right.")
    authorised_cents: CentsTotal = Field(description="What may be engaged, in whole euro cents.")
    frozen_cents: CentsTotal = Field(description="The part of it that may not be used for now.")
    reserved_cents: CentsTotal = Field(description="Promised to commitments, not engaged yet.")
    waitlisted_cents: CentsTotal = Field(description="Asked by commitments that wait for room.")
    engaged_cents: CentsTotal = Field(description="Engaged by a legal act.")
    paid_cents: CentsTotal = Field(description="Paid, net of returns.")
    available_cents: CentsTotal = Field(description="Authorised, less frozen, reserved, engaged and lapsed.")
    lapsed_cents: CentsTotal = Field(
        default=0, description="Engaged, then given up in a later exercise: the credit stays consumed."
    )
    has_payment_credits: bool = Field(default=False, description="Whether the funder has credits to pay (CP) here.")
    payment_credits_cents: CentsTotal = Field(default=0, description="What may be paid in the exercise (CP).")
    payments_frozen_cents: CentsTotal = Field(default=0, description="The part of it that may not be paid for now.")
    closed: bool = Field(default=False, description="Whether the exercise is over for it.")
    waiting_count: int = Field(ge=0, description="Number of commitments that wait.")
    known_at: Instant = Field(description="The latest fact applied.")


DECISIONS: tuple[type[AllocationFact], ...] = (
    AllocationReserved, AllocationWaitlisted, AllocationPromoted, AllocationDisplaced, AllocationRefused,
    AllocationAmended, AllocationReleased, AllocationEngaged, CertificationRecorded, PaymentRecorded,
    PaymentReturnRecorded, AllocationDecommitted, AllocationClosed, MovementHeld, MovementRefused,
)  # fmt: skip
ENVELOPE_FACTS: tuple[type[EnvelopeFact], ...] = (
    EnvelopeOpened, EnvelopeIncreased, EnvelopeReduced, EnvelopeFrozen, EnvelopeUnfrozen, EnvelopeTransferred,
    EnvelopeReceived, EnvelopeCarriedOver, EnvelopeClosed,
)  # fmt: skip
ALLOCATION_FACTS: tuple[type[Fact], ...] = (*DECISIONS, *ENVELOPE_FACTS)
