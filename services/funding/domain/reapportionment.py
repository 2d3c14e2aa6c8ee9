"""Turns credits that should be otherwise into ordinary commands: transfers first, so that sums are conserved."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from services.funding.domain.command import Act, Command, parts
from services.funding.domain.envelope import Envelope
from services.funding.domain.rehearsal import Credit
from shared.kernel.funders import Funder

WHAT_IF = UUID("0f6d4f0a-6f43-5c5e-9d1b-8a3f7c1f5b27")
OUTSIDE = "~"
"""Where credit comes from, or goes to, when the sum of all is not the same; it sorts behind every envelope."""
Line = tuple[Funder, int]
Flow = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """A command as it was given: which, what, and what became of it."""

    command_id: UUID
    command: Command
    state: str


@dataclass(frozen=True, slots=True)
class Order:
    """A command to give, and the identifier that keeps it from being done twice; `state` when it was given before."""

    command_id: UUID
    command: Command
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The orders that make credits what they should be, and what no command can do, in sentences."""

    orders: tuple[Order, ...]
    impossible: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Recognises a plan that was shown: the same orders, none of them answered since."""
        told = [(str(order.command_id), order.command.displace, order.state) for order in self.orders]
        return uuid5(WHAT_IF, json.dumps(told)).hex


def ours(given: Sequence[Given]) -> dict[UUID, Given]:
    """Find the commands that came from a what-if: their identifiers follow from what they say."""
    counts = Counter(_essence(each.command) for each in given)
    derived = {_identifier(essence, n) for essence, count in counts.items() for n in range(count)}
    return {each.command_id: each for each in given if each.command_id in derived}


def credits_now(opened: Mapping[str, Credit], given: Iterable[Given]) -> dict[str, Credit]:
    """What envelopes were opened with, as earlier what-ifs that were applied have changed it since."""
    found = dict(opened)
    for each in given:
        command = each.command
        if each.state != "applied":
            continue
        taking = command.act is not Act.INCREASE
        for name, sign in zip(command.concerned, (-1 if taking else 1, 1), strict=False):
            credit = found[name]
            payment = None if credit.payment is None else credit.payment + sign * command.payment_cents
            found[name] = Credit(credit.amount + sign * command.amount_cents, payment)
    return found


def plan(
    wanted: Mapping[str, Credit], envelopes: Mapping[str, Envelope], opened: Mapping[str, Credit],
    given: Sequence[Given], *, how: Command, displace: bool,
) -> Plan:  # fmt: skip
    """Say what to command so that credits become `wanted`; `how` carries the reason, the day and the role.

    With `displace`, a giver without enough room sends back who stands in the way. Of an order that was given before
    the identifier is the same, until it was answered.
    """
    mine = ours(given)
    now = credits_now(opened, mine.values())
    impossible = [*_impossible(wanted, envelopes, now)]
    lines: dict[Line, dict[str, tuple[int, int]]] = defaultdict(dict)
    for name, credit in wanted.items():
        if name in envelopes and name in now:
            _, funder, exercise = parts(name)
            payment = (credit.payment or 0) - (now[name].payment or 0)
            payable = credit.payment is not None and now[name].payment is not None
            lines[funder, exercise][name] = credit.amount - now[name].amount, payment if payable else 0
    orders = []
    taken: Counter[str] = Counter()
    for line in sorted(lines):
        for command in _commands(lines[line], how):
            taken[command.envelope] += command.amount_cents
            short = command.act is not Act.INCREASE and taken[command.envelope] > envelopes[command.envelope].room
            orders.append(_order(replace(command, displace=displace and short), mine))
    return Plan(tuple(orders), tuple(impossible))


def _impossible(
    wanted: Mapping[str, Credit], envelopes: Mapping[str, Envelope], now: Mapping[str, Credit]
) -> Iterator[str]:
    for name in sorted(wanted):
        if name not in envelopes or name not in now:
            yield f"{name} does not exist: a programme file opens it, a command cannot"
        elif (wanted[name].payment is None) != (now[name].payment is None):
            yield f"{name}: whether there are payment credits is said when an envelope is opened, and stays"


def _commands(differences: Mapping[str, tuple[int, int]], how: Command) -> Iterator[Command]:
    """Move what some have too much to those that have too little; what remains comes from outside, or goes there."""
    amounts, payments = (
        _flows({name: both[which] for name, both in differences.items()}) for which in (0, 1)
    )  # fmt: skip
    for giver, receiver in sorted(amounts.keys() | payments.keys()):
        amount, payment = amounts.get((giver, receiver), 0), payments.get((giver, receiver), 0)
        if giver == OUTSIDE:
            about = replace(how, act=Act.INCREASE, envelope=receiver)
        elif receiver == OUTSIDE:
            about = replace(how, act=Act.REDUCE, envelope=giver)
        else:
            about = replace(how, act=Act.TRANSFER, envelope=giver, to=receiver)
        yield replace(about, amount_cents=amount, payment_cents=payment)


def _flows(differences: Mapping[str, int]) -> dict[Flow, int]:
    """Who gives how much to whom, by name, without crossing: when a part of it is done, the same rest is left."""
    missing = sum(differences.values())
    all_of_them = sorted([*differences.items(), (OUTSIDE, -missing)])
    givers = deque((name, -cents) for name, cents in all_of_them if cents < 0)
    receivers = deque((name, cents) for name, cents in all_of_them if cents > 0)
    flows: dict[Flow, int] = {}
    while givers and receivers:
        (giver, gives), (receiver, takes) = givers.popleft(), receivers.popleft()
        cents = flows[giver, receiver] = min(gives, takes)
        if gives > cents:
            givers.appendleft((giver, gives - cents))
        if takes > cents:
            receivers.appendleft((receiver, takes - cents))
    return flows


def _order(command: Command, mine: Mapping[UUID, Given]) -> Order:
    """Identify a command: as the one that waits for approval, else as the next that says the same."""
    essence, generation = _essence(command), 0
    while (before := mine.get(_identifier(essence, generation))) is not None:
        if before.state == "proposed":
            return Order(before.command_id, before.command, before.state)
        generation += 1
    return Order(_identifier(essence, generation), command)


def _essence(command: Command) -> str:
    """What a command says, but for the day, the role and whether somebody is sent back."""
    return json.dumps([command.act, command.envelope, command.to, command.amount_cents, command.payment_cents,
                       command.reason])  # fmt: skip


def _identifier(essence: str, generation: int) -> UUID:
    return uuid5(WHAT_IF, f"{essence}/{generation}")


def nothing_yet(*, by: str, reason: str, effective_on: date) -> Command:
    """A command that says only who, why and from when."""
    return Command(Act.INCREASE, "", by, reason, effective_on)
