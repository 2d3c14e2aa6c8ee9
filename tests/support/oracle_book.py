"""What the oracle keeps, counted again each time it is asked, and how it says a fact: sections 1 and 4 of the rulebook.

Only what cannot be counted is kept: of an envelope what managers decided, of a commitment what was asked and done. Each
answer is a plain dictionary; `postings` are (envelope, credited account, debited account, cents).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
Amounts = dict[str, int]
Posting = tuple[str, str, str, int]
FUNDERS = {"CDC": "cdc_cents", "STATE": "state_cents"}
STANDING = ("reserved", "engaged")
"""The states in which something may be reserved."""
GRANTED, GIVEN_BACK = ("available", "reserved"), ("reserved", "available")
QUEUED, UNQUEUED = ("demand", "waitlisted"), ("waitlisted", "demand")


class Refused(Exception):
    """An event or a command is refused, for a reason; of a command, with the commitments that stand in the way."""

    def __init__(self, reason: str, commitments: Iterable[str] | None = None) -> None:
        super().__init__(reason)
        self.commitments = None if commitments is None else sorted(commitments)


class Held(Exception):
    """An event waits, for a reason."""


def refused_if(wrong: bool, reason: str) -> None:
    """Refuse."""
    if wrong:
        raise Refused(reason)


def held_if(early: bool, reason: str) -> None:
    """Hold."""
    if early:
        raise Held(reason)


class Book:
    """Envelopes by their name, commitments by contract and id."""

    def __init__(self) -> None:
        self.envelopes: dict[str, Json] = {}
        self.contracts: dict[str, dict[str, Json]] = {}
        self.rules: dict[tuple[str, int], list[Json]] = {}  # all versions, the one in force last

    def rules_for(self, commitment: Json) -> Json | None:
        """The rules in force for a commitment; None when there are none."""
        versions = self.rules.get((commitment["contract"], commitment["exercise"]))
        return versions[-1] if versions else None

    def version(self, commitment: Json) -> Json:
        """How a fact says by which rules it was decided: not at all when there are none."""
        versions = self.rules.get((commitment["contract"], commitment["exercise"]))
        return {"rules_version": len(versions)} if versions else {}

    def _of(self, envelope: str) -> Iterator[tuple[Json, str]]:
        contract, funder, exercise = envelope.split(".")
        year, everyone = int(exercise), self.contracts.get(contract, {}).values()
        return ((commitment, funder) for commitment in everyone if commitment["exercise"] == year)

    def reserved(self, envelope: str) -> int:
        """Promised to commitments, not engaged yet."""
        return sum(promised(c, f) for c, f in self._of(envelope) if c["state"] in STANDING and f not in c["waits"])

    def engaged(self, envelope: str) -> int:
        """Engaged, and not given up since."""
        return sum(c["engaged"][funder] for c, funder in self._of(envelope))

    def lapsed(self, envelope: str) -> int:
        """Given up too late to serve again."""
        return sum(c["lapsed"][funder] for c, funder in self._of(envelope))

    def room(self, envelope: str) -> int:
        """What may still be reserved."""
        kept = self.envelopes[envelope]
        used = sum(
            c["lapsed"][funder]
            + c["asked" if c["state"] in STANDING and funder not in c["waits"] else "engaged"][funder]
            for c, funder in self._of(envelope)
        )
        return int(kept["authorised"] - kept["frozen"] - used)

    def waiting(self, envelope: str) -> list[int]:
        """What each one who waits asks of it."""
        return [promised(c, f) for c, f in self._of(envelope) if f in c["waits"] and promised(c, f)]

    def paid(self, envelope: str) -> int:
        """Paid out of it, net of returns, by commitments of any exercise."""
        contract, funder, exercise = envelope.split(".")
        return sum(c["paid"][funder].get(int(exercise), 0) for c in self.contracts.get(contract, {}).values())

    def payable(self, envelope: str) -> int | None:
        """What may still be paid; None is without limit."""
        kept = self.envelopes[envelope]
        if kept["payment"] is None:
            return None
        return int(kept["payment"] - kept["payment_frozen"] - self.paid(envelope))

    def has_payment_credits(self, envelope: str) -> bool:
        """Whether it exists and has some, be it 0."""
        return envelope in self.envelopes and self.envelopes[envelope]["payment"] is not None

    def waitlist(self, contract: str, exercise: int) -> list[Json]:
        """Who waits, in order."""
        everyone = self.contracts.get(contract, {}).values()
        waiting = [c for c in everyone if c["waits"] and c["exercise"] == exercise]
        order = self._says(contract, exercise, "order")
        if order == "score":
            return sorted(waiting, key=lambda c: (-1 if c["score"] is None else c["score"], -c["place"]), reverse=True)
        return sorted(waiting, key=lambda c: (0 if order == "first-come" else c["priority"], c["place"]))

    def skips(self, contract: str, exercise: int) -> bool:
        """Whether who does not fit closes nothing to those behind it."""
        return self._says(contract, exercise, "waitlist") == "skip"

    def each(self, contract: str, exercise: int) -> bool:
        """Whether each funder decides on its own."""
        return self._says(contract, exercise, "funders") == "each"

    def _says(self, contract: str, exercise: int, word: str) -> Any:
        versions = self.rules.get((contract, exercise))
        return versions[-1].get(word) if versions else None

    def promoted(self, contract: str, exercise: int) -> Iterator[Json]:
        """Serve the waitlist from its head; who does not fit closes what it asks to all behind it."""
        closed: set[str] = set()
        for waiting in self.waitlist(contract, exercise):
            parts = {f: promised(waiting, f) for f in FUNDERS if f in waiting["waits"] and promised(waiting, f)}
            fit = {f: n for f, n in parts.items() if (e := name(waiting, f)) not in closed and n <= self.room(e)}
            if fit != parts:
                fit = fit if self.each(contract, exercise) else {}
                if not self.skips(contract, exercise):
                    closed |= {name(waiting, f) for f in parts if f not in fit}
                if not fit:
                    continue
            waiting["waits"] -= fit.keys() if fit != parts else set(FUNDERS)
            waiting["state"] = "reserved" if waiting["state"] == "waitlisted" else waiting["state"]
            postings = posted(waiting, UNQUEUED, GRANTED, amounts=fit)
            yield said("AllocationPromoted", waiting, fit, postings, **self.version(waiting))

    def balances(self) -> dict[str, Json]:
        """Each envelope, whole."""
        return {
            envelope: {
                "authorised_cents": kept["authorised"], "frozen_cents": kept["frozen"],
                "reserved_cents": self.reserved(envelope), "engaged_cents": self.engaged(envelope),
                "lapsed_cents": self.lapsed(envelope), "room_cents": self.room(envelope),
                "waitlisted_cents": sum(self.waiting(envelope)), "waiting_count": len(self.waiting(envelope)),
                "payment_cents": kept["payment"], "payment_frozen_cents": kept["payment_frozen"],
                "paid_cents": self.paid(envelope), "payable_cents": self.payable(envelope), "closed": kept["closed"],
            }
            for envelope, kept in self.envelopes.items()
        }  # fmt: skip

    def commitments(self) -> dict[str, Json]:
        """Each commitment: its state and, for each funder, what was asked, engaged, certified and paid."""
        return {
            c["commitment_id"]: _by_field(c["asked"])
            | {name: c[name] for name in ("contract", "exercise", "state", "cost_cents", "priority", "score")}
            | {name: dict(c[name]) for name in ("engaged", "certified", "lapsed")}
            | {"paid": {f: {year: n for year, n in sorted(each.items()) if n} for f, each in c["paid"].items()}}
            for commitments in self.contracts.values()
            for c in commitments.values()
        }


def name(commitment: Json, funder: str, exercise: int | None = None) -> str:
    """The envelope of a funder: the commitment's own, or another exercise's."""
    return f"{commitment['contract']}.{funder}.{commitment['exercise'] if exercise is None else exercise}"


def asks(commitment: Json) -> Amounts:
    """What it asks, by envelope."""
    return {name(commitment, funder): cents for funder, cents in commitment["asked"].items() if cents}


def promised(commitment: Json, funder: str) -> int:
    """Asked and not engaged."""
    return int(commitment["asked"][funder] - commitment["engaged"][funder])


def posted(commitment: Json, *moves: tuple[str, str], amounts: Amounts | None = None) -> list[Posting]:
    """The postings of moves between accounts of the commitment's own envelopes: each move for both funders."""
    cents = commitment["asked"] if amounts is None else amounts
    return [(name(commitment, f), credit, debit, cents[f]) for credit, debit in moves for f in FUNDERS if cents.get(f)]


