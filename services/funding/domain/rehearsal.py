"""Plays the steps of the lines again, on books of its own, as they were or as a scenario changes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from msgspec import Struct, structs

from services.funding.domain import commands, scoring
from services.funding.domain.books import Books
from services.funding.domain.command import Command, parts
from services.funding.domain.commands import open_envelope
from services.funding.domain.commitment import Commitment
from services.funding.domain.declaring import CommitmentEvent, Declaration
from services.funding.domain.envelope import Envelope
from services.funding.domain.outcome import Outcome
from services.funding.domain.rules import Rules, RuleSet
from services.funding.domain.scoring import Scoring

SAME_PRIORITY = 5
"""What everybody has when priorities are ignored: the one that a declaration has when it says none."""
TOLD_EVERY = 1000
"""Steps between two calls of `progress`."""


@dataclass(frozen=True, slots=True)
class Credit:
    """With what an envelope is opened, in cents; `payment` is None for a funder without payment credits."""

    amount: int
    payment: int | None = None


class Heard(Struct):
    """An event of the line, as the books take it."""

    event_id: UUID
    fact: CommitmentEvent
    type: str
    place: int


class Opened(Struct):
    """A step that opens envelopes, by name."""

    credits: dict[str, Credit]
    place: int


class Commanded(Struct):
    """A manager's command that was decided, applied or refused; `twofold` when it is a step of two lines."""

    command_id: UUID
    command: Command
    place: int
    twofold: bool = False


class Ruled(Struct):
    """A step that puts a version of a programme's rules in force."""

    rule_set: RuleSet
    place: int


class Scored(Struct):
    """A step that says what a committee thinks of a commitment."""

    scoring: Scoring
    place: int


Step = Heard | Opened | Commanded | Ruled | Scored
Pair = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is otherwise than it was: nothing, as it stands here.

    `credits` replaces what envelopes were opened with, and opens those that never were before all else; `first_come`
    ignores priorities and scores; `left_out` are commands that it makes void. `rules` are in force from the beginning
    where they are given, whatever came later.
    """

    credits: Mapping[str, Credit] = field(default_factory=dict)
    first_come: bool = False
    left_out: frozenset[UUID] = frozenset()
    rules: Mapping[Pair, Rules] = field(default_factory=dict)


AS_IT_WAS = Scenario()


class LinesDisagree(Exception):
    """A command is a step of two lines that cannot both have come to it."""


def in_order(lines: Mapping[int, Sequence[Step]]) -> list[Step]:
    """Join the lines of all partitions into one in which each keeps its order, and a step of two lines is one step.

    Lines touch nowhere else, so any such order ends alike. Raises LinesDisagree.
    """
    joined: list[Step] = []
    cursors = dict.fromkeys(lines, 0)
    arrived: dict[UUID, int] = {}
    going = True
    while going:
        going = False
        for partition, line in lines.items():
            while cursors[partition] < len(line):
                step = line[cursors[partition]]
                if type(step) is Commanded and step.twofold:
                    other = arrived.setdefault(step.command_id, partition)
                    if other == partition:
                        break
                    cursors[other] += 1
                joined.append(step)
                cursors[partition] += 1
                going = True
    if any(cursors[partition] < len(line) for partition, line in lines.items()):
        raise LinesDisagree
    return joined


def rehearse(
    steps: Iterable[Step], scenario: Scenario = AS_IT_WAS, *, progress: Callable[[int], None] = lambda _: None
) -> Books:
    """Decide every step again with the rule of the ledger; return the books as they end."""
    books = RehearsedBooks()
    for (contract, exercise), rules in scenario.rules.items():
        books.rule(RuleSet(contract, exercise, 1, rules))
    steps = list(steps)
    opened = {name for step in steps if type(step) is Opened for name in step.credits}
    for name in sorted(scenario.credits.keys() - opened):
        _open(books, name, scenario.credits[name])
    for number, step in enumerate(steps):
        if number % TOLD_EVERY == 0:
            progress(number)
        if type(step) is Heard:
            books.decide(_as_heard(step, scenario))
        elif type(step) is Commanded:
            if step.command_id not in scenario.left_out:
                commands.decide(books, step.command)
        elif type(step) is Opened:
            for name, credit in step.credits.items():
                _open(books, name, scenario.credits.get(name, credit))
            for contract in sorted({parts(name)[0] for name in step.credits}):
                books.count(books.settle(contract))
        elif type(step) is Ruled and step.rule_set.pair not in scenario.rules:
            books.rule(step.rule_set)
        elif type(step) is Scored and not scenario.first_come:
            scoring.decide(books, step.scoring)
    progress(len(steps))
    return books


def _as_heard(event: Heard, scenario: Scenario) -> Heard:
    fact = event.fact
    if scenario.first_come and isinstance(fact, Declaration) and fact.priority != SAME_PRIORITY:
        return structs.replace(event, fact=structs.replace(fact, priority=SAME_PRIORITY))
    return event


def _open(books: Books, name: str, credit: Credit) -> None:
    contract, funder, exercise = parts(name)
    envelope = books.envelopes[name] = Envelope(name, contract, funder, exercise, version=1)
    open_envelope(envelope, credit.amount, credit.payment)


class RehearsedBooks(Books):
    """Books that hold everything at once, and know who waits where: promotions look at those alone."""

    def __init__(self) -> None:
        super().__init__([], [])
        self._waiting: dict[tuple[str, int], dict[UUID, Commitment]] = {}

    def promote(self, contract: str, exercise: int) -> list[Outcome]:
        """Serve the waitlist, as the ledger does with those that wait loaded."""
        self._note_who_waits()
        waiting = self._waiting.get((contract, exercise))
        if not waiting:
            return []
        everyone, self.commitments = self.commitments, dict(waiting)
        try:
            return super().promote(contract, exercise)
        finally:
            self.commitments = everyone

    def _note_who_waits(self) -> None:
        for name in self.changed_commitments:
            commitment = self.commitments[name]
            here = self._waiting.setdefault((commitment.contract, commitment.exercise), {})
            if commitment.is_in_line:
                here[name] = commitment
            else:
                here.pop(name, None)
        self.changed_commitments.clear()
