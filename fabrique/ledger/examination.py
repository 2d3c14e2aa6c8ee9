"""Examines the whole ledger: every fact, posting, envelope, commitment and payment of one snapshot."""

from typing import TYPE_CHECKING

from services.funding.domain.audit import Audit

if TYPE_CHECKING:
    from services.funding.store.journal import Journal


async def examine(journal: "Journal") -> Audit:
    """Give the auditor everything, in the order that it asks for."""
    audit = Audit()
    async for record in journal.records():
        audit.take(record)
    for partition, last_sequence in (await journal.ends()).items():
        audit.end(partition, last_sequence)
    async for envelope in journal.envelopes():
        audit.envelope(envelope)
    async for commitment_id, score in journal.scores():
        audit.score(commitment_id, score)
    async for commitment in journal.commitments():
        audit.commitment(commitment)
    async for payment in journal.payments():
        audit.payment(payment)
    audit.close()
    return audit