def mixed(known: Json) -> set[str]:
    """The part that waits of one whose other part does not."""
    waits = {f for f in known["waits"] if promised(known, f)}
    return set() if known["state"] == "waitlisted" else waits


def settle(known: Json) -> None:
    """Who has nothing reserved or engaged waits whole; who has nothing that waits is mixed no more."""
    if known["state"] == "waitlisted":
        return
    known["waits"] = mixed(known)
    if (
        known["state"] == "reserved"
        and known["waits"]
        and all(f in known["waits"] for f in FUNDERS if promised(known, f))
    ):
        known["state"], known["waits"] = "waitlisted", set(FUNDERS)


def amended(known: Json, after: Amounts) -> Iterator[Json]:
    """It asks this from now on: the difference alone is posted, as it stands, by a fact for each standing."""
    before, waits = known["asked"], mixed(known)
    known["asked"] = after
    if not waits:
        yield _changed(known, before, after, stands(known))
        return
    between = {f: (after if f in waits else before)[f] for f in FUNDERS}
    known["asked"] = after
    settle(known)
    if between != before:
        yield _changed(known, before, between, "waitlisted")
    if after != between or after == before:
        yield _changed(known, between, after, "reserved")


def _changed(known: Json, before: Amounts, after: Amounts, standing: str) -> Json:
    credit, debit = QUEUED if standing == "waitlisted" else GRANTED
    grown = {funder: after[funder] - before[funder] for funder in FUNDERS}
    postings = [
        (name(known, f), *((credit, debit) if cents > 0 else (debit, credit)), abs(cents))
        for f, cents in grown.items()
        if cents
    ]
    previous = {f"previous_{field}": before[funder] for funder, field in FUNDERS.items()}
    return said("AllocationAmended", known, after, postings, standing=standing, **previous)


