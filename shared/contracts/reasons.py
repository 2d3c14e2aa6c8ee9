"""Where amounts stand, and the closed lists of reasons for which funding refuses or holds."""

from enum import StrEnum


class Standing(StrEnum):
    """Where a commitment stands with the envelopes it asks."""

    RESERVED = "reserved"
    WAITLISTED = "waitlisted"


class RefusalReason(StrEnum):
    """The closed list of reasons for which funding refuses."""

    ENVELOPE_UNKNOWN = "envelope-unknown"
    EXCEEDS_AUTHORISED = "exceeds-authorised"
    NO_ROOM = "no-room"
    COMMITMENT_UNKNOWN = "commitment-unknown"
    ALREADY_DECLARED = "already-declared"
    NOT_STANDING = "not-standing"
    ENVELOPE_CLOSED = "envelope-closed"
    ALREADY_ENGAGED = "already-engaged"
    BELOW_ENGAGED = "below-engaged"
    WRONG_EXERCISE = "wrong-exercise"
    EXCEEDS_RESERVED = "exceeds-reserved"
    EXCEEDS_ENGAGED = "exceeds-engaged"
    EXCEEDS_PAID = "exceeds-paid"
    NOT_ELIGIBLE = "not-eligible"
    EXCEEDS_PROJECT_CAP = "exceeds-project-cap"
    EXCEEDS_BENEFICIARY_CAP = "exceeds-beneficiary-cap"
    EXCEEDS_PROGRAMME_CAP = "exceeds-programme-cap"
    EXCEEDS_SHARE = "exceeds-share"
    EXCEEDS_PUBLIC_AID = "exceeds-public-aid"


class HeldReason(StrEnum):
    """Why a movement waits."""

    NOT_DECIDED_YET = "not-decided-yet"
    NOT_DECLARED = "not-declared"
    WAITS_FOR_ROOM = "waits-for-room"
    NOT_ENGAGED = "not-engaged"
    NOT_CERTIFIED = "not-certified"
    NOT_PAID = "not-paid"
    NO_PAYMENT_CREDITS = "no-payment-credits"
