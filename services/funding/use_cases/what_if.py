"""What if the credits, or the order, had been others: replays the lines on a copy, and applies what credits differ."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import Applied
from services.funding.domain.comparison import Comparison, compare, snapshot, unlike
from services.funding.domain.declaring import CommitmentEvent
from services.funding.domain.manager import Manager, weight_cents
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Kind, Outcome
from services.funding.domain.reapportionment import Given, Order, Plan, ours, plan
from services.funding.domain.rehearsal import (
    Commanded,
    Credit,
    Heard,
    LinesDisagree,
    Opened,
    Pair,
    Ruled,
    Scenario,
    Scored,
    Step,
    in_order,
    rehearse,
)
from services.funding.domain.rules import Rules, RuleSet
from services.funding.programme import Opening
from services.funding.store import line as store
from services.funding.store import tables
from services.funding.use_cases import commanding, scoring
from services.funding.use_cases.answering import wanted_by
from services.funding.use_cases.commanding import Desk, NotCommanded
from shared.database.transaction import reading
from shared.kernel.errors import ProgrammeError
from shared.messaging.history import Extent
from shared.messaging.stream import Incoming, place_of

NAMED_MAX = 20
"""Differences that are named when a replay does not end where the ledger stands; there may be thousands."""
ACTS = frozenset(act.value for act in Act)
DECIDED = ("applied", "refused")
Told = Mapping[int, Sequence[Incoming[CommitmentEvent]]]
Progress = Callable[[str, int, int], None]
"""Is told what is done now, how far it is, and of how much; from any thread."""


class History(Protocol):
    """Reads the lines' events again, up to where they are applied; tells how many records it has read."""

    def __call__(self, known: Extent, *, progress: Callable[[int], None]) -> Awaitable[Told]:
        """Return the events of each partition, in order."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


class ReplayDiffers(ProgrammeError):
    """A replay without any change does not end where the ledger stands: nothing can be said of one with a change."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("The replay of what happened does not end where the ledger stands.")
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: other credits, another order; and how the credits would be applied."""

    openings: tuple[Opening, ...]
    how: Command
    first_come: bool = False
    displace: bool = False
    rules: Mapping[Pair, Rules] = field(default_factory=dict)

    @property
    def credits(self) -> dict[str, Credit]:
        """The credits of the programme file, by envelope."""
        return {o.envelope_id: Credit(o.amount_cents, o.payment_cents) for o in self.openings}


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """An order as it would be decided now, after those before it; `displaced` are sent back by it."""

    order: Order
    refusal: str | None
    displaced: int
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the replay ends with instead, and what applying the credits now would give, each beside the ledger."""

    steps: int
    replay_seconds: float
    replayed: Comparison
    plan: Plan
    orders: tuple[Rehearsed, ...]
    applied: Comparison


@dataclass(frozen=True, slots=True)
class Outturn:
    """What became of an order that was given: a state, or for which reason it was not taken."""

    order: Order
    state: str
    reason: str | None = None


async def what_if(
    engine: AsyncEngine, history: History, question: Question, *, four_eyes_from_cents: int, progress: Progress = silent
) -> Answer:
    """Replay the lines as they were, prove that this gives the ledger, and replay them as asked; keep nothing.

    Raises ReplayDiffers. The replays run in a thread of their own: decisions go on meanwhile.
    """
    async with reading(engine) as session:
        standing = await store.standing(session)
    length = sum(standing.extent.ends.values())
    told = await history(standing.extent, progress=lambda read: progress("reading the log", read, length))
    return await asyncio.to_thread(_answer, standing, told, question, four_eyes_from_cents, progress)


async def apply(desk: Desk, question: Question, manager: Manager, *, expected: str | None = None) -> list[Outturn]:
    """Give the orders of the plan as commands of this manager, each decided by itself, or proposed.

    What was given before is not given again. Raises NotCommanded when the plan is not the `expected` one.
    """
    async with reading(desk.engine) as session:
        rows, envelopes = await store.commands(session), await store.envelopes(session)
    wanted = plan(
        question.credits, envelopes, opened_by(rows), [*given_of(rows)], how=question.how,
        displace=question.displace,
    )  # fmt: skip
    if expected is not None and wanted.digest != expected:
        raise NotCommanded("plan-moved", "What would be commanded is no longer what was shown.", field="plan")
    return [await _outturn(desk, order, manager) for order in wanted.orders]


async def _outturn(desk: Desk, order: Order, manager: Manager) -> Outturn:
    if order.state is not None:
        return Outturn(order, order.state)
    try:
        answer = await commanding.command(desk, order.command_id, order.command, manager)
    except NotCommanded as error:
        return Outturn(order, "not-taken", error.reason)
    outcome = answer.command.outcome or {}
    refusal = outcome.get("refusal")
    return Outturn(order, answer.command.state, None if refusal is None else str(refusal))