def stands(known: Json) -> str:
    """Where what is promised stands: of an engaged commitment it is reserved."""
    return "waitlisted" if known["state"] == "waitlisted" else "reserved"


def ended(kind: str, state: str, known: Json) -> Iterator[Json]:
    """It stands no more: what was promised goes back to where it came from, a part that waits before the rest."""
    if waits := mixed(known):
        yield from amended(known, {f: known["engaged" if f in waits else "asked"][f] for f in FUNDERS})
    standing, known["state"], known["waits"] = stands(known), state, set()
    given_back = UNQUEUED if standing == "waitlisted" else GIVEN_BACK
    left = {funder: promised(known, funder) for funder in FUNDERS}
    if state == "closed":
        known["asked"] = dict(known["engaged"])
    yield said(kind, known, left, posted(known, given_back, amounts=left), standing=standing)


def said(kind: str, about: Json, amounts: Amounts | None = None, postings: Iterable[Posting] = (), **more: Any) -> Json:
    """A fact about a commitment."""
    postings = list(postings)
    return {
        "type": kind, "commitment_id": about["commitment_id"], "contract": about["contract"],
        "exercise": about["exercise"], "moves": _moves(postings), "postings": postings,
    } | _by_field(amounts or {}) | more  # fmt: skip


def _by_field(amounts: Amounts) -> Amounts:
    return {field: amounts.get(funder, 0) for funder, field in FUNDERS.items()}


def _moves(postings: list[Posting]) -> dict[tuple[str, str], int]:
    """What postings add to what is reserved and to what waits."""
    moves: Counter[tuple[str, str]] = Counter()
    for envelope, credit, debit, cents in postings:
        moves[envelope, credit] -= cents
        moves[envelope, debit] += cents
    return {key: cents for key, cents in moves.items() if cents and key[1] in ("reserved", "waitlisted")}
