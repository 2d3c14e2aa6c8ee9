"""What was commanded and what was posted cannot be changed by SQL; of a proposal only its answer is written, once."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.funding.domain.command import Act
from services.funding.domain.manager import OPERATOR, Manager
from services.funding.use_cases import commanding
from shared.database.transaction import transaction
from tests.support.commands import CDC, desk, opened_with, wanted
from tests.support.ledger import Ledger

APPLIED, PROPOSED = UUID(int=1), UUID(int=2)
SOMEBODY = Manager("anne", "cdc", OPERATOR.funders)
ATTACKS = {
    "a posting is changed": "UPDATE posting SET amount_cents = 1",
    "a posting is removed": "DELETE FROM posting WHERE line = 0",
    "all postings are removed": "TRUNCATE posting",
    "a command is removed": "DELETE FROM command WHERE state = 'applied'",
    "a proposal is removed": "DELETE FROM command WHERE state = 'proposed'",
    "all commands are removed": "TRUNCATE command",
    "what was commanded is rewritten": "UPDATE command SET content = '{}' WHERE state = 'applied'",
    "who commanded is rewritten": "UPDATE command SET proposed_by = 'nobody' WHERE state = 'applied'",
    "an applied command becomes a proposal": "UPDATE command SET state = 'proposed', partition = NULL,"
    " next_offset = NULL, step = NULL, applied_at = NULL WHERE state = 'applied'",
    "the same is written once more": "UPDATE command SET state = state WHERE state = 'applied'",
    "a proposal asks something else": "UPDATE command SET content = '{}' WHERE state = 'proposed'",
    "a proposal is somebody else's": "UPDATE command SET proposed_by = 'nobody' WHERE state = 'proposed'",
    "a proposal has another reason": "UPDATE command SET reason = 'other' WHERE state = 'proposed'",
}


@pytest.fixture
async def trail(ledger: Ledger) -> Ledger:
    """A ledger with an applied command and a proposed one."""
    await opened_with(ledger, {CDC: 100})
    at = desk(ledger, four_eyes_from=50)
    await commanding.command(at, APPLIED, wanted(Act.INCREASE, CDC, 1), SOMEBODY)
    await commanding.command(at, PROPOSED, wanted(Act.INCREASE, CDC, 50), SOMEBODY)
    return ledger


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_trail_refuses(trail: Ledger, attack: str) -> None:
    with pytest.raises(IntegrityError, match="the audit trail cannot be changed"):
        async with transaction(trail.engine) as session:
            await session.execute(text(ATTACKS[attack]))


async def test_a_proposal_takes_one_answer(trail: Ledger) -> None:
    await commanding.approve(desk(trail), PROPOSED, OPERATOR)
    [row] = await trail.rows("SELECT state, proposed_by, approved_by FROM command WHERE command_id = :id", id=PROPOSED)
    assert tuple(row.values()) == ("applied", "anne", "operator")
    with pytest.raises(IntegrityError, match="the audit trail cannot be changed"):
        async with transaction(trail.engine) as session:
            await session.execute(text("UPDATE command SET approved_by = 'other' WHERE approved_by IS NOT NULL"))
