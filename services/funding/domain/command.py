"""A manager's command on envelopes: what it says, and what is wrong with it whatever the books say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.funding.domain.envelope import Envelope
from shared.kernel.funders import Funder


class Act(StrEnum):
    """What can be commanded of an envelope that exists."""

    INCREASE = "increase"
    REDUCE = "reduce"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    TRANSFER = "transfer"
    CARRY_OVER = "carry-over"
    CLOSE = "close"


TAKING = frozenset({Act.REDUCE, Act.FREEZE, Act.TRANSFER, Act.CARRY_OVER})
"""The acts that need room."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a manager wants: `by` is a role, `reason` a word, `to` the receiver of a transfer or a carry-over."""

    act: Act
    envelope: str
    by: str
    reason: str
    effective_on: date
    amount_cents: int = 0
    payment_cents: int = 0
    to: str | None = None
    displace: bool = False

    @property
    def concerned(self) -> tuple[str, ...]:
        """The names of its envelopes, the giver's first."""
        return (self.envelope,) if self.to is None else (self.envelope, self.to)


def parts(name: str) -> tuple[str, Funder, int]:
    """Read an envelope's name: contract, funder, exercise."""
    contract, funder, exercise = name.split(".")
    return contract, Funder(funder), int(exercise)


def needs_standing(command: Command, envelopes: Iterable[Envelope]) -> bool:
    """Tell whether all that stands at the giver's is needed to decide; else who waits is enough."""
    room = next((e.room for e in envelopes if e.envelope_id == command.envelope), 0)
    return command.displace or command.act is Act.CLOSE or (command.act in TAKING and command.amount_cents > room)
