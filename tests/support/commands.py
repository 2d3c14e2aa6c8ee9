"""Commands for tests: who gives them, where they are given, and the auditor who looks at the books afterwards."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from fabrique.ledger.examination import examine
from services.funding.domain.command import Act, Command
from services.funding.domain.manager import OPERATOR, Manager
from services.funding.store.journal import open_journal
from services.funding.use_cases import commanding
from services.funding.use_cases.commanding import Answer, Desk
from shared.database.transaction import reading
from tests.support.ledger import Ledger, fixed_clock

CDC, STATE, CDC_2017, CDC_NEXT_DOOR = "CV219.CDC.2016", "CV219.STATE.2016", "CV219.CDC.2017", "CV221.CDC.2016"
NEVER = 10**15


def wanted(act: Act, envelope: str, amount: int = 0, payment: int = 0, **more: Any) -> Command:
    """A command of the operator's."""
    terms = {"by": "operator", "reason": "reprogramming", "effective_on": date(2016, 10, 1)} | more
    return Command(act, envelope, amount_cents=amount, payment_cents=payment, **terms)


def desk(ledger: Ledger, *, four_eyes_from: int = NEVER) -> Desk:
    """Where managers command, on a test's ledger."""
    return Desk(ledger.engine, ledger.route, fixed_clock, four_eyes_from)


async def commanded(
    ledger: Ledger, command: Command, command_id: UUID | None = None, *, by: Manager = OPERATOR, **more: Any
) -> Answer:
    """Give a command."""
    return await commanding.command(desk(ledger), command_id or uuid4(), command, by, **more)


async def opened_with(
    ledger: Ledger, amounts: Mapping[str, int], *, partition: int = 0, payments: Mapping[str, int] | None = None
) -> None:
    """Open envelopes, some with payment credits."""
    steps = [{"open": name, "amount_cents": cents} for name, cents in amounts.items()]
    for step in steps:
        if payments and step["open"] in payments:
            step["payment_cents"] = payments[str(step["open"])]
    await ledger.open(steps, partition=partition)


async def assert_examined(ledger: Ledger) -> None:
    """The auditor finds no difference."""
    async with reading(ledger.engine) as session:
        audit = await examine(await open_journal(session))
    assert [str(each) for each in audit.differences] == []
