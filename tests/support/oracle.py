"""Funding's rule told again, one step after the other, in plain dictionaries: it shares no code with the service.

In: the steps of one partition's line, in order. A manager's is `{"open": "CV219.CDC.2016", "amount_cents": …}`, with
`"payment_cents"` where there are payment credits, or a command (`oracle_envelopes.py` says its fields), or rules,
`{"rules": {…}, "contract": "CV219", "exercise": 2016}` (`oracle_rules.py`), or a score, `{"kind": "score", "contract":
"CV219", "commitment_id": …, "score": 80}`; a partner's is the event as it lies in the
log, `{"id": …, "type": …, "value": {…}}`. Out: every decision in order, every command refused, and where envelopes,
commitments and held movements end. docs/ledger-rules.md is the rule.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID, uuid5

from tests.support.oracle_acts import ACTS
from tests.support.oracle_book import (
    FUNDERS,
    GRANTED,
    QUEUED,
    Book,
    Held,
    Json,
    Refused,
    asks,
    name,
    posted,
    refused_if,
    said,
)
from tests.support.oracle_envelopes import commanded, opened, scored
from tests.support.oracle_rules import SAID_BY_RULES, judge, ruled


class Oracle:
    """The ledger of one partition, as a patient clerk would keep it."""

    def __init__(self) -> None:
        self.book = Book()
        self.decisions: list[Json] = []
        self.refused_commands: list[Json] = []
        self.waiting: list[Json] = []  # held movements, in order of their place
        self.turn = 0

    def tell(self, steps: Iterable[Json]) -> "Oracle":
        """Take the steps in."""
        for step in steps:
            self.turn += 1
            cause = step.get("id") or step.get("command")
            for ordinal, fact in enumerate(self._take(step)):
                identity = {"id": cause and str(uuid5(UUID(cause), str(ordinal))), "cause": cause}
                self.decisions.append(identity | fact)
        return self

    @property
    def answers(self) -> list[Json]:
        """The decisions about commitments."""
        return [told for told in self.decisions if not told["type"].startswith("Envelope")]

    def balances(self) -> dict[str, Json]:
        """Each envelope, whole."""
        return self.book.balances()

    def commitments(self) -> dict[str, Json]:
        """Each commitment, with its amounts."""
        return self.book.commitments()

    def held(self) -> list[tuple[str, str]]:
        """The id of each held movement, in order, and what it waits for now."""
        return [(each["event"]["id"], each["reason"]) for each in self.waiting]

    def _take(self, step: Json) -> Iterator[Json]:
        if "type" in step:
            yield from self._told(step)
            contracts = [step["value"]["contract"]]
        else:
            try:
                facts = self._ordered(step)
            except Refused as why:
                self._refused_command(step, why)
                return
            yield from facts
            concerned = (step.get("contract"), step.get("open"), step.get("envelope"), step.get("to"))
            contracts = list(dict.fromkeys(envelope.split(".")[0] for envelope in concerned if envelope))
        for contract in contracts:
            yield from self._looked_at_again(contract)

    def _ordered(self, step: Json) -> Iterable[Json]:
        """What a manager says."""
        if "rules" in step:
            return ruled(self.book, step)
        if step.get("kind") == "score":
            return scored(self.book, step)
        return opened(self.book, step) if "open" in step else commanded(self.book, step)

    def _refused_command(self, step: Json, why: Refused) -> None:
        about = {"command": step.get("command"), "kind": step.get("kind", "open")}
        envelope, reason = step.get("envelope", step.get("open")), str(why)
        listed = {} if why.commitments is None else {"commitments": why.commitments}
        self.refused_commands.append(about | {"envelope": envelope, "reason": reason} | listed)

    def _told(self, event: Json) -> list[Json]:
        try:
            return self._decided(event["type"], event["value"])
        except Held as why:
            known = self._known(event["value"])
            self.waiting.append({"event": event, "reason": str(why)})
            return [said("MovementHeld", _about(event["value"], known), movement=event["type"], reason=str(why))]

    def _looked_at_again(self, contract: str) -> Iterator[Json]:
        """Decide held movements, from the first on, until none moves any more."""
        waiting = [each for each in self.waiting if each["event"]["value"]["contract"] == contract]
        for each in waiting:
            event = each["event"]
            try:
                facts = self._decided(event["type"], event["value"])
            except Held as why:
                each["reason"] = str(why)
                continue
            self.waiting.remove(each)
            for fact in facts:
                yield fact if fact["type"] == "AllocationPromoted" else fact | {"movement_id": event["id"]}
            yield from self._looked_at_again(contract)
            return

    def _known(self, value: Json) -> Json | None:
        return self.book.contracts.get(value["contract"], {}).get(value["commitment_id"])

    def _decided(self, kind: str, value: Json) -> list[Json]:
        known = self._known(value)
        try:
            lies_elsewhere = any(value["commitment_id"] in each for each in self.book.contracts.values())
            refused_if(known is None and lies_elsewhere, "commitment-unknown")
            if kind == "CommitmentDeclared":
                refused_if(known is not None, "already-declared")
                return self._declared(value)
            if known is None:
                refused_if(kind in ("CommitmentAmended", "CommitmentWithdrawn"), "commitment-unknown")
                raise Held("not-declared")
            refused_if(known["state"] in ("refused", "released"), "not-standing")
            refused_if(known["state"] == "closed" and kind != "PaymentReturned", "not-standing")
            facts = ACTS[kind](self.book, value, known, self.turn)
            day = {"occurred_on": value.get("occurred_on")}
            return [fact | day if "funder" in fact else fact for fact in facts]
        except Refused as why:
            by = self.book.version(known) if known is not None and str(why) in SAID_BY_RULES else {}
            return [said("MovementRefused", _about(value, known), movement=kind, reason=str(why), **by)]

    def _declared(self, value: Json) -> list[Json]:
        asked = {funder: value.get(field) or 0 for funder, field in FUNDERS.items()}
        commitment = {
            "commitment_id": value["commitment_id"], "contract": value["contract"], "exercise": value["exercise"],
            "cost_cents": value["cost_cents"], "priority": value.get("priority", 5), "place": self.turn,
            "state": "refused", "beneficiary_id": value.get("beneficiary_id"), "asked": asked, "score": None,
            "waits": set(),
            "paid": {funder: {} for funder in FUNDERS},
        } | {amount: dict.fromkeys(FUNDERS, 0) for amount in ("engaged", "certified", "lapsed")}  # fmt: skip
        wanted, book = asks(commitment), self.book
        book.contracts.setdefault(value["contract"], {})[value["commitment_id"]] = commitment
        try:
            refused_if(any(e not in book.envelopes for e in wanted), "envelope-unknown")
            refused_if(any(book.envelopes[e]["closed"] for e in wanted), "envelope-closed")
            judge(book, commitment, value["occurred_on"])
            refused_if(
                any(cents > book.envelopes[e]["authorised"] for e, cents in wanted.items()), "exceeds-authorised"
            )
        except Refused as why:
            return [said("AllocationRefused", commitment, asked, reason=str(why), **book.version(commitment))]
        return list(self._placed(commitment))

    def _placed(self, commitment: Json) -> Iterator[Json]:
        """Reserve what fits, and let the rest wait; together, all or nothing."""
        book, pair, asked = self.book, (commitment["contract"], commitment["exercise"]), commitment["asked"]
        parts = {f: cents for f, cents in asked.items() if cents}
        free = {f for f in parts if book.skips(*pair) or not book.waiting(name(commitment, f))}
        fit = {f: cents for f, cents in parts.items() if f in free and cents <= book.room(name(commitment, f))}
        if fit != parts and not (book.each(*pair) and fit):
            commitment["state"], commitment["waits"] = "waitlisted", set(FUNDERS)
            queued = posted(commitment, QUEUED)
            yield said("AllocationWaitlisted", commitment, asked, queued, **book.version(commitment))
            return
        rest = {f: cents for f, cents in parts.items() if f not in fit}
        commitment["state"], commitment["waits"] = "reserved", set(rest)
        granted, by = posted(commitment, GRANTED, amounts=fit), book.version(commitment)
        yield said("AllocationReserved", commitment, fit, granted, **by)
        if rest:
            yield said("AllocationWaitlisted", commitment, rest, posted(commitment, QUEUED, amounts=rest), **by)


def _about(value: Json, known: Json | None) -> Json:
    """Whom an answer without amounts is about; the exercise of who is unknown is unknown."""
    return value | {"exercise": None if known is None else known["exercise"]}
