"""Makes a standing commitment ask other amounts, and posts the difference where each of its parts stands."""

from collections.abc import Mapping

from services.funding.domain.commitment import Asked, Commitment, State, stood
from services.funding.domain.envelope import RESERVE, WAIT, Envelope, Posting
from services.funding.domain.outcome import Kind, Outcome
from shared.contracts.reasons import Standing
from shared.kernel.funders import Funder, envelope_id

Envelopes = Mapping[str, Envelope]


def amend(envelopes: Envelopes, commitment: Commitment, asked: Asked) -> list[Outcome]:
    """Make a commitment ask these amounts: one outcome for each standing whose amount changes, of what waits first.

    Each outcome is about its own standing alone, so that its amounts and its postings are those of one. When nothing
    changes it is one outcome all the same.
    """
    waits = commitment.waits
    if waits is None:
        whole = Standing.WAITLISTED if commitment.state is State.WAITLISTED else Standing.RESERVED
        return [_amended(envelopes, commitment, asked, whole)]
    outcomes = []
    first = commitment.asked.but(waits, asked.of(waits))
    if first != commitment.asked:
        outcomes.append(_amended(envelopes, commitment, first, Standing.WAITLISTED))
    if asked != first or not outcomes:
        outcomes.append(_amended(envelopes, commitment, asked, Standing.RESERVED))
    waiting = Asked(0, 0).but(waits, asked.of(waits))
    commitment.state, commitment.waits = stood(commitment.state, asked, waiting)
    return outcomes


def without_what_waits(envelopes: Envelopes, commitment: Commitment) -> list[Outcome]:
    """Amend away the part of a mixed commitment that waits: what ends it is said of the rest."""
    if commitment.waits is None:
        return []
    return amend(envelopes, commitment, commitment.asked.but(commitment.waits, 0))


def _amended(envelopes: Envelopes, commitment: Commitment, asked: Asked, standing: Standing) -> Outcome:
    """Make the amounts these, and post the difference alone; who waits for an envelope is counted there."""
    way = WAIT if standing is Standing.WAITLISTED else RESERVE
    previous, postings = commitment.asked, list[Posting]()
    for funder in Funder:
        old, new = previous.of(funder), asked.of(funder)
        envelope = envelopes.get(envelope_id(commitment.contract, funder, commitment.exercise))
        if envelope is None or old == new:
            continue
        if way is WAIT:
            envelope.waiting_count += bool(new) - bool(old)
        postings.append(envelope.move(way if new > old else way.back, abs(new - old)))
    commitment.asked = asked
    return Outcome(Kind.AMENDED, commitment.commitment_id, commitment.contract, commitment.exercise, asked,
                   tuple(postings), standing=standing, previous=previous)  # fmt: skip
