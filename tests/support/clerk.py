"""Funding's own rule in memory, told the steps of one partition's line: it answers in the oracle's words.

The same steps (openings, commands, events) and the same questions as `tests.support.oracle.Oracle`, so that whatever is
asked of one can be asked of the other.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid5

import msgspec

from services.funding.announcement import envelope_fact
from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Act, Command
from services.funding.domain.commands import EnvelopeAct, Told, open_envelope
from services.funding.domain.commitment import Commitment, Engagement
from services.funding.domain.envelope import Envelope, Posting
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Outcome
from services.funding.domain.rules import Rules, next_version
from services.funding.domain.scoring import Scoring
from services.funding.domain.scoring import decide as decide_score
from shared.kernel.funders import Funder
from tests.support.commitment_events import START, Json
from tests.support.sequential import balances, incoming, published

DAY = date(2016, 1, 1)
ENVELOPE_TERMS = ("envelope_id", "amount_cents", "payment_cents", "to_envelope_id", "from_envelope_id")


class Clerk:
    """The ledger of one partition, as funding keeps it."""

    def __init__(self) -> None:
        self.books = Books([], [])
        self.decisions: list[Json] = []
        self.refused_commands: list[Json] = []
        self.turn = 0

    def tell(self, steps: Iterable[Json]) -> "Clerk":
        """Take the steps in."""
        for step in steps:
            self.turn += 1
            if "open" in step:
                self._open(step)
            elif "rules" in step:
                self._rule(step)
            elif step.get("kind") == "score":
                self._score(step)
            elif "kind" in step:
                self._command(step)
            else:
                event = incoming(step, self.turn)
                self._say(event.event_id, self.books.decide(event))
        return self

    def balances(self) -> dict[str, Json]:
        """Each envelope, whole."""
        return balances(self.books)

    def commitments(self) -> dict[str, Json]:
        """Each commitment, with its amounts."""
        lapsed: Counter[tuple[str, str]] = Counter()
        for told in self.decisions:
            if told["type"] == "AllocationDecommitted" and not told["same_exercise"]:
                lapsed[told["commitment_id"], told["funder"]] += told["cdc_cents"] + told["state_cents"]
        return {
            name: _commitment(c) | {"lapsed": {funder.value: lapsed[name, funder] for funder in Funder}}
            for name, c in ((str(c.commitment_id), c) for c in self.books.commitments.values())
        }

    def held(self) -> list[tuple[str, str]]:
        """The id of each held movement, in order, and what it waits for now."""
        held = [movement for waiting in self.books.held.values() for movement in waiting]
        return [(str(m.event_id), m.reason.value) for m in sorted(held, key=lambda m: m.place)]

    def _open(self, step: Json) -> None:
        name = step["open"]
        if name in self.books.envelopes:
            self.refused_commands.append(
                {"command": step.get("command"), "kind": "open", "envelope": name, "reason": "envelope-exists"}
            )
            return
        contract, funder, exercise = name.split(".")
        envelope = self.books.envelopes[name] = Envelope(name, contract, Funder(funder), int(exercise))
        postings = open_envelope(envelope, step["amount_cents"], step.get("payment_cents"))
        envelope.version = 1
        said = {"type": "EnvelopeOpened", "envelope_id": name, "amount_cents": step["amount_cents"],
                "payment_cents": step.get("payment_cents") or 0}  # fmt: skip
        cause = step.get("command")
        identity = {"id": cause and str(uuid5(UUID(cause), "0")), "cause": cause}
        self.decisions.append(identity | said | {"moves": {}, "postings": _lines(postings)})
        self._say(cause, self.books.settle(contract), start=1)

    def _rule(self, step: Json) -> None:
        in_force = self.books.rule_sets.get((step["contract"], step["exercise"]))
        rules = msgspec.convert(step["rules"], Rules)
        if next_ := next_version(in_force, step["contract"], step["exercise"], rules):
            self._say(UUID(step["command"]), self.books.rule(next_))

    def _score(self, step: Json) -> None:
        scoring = Scoring(step["contract"], UUID(step["commitment_id"]), step["score"], "cdc", "committee", DAY)
        decided = decide_score(self.books, scoring)
        if isinstance(decided, Refused):
            about = {"command": step["command"], "kind": "score", "envelope": None}
            self.refused_commands.append(about | {"reason": decided.objection.value})
        else:
            self._say(UUID(step["command"]), decided.facts)

    def _command(self, step: Json) -> None:
        wanted = Command(
            Act(step["kind"]), step["envelope"], "cdc", "reserve", DAY, step.get("amount_cents") or 0,
            step.get("payment_cents") or 0, step.get("to"), step.get("displace", False),
        )  # fmt: skip
        decided = commands.decide(self.books, wanted)
        if isinstance(decided, Refused):
            about = {"command": step["command"], "kind": step["kind"], "envelope": step["envelope"]}
            listed = sorted(str(each.commitment_id) for each in decided.in_the_way)
            in_the_way = decided.objection.value in ("no-room", "envelope-in-use")
            more = {"reason": decided.objection.value} | ({"commitments": listed} if in_the_way else {})
            self.refused_commands.append(about | more)
        else:
            self._say(UUID(step["command"]), decided.facts, wanted)

    def _say(
        self, cause: UUID | str | None, facts: Iterable[Told], wanted: Command | None = None, *, start: int = 0
    ) -> None:
        for ordinal, fact in enumerate(facts, start):
            identity = {"id": cause and str(uuid5(UUID(str(cause)), str(ordinal))), "cause": cause and str(cause)}
            if isinstance(fact, EnvelopeAct) and wanted is not None:
                self.decisions.append(identity | _of_envelope(fact, wanted))
            elif isinstance(fact, Outcome):
                self.decisions.append(identity | published(fact, START))


def _of_envelope(act: EnvelopeAct, wanted: Command) -> Json:
    value = json.loads(envelope_fact(act, wanted, known_at=START))
    said = {name: value[name] for name in ENVELOPE_TERMS if name in value}
    return {"type": act.type, "moves": {}, "postings": _lines(act.postings)} | said


def _lines(postings: Iterable[Posting]) -> list[tuple[str, str, str, int]]:
    return [(p.envelope_id, str(p.credit), str(p.debit), p.amount_cents) for p in postings]


def _commitment(commitment: Commitment) -> Json:
    engagements = {funder: (commitment.engagements or {}).get(funder) or Engagement() for funder in Funder}
    return {
        "cdc_cents": commitment.asked.cdc, "state_cents": commitment.asked.state, "contract": commitment.contract,
        "exercise": commitment.exercise, "state": commitment.state.value, "cost_cents": commitment.cost,
        "priority": commitment.priority, "score": commitment.score,
        "engaged": {funder.value: e.engaged for funder, e in engagements.items()},
        "certified": {funder.value: e.certified for funder, e in engagements.items()},
        "paid": {f.value: {y: n for y, n in sorted(e.paid_by.items()) if n} for f, e in engagements.items()},
    }  # fmt: skip
