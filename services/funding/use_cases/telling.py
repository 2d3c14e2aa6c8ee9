"""Announces what a manager's step of the line did to the commitments of one contract."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.funding.announcement import allocation_fact
from services.funding.domain.outcome import Outcome
from shared.contracts.topics import ALLOCATION
from shared.database.outbox import Outbox
from shared.kernel.ids import derived_id

COMMANDS = UUID("6c0f2f0e-5d0b-5a43-9f0c-5b1f6f7e9a11")
"""Names what no client named: openings, rules, statements."""


async def announce(
    outbox: Outbox, command_id: UUID, contract: str, outcomes: Sequence[Outcome], *, now: datetime, first: int = 0
) -> list[tuple[Any, ...]]:
    """Announce each outcome in the contract's partition, caused by the command, and return the postings.

    `first` is how many facts the command announced before.
    """
    if not outcomes:
        return []
    home = outbox.destination(ALLOCATION.name, contract.encode())
    await outbox.hold([home])
    known_at = outbox.known_at(home, at_least=now)
    postings: list[tuple[Any, ...]] = []
    for ordinal, each in enumerate(outcomes, first):
        sequence = outbox.add(
            home, key=contract.encode(), event_id=derived_id(command_id, ordinal), type=each.kind.value,
            subject=str(each.commitment_id), time=known_at, value=allocation_fact(each, known_at=known_at),
            cause=command_id,
        )  # fmt: skip
        postings += [
            (home.partition, sequence, line, p.envelope_id, each.commitment_id, p.credit, p.debit, p.amount_cents)
            for line, p in enumerate(each.postings)
        ]
    return postings
