"""Who may command what, and when a second pair of eyes is needed."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.funding.domain.command import Act, Command, parts
from services.funding.domain.commitment import Asked
from services.funding.domain.envelope import Envelope
from shared.kernel.funders import Funder


@dataclass(frozen=True, slots=True)
class Manager:
    """A person (or office) by name, the role in which it acts, and what it may command; None is every contract."""

    name: str
    role: str
    funders: frozenset[Funder]
    contracts: frozenset[str] | None = None

    def may(self, command: Command) -> bool:
        """Whether all envelopes of a command are its own."""
        named = [parts(name) for name in command.concerned]
        return all(
            funder in self.funders and (self.contracts is None or contract in self.contracts)
            for contract, funder, _ in named
        )

    def may_for(self, contracts: Iterable[str]) -> bool:
        """Whether all these contracts are its own, whoever funds them."""
        return self.contracts is None or self.contracts.issuperset(contracts)

    def may_score(self, contract: str, asked: Asked) -> bool:
        """Whether it acts for a funder that a commitment of this contract asks: a committee is of both."""
        is_asked = any(asked.of(funder) for funder in self.funders) or not any(asked)
        return is_asked and (self.contracts is None or contract in self.contracts)


OPERATOR = Manager("operator", "operator", frozenset(Funder))
"""Whoever holds the operator's key: may command everything, and approve all but its own."""


def weight_cents(command: Command, giver: Envelope | None) -> int:
    """What a command moves, for the rule of the four eyes; a close, all that could be taken away."""
    if command.act is not Act.CLOSE:
        return max(command.amount_cents, command.payment_cents)
    if giver is None:
        return 0
    return max(giver.authorised - giver.engaged - giver.lapsed, (giver.payment_credits or 0) - giver.paid)