def _answer(
    standing: store.Standing, told: Told, question: Question, four_eyes_from_cents: int, progress: Progress
) -> Answer:
    started = time.perf_counter()
    try:
        steps = in_order(lines(standing.commands, told))
    except LinesDisagree as error:
        raise ReplayDiffers(["a command of two partitions has no place that fits both"]) from error
    length = len(steps)
    as_it_was = rehearse(steps, progress=lambda done: progress("replaying as it was", done, length))
    if differences := [*unlike(as_it_was, standing.books)]:
        raise ReplayDiffers([*differences[:NAMED_MAX], f"{len(differences)} differences in all"])
    before = snapshot(as_it_was)
    given = [*given_of(standing.commands)]
    asked = question.credits
    void = {i for i, each in ours(given).items() if {*each.command.concerned} & asked.keys()}
    scenario = Scenario(asked, question.first_come, frozenset(void), question.rules)
    instead = rehearse(steps, scenario, progress=lambda done: progress("replaying with the change", done, length))
    seconds = time.perf_counter() - started
    wanted = plan(asked, as_it_was.envelopes, _opened(steps), given, how=question.how, displace=question.displace)
    orders = [_rehearsed(as_it_was, order, four_eyes_from_cents) for order in wanted.orders]
    replayed, applied = compare(before, snapshot(instead)), compare(before, snapshot(as_it_was))
    return Answer(2 * len(steps), seconds, replayed, wanted, tuple(orders), applied)


def _rehearsed(books: Books, order: Order, four_eyes_from_cents: int) -> Rehearsed:
    """Decide an order on books that stand as the ledger does, after the orders before it."""
    weight = weight_cents(order.command, books.envelopes.get(order.command.envelope))
    decided = commands.decide(books, order.command)
    refusal = decided.objection.value if isinstance(decided, Refused) else None
    displaced = 0
    if isinstance(decided, Applied):
        displaced = sum(isinstance(fact, Outcome) and fact.kind is Kind.DISPLACED for fact in decided.facts)
    return Rehearsed(order, refusal, displaced, weight >= four_eyes_from_cents)


def lines(rows: Iterable[tables.Command], told: Told) -> dict[int, list[Step]]:
    """Join events and commands into the line of each partition. Raises ReplayDiffers for a step of unknown kind."""
    found: dict[int, list[Step]] = {
        partition: [Heard(e.event_id, e.fact, e.type, e.place) for e in events] for partition, events in told.items()
    }
    for row in rows:
        if row.state not in DECIDED:
            continue
        twofold = row.to_partition is not None
        for partition, next_offset, step in (
            (row.partition, row.next_offset, row.step), (row.to_partition, row.to_next_offset, row.to_step)
        ):  # fmt: skip
            if partition is not None and next_offset is not None and step is not None:
                at = place_of(next_offset - 1, step)
                found.setdefault(partition, []).append(_step(row, at, twofold=twofold))
    for line in found.values():
        line.sort(key=lambda step: step.place)
    return found


def _step(row: tables.Command, at: int, *, twofold: bool) -> Step:
    if row.kind == "open-envelopes":
        return Opened({name: _credit(said) for name, said in row.content.items()}, at)
    if row.kind in ACTS:
        return Commanded(row.command_id, wanted_by(row), at, twofold)
    if row.kind == scoring.KIND:
        return Scored(scoring.wanted_by(row), at)
    if row.kind == "rules":
        said = row.content
        rules = msgspec.convert(said["rules"], Rules)
        return Ruled(msgspec.convert(said | {"rules": rules}, RuleSet), at)
    raise ReplayDiffers([f"a step of kind {row.kind} is not known to the replay"])


def _credit(said: Any) -> Credit:
    return Credit(said) if isinstance(said, int) else Credit(said["amount_cents"], said["payment_cents"])


def opened_by(rows: Iterable[tables.Command]) -> dict[str, Credit]:
    """What envelopes were opened with, by name."""
    return _opened(_step(row, 0, twofold=False) for row in rows if row.kind == "open-envelopes")


def _opened(steps: Iterable[Step]) -> dict[str, Credit]:
    return {name: credit for step in steps if isinstance(step, Opened) for name, credit in step.credits.items()}


def given_of(rows: Iterable[tables.Command]) -> Iterable[Given]:
    """The commands on envelopes, as they were given."""
    return (Given(row.command_id, wanted_by(row), row.state) for row in rows if row.kind in ACTS)
