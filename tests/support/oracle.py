"""Funding's rule told again, one step after the other, in plain dictionaries: it shares no code with the service.

In: the steps of one partition's line, in order. A manager's is `{"open": "CV219.CDC.2016", "amount_cents": …}`; a
partner's is the event as it lies in the log, `{"id": …, "type": …, "value": {…}}`. Out: every decision in order, and
where envelopes, commitments and waitlists end. Nothing is kept that can be counted again, and nothing is quick.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

Json = dict[str, Any]
FUNDERS = (("CDC", "cdc_cents"), ("STATE", "state_cents"))


class Oracle:
    """The ledger of one partition, as a patient clerk would keep it."""

    def __init__(self) -> None:
        self.authorised: dict[str, int] = {}
        self.book: dict[str, dict[str, Json]] = {}  # by contract, then by commitment
        self.decisions: list[Json] = []
        self.turn = 0

    def tell(self, steps: Iterable[Json]) -> "Oracle":
        """Take the steps in."""
        for step in steps:
            self.turn += 1
            if "open" in step:
                self.authorised.setdefault(step["open"], step["amount_cents"])
                continue
            for ordinal, decision in enumerate(self._answers(step["type"], step["value"])):
                identity = {"id": str(uuid5(UUID(step["id"]), str(ordinal))), "cause": step["id"]}
                self.decisions.append(identity | decision)
        return self

    def _answers(self, kind: str, value: Json) -> Iterator[Json]:
        contract, known = value["contract"], self.book.setdefault(value["contract"], {}).get(value["commitment_id"])
        if kind == "CommitmentDeclared":
            yield self._declared(value) if known is None else _refused(kind, value, known, "already-declared")
        elif known is None:
            yield _refused(kind, value, None, "commitment-unknown")
        elif kind not in ("CommitmentAmended", "CommitmentWithdrawn"):
            held = {"movement": kind, "reason": "not-decided-yet"}
            yield _said("MovementHeld", value, known["exercise"]) | held
        elif known["state"] not in ("reserved", "waitlisted"):
            yield _refused(kind, value, known, "not-standing")
        else:
            yield self._amended(value, known) if kind == "CommitmentAmended" else self._released(value, known)
            yield from self._promoted(contract, known["exercise"])

    def _declared(self, value: Json) -> Json:
        wanted = _asks(value, value["exercise"])
        state, more = "refused", {}
        if any(envelope not in self.authorised for envelope in wanted):
            more = {"reason": "envelope-unknown"}
        elif any(cents > self.authorised[envelope] for envelope, cents in wanted.items()):
            more = {"reason": "exceeds-authorised"}
        elif all(cents <= self.room(e) and not self.waiting_for(e) for e, cents in wanted.items()):
            state = "reserved"
        else:
            state = "waitlisted"
        self.book[value["contract"]][value["commitment_id"]] = {
            "commitment_id": value["commitment_id"], "contract": value["contract"], "exercise": value["exercise"],
            "asks": wanted, "cost_cents": value["cost_cents"], "priority": value.get("priority", 5),
            "place": self.turn, "state": state,
        }  # fmt: skip
        return _said(f"Allocation{state.capitalize()}", value, value["exercise"], wanted, _moves(state, wanted)) | more

    def _amended(self, value: Json, known: Json) -> Json:
        wanted, before = _asks(value, known["exercise"]), known["asks"]
        if any(envelope not in self.authorised for envelope in wanted):
            return _refused("CommitmentAmended", value, known, "envelope-unknown")
        if any(cents > self.authorised[envelope] for envelope, cents in wanted.items()):
            return _refused("CommitmentAmended", value, known, "exceeds-authorised")
        if known["state"] == "reserved":
            if any(cents > self.room(envelope) + before.get(envelope, 0) for envelope, cents in wanted.items()):
                return _refused("CommitmentAmended", value, known, "no-room")
        elif any(cents > before.get(envelope, 0) for envelope, cents in wanted.items()):
            known["place"] = self.turn
        known["asks"], known["cost_cents"] = wanted, value["cost_cents"]
        moves = _net(_moves(known["state"], before, -1), _moves(known["state"], wanted))
        previous = {f"previous_{field}": cents for field, cents in _amounts(before).items()}
        said = _said("AllocationAmended", value, known["exercise"], wanted, moves)
        return said | previous | {"standing": known["state"]}

    def _released(self, value: Json, known: Json) -> Json:
        standing, known["state"] = known["state"], "released"
        moves = _moves(standing, known["asks"], -1)
        return _said("AllocationReleased", value, known["exercise"], known["asks"], moves) | {"standing": standing}

    def _promoted(self, contract: str, exercise: int) -> Iterator[Json]:
        closed: set[str] = set()
        for waiting in self.waitlist(contract, exercise):
            wanted = waiting["asks"]
            if closed & wanted.keys() or any(cents > self.room(envelope) for envelope, cents in wanted.items()):
                closed |= wanted.keys()
                continue
            waiting["state"] = "reserved"
            moves = _net(_moves("waitlisted", wanted, -1), _moves("reserved", wanted))
            yield _said("AllocationPromoted", waiting, exercise, wanted, moves)

    def _standing(self, envelope: str, state: str) -> list[int]:
        everyone = self.book.get(envelope.partition(".")[0], {}).values()
        return [c["asks"][envelope] for c in everyone if c["state"] == state and envelope in c["asks"]]

    def room(self, envelope: str) -> int:
        """What may still be reserved, counted again."""
        return self.authorised[envelope] - sum(self._standing(envelope, "reserved"))

    def waiting_for(self, envelope: str) -> int:
        """How many commitments wait for it."""
        return len(self._standing(envelope, "waitlisted"))

    def waitlist(self, contract: str, exercise: int) -> list[Json]:
        """Who waits, in order."""
        everyone = self.book.get(contract, {}).values()
        waiting = [c for c in everyone if c["state"] == "waitlisted" and c["exercise"] == exercise]
        return sorted(waiting, key=lambda c: (c["priority"], c["place"]))

    def balances(self) -> dict[str, Json]:
        """Each envelope, whole."""
        return {
            envelope: {
                "authorised_cents": authorised, "reserved_cents": sum(self._standing(envelope, "reserved")),
                "waitlisted_cents": sum(self._standing(envelope, "waitlisted")),
                "waiting_count": self.waiting_for(envelope),
            }
            for envelope, authorised in self.authorised.items()
        }  # fmt: skip

    def commitments(self) -> dict[str, Json]:
        """Each commitment: its state, its amounts and its cost."""
        return {
            c["commitment_id"]: _amounts(c["asks"])
            | {name: c[name] for name in ("contract", "exercise", "state", "cost_cents", "priority")}
            for commitments in self.book.values()
            for c in commitments.values()
        }


def _asks(terms: Json, exercise: int) -> dict[str, int]:
    return {f"{terms['contract']}.{f}.{exercise}": terms[field] for f, field in FUNDERS if terms.get(field)}


def _amounts(asks: dict[str, int]) -> dict[str, int]:
    return {field: sum(c for name, c in asks.items() if name.split(".")[1] == f) for f, field in FUNDERS}


def _said(kind: str, value: Json, exercise: int | None, asks: dict[str, int] | None = None, moves: Any = None) -> Json:
    about = {"commitment_id": value["commitment_id"], "contract": value["contract"], "exercise": exercise}
    return {"type": kind, "moves": moves or {}} | about | _amounts(asks or {})


def _refused(kind: str, value: Json, known: Json | None, reason: str) -> Json:
    exercise = None if known is None else known["exercise"]
    return _said("MovementRefused", value, exercise) | {"movement": kind, "reason": reason}


def _moves(state: str, asks: dict[str, int], sign: int = 1) -> dict[tuple[str, str], int]:
    """What a decision adds to (envelope, "reserved" or "waitlisted")."""
    return {} if state == "refused" else {(envelope, state): sign * cents for envelope, cents in asks.items()}


def _net(*moves: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    keys = {key for each in moves for key in each}
    return {key: total for key in keys if (total := sum(each.get(key, 0) for each in moves))}
