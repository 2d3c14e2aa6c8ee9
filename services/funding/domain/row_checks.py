"""What each row of the ledger's tables must keep, as the tables' own CHECK constraints name it; for the audit."""

from collections.abc import Callable, Mapping

from services.funding.domain.commitment import Commitment, Engagement, State
from services.funding.domain.envelope import Envelope
from services.funding.domain.journal import Line, Payment
from shared.kernel.funders import Funder, envelope_id

ENVELOPE_CHECKS: Mapping[str, Callable[[Envelope], bool]] = {
    "ck_envelope_room": lambda e: e.room >= 0,
    "ck_envelope_not_negative": lambda e: (
        min(e.authorised, e.frozen, e.reserved, e.waitlisted, e.engaged, e.lapsed, e.paid, e.payments_frozen) >= 0
    ),
    "ck_envelope_paid": lambda e: e.paid <= e.engaged if e.payable is None else e.payable >= 0,
    "ck_envelope_waiting_count": lambda e: e.waiting_count >= 0,
    "ck_envelope_waiting": lambda e: (e.waitlisted == 0) == (e.waiting_count == 0),
    "name": lambda e: e.envelope_id == envelope_id(e.contract, e.funder, e.exercise),
}
COMMITMENT_CHECKS: Mapping[str, Callable[[Commitment], bool]] = {
    "ck_commitment_asks": lambda c: (
        min(c.asked) >= 0 and (sum(c.asked) > 0 or c.state in (State.ENGAGED, State.CLOSED))
    ),
    "ck_commitment_cost": lambda c: sum(c.asked) <= c.cost,
    "ck_commitment_score": lambda c: c.score is None or 0 <= c.score <= 1000,
    "ck_commitment_state": lambda c: c.state in [*State],
    "ck_commitment_waits": lambda c: (
        c.waits is None or (c.waits in [*Funder] and c.state in (State.RESERVED, State.ENGAGED))
    ),
    "ck_commitment_waits_for": lambda c: c.waits is None or c.waits not in [*Funder] or c.asked.of(Funder(c.waits)) > 0,
}
ENGAGEMENT_CHECKS: Mapping[str, Callable[[Engagement], bool]] = {
    "ck_engagement_not_negative": lambda e: min(e.engaged, e.certified, e.paid) >= 0,
    "ck_engagement_paid": lambda e: e.paid <= e.engaged,
    "ck_engagement_certified": lambda e: e.certified <= e.engaged,
}
PAYMENT_CHECKS: Mapping[str, Callable[[Payment], bool]] = {"ck_payment_not_negative": lambda p: p.paid_cents >= 0}
POSTING_CHECKS: Mapping[str, Callable[[Line], bool]] = {
    "ck_posting_amount": lambda line: line.amount_cents > 0,
    "ck_posting_accounts": lambda line: line.credit != line.debit,
}
