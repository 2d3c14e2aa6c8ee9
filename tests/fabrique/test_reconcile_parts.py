"""What is told by parts, where each funder decides on its own, is reconciled as the one decision that it is."""

import pytest

from fabrique.reconcile.comparison import decisions
from fabrique.reconcile.fold import fold
from tests.fabrique.test_reconcile import decision


@pytest.mark.parametrize(
    ("event", "facts", "count"),
    [
        ("CommitmentDeclared", ["AllocationReserved", "AllocationWaitlisted"], 1),
        ("CommitmentDeclared", ["AllocationReserved", "AllocationReserved"], 2),
        ("CommitmentDeclared", ["AllocationReserved", "AllocationWaitlisted", "AllocationWaitlisted"], 2),
        ("CommitmentAmended", ["AllocationAmended waitlisted", "AllocationAmended reserved"], 1),
        ("CommitmentAmended", ["AllocationAmended waitlisted"], 1),
        ("CommitmentAmended", ["AllocationAmended reserved", "AllocationAmended reserved"], 2),
        ("CommitmentWithdrawn", ["AllocationAmended waitlisted", "AllocationReleased"], 1),
        ("CommitmentWithdrawn", ["AllocationAmended reserved", "AllocationReleased"], 2),
        ("CommitmentClosed", ["AllocationDecommitted", "AllocationAmended waitlisted", "AllocationClosed"], 1),
        ("CommitmentEngaged", ["AllocationEngaged", "AllocationWaitlisted"], 2),
    ],
)
def test_what_is_told_by_parts_of_one_who_waits_in_part_is_one_decision(
    event: str, facts: list[str], count: int
) -> None:
    told = [fact.split() for fact in facts]
    allocated = [
        decision(number, kind, "m", 1, 0, **({"standing": standing[0]} if standing else {"standing": "reserved"}))
        for number, (kind, *standing) in enumerate(told, 1)
    ]
    assert decisions(fold(allocated), event, "m") == count
