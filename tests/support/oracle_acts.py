"""What may be done with a commitment that was declared, a row of section 2 of the rulebook each: checks, then answers.

Each takes the book, the event's value, the commitment and the present place in the line.
"""

from collections.abc import Callable, Iterator
from datetime import date

from tests.support.oracle_book import (
    FUNDERS,
    Book,
    Json,
    amended,
    ended,
    held_if,
    name,
    promised,
    refused_if,
    said,
)
from tests.support.oracle_rules import judge_amendment


def _amended(book: Book, value: Json, known: Json, turn: int) -> Iterator[Json]:
    after = {funder: value.get(field) or 0 for funder, field in FUNDERS.items()}
    growth = {name(known, funder): after[funder] - known["asked"][funder] for funder in FUNDERS if after[funder]}
    waits = {name(known, funder) for funder in known["waits"]}
    refused_if(any(after[funder] < known["engaged"][funder] for funder in FUNDERS), "below-engaged")
    refused_if(any(envelope not in book.envelopes for envelope in growth), "envelope-unknown")
    refused_if(any(more > 0 and book.envelopes[e]["closed"] for e, more in growth.items()), "envelope-closed")
    judge_amendment(book, known, after, value["cost_cents"])
    whole = {funder: book.envelopes[name(known, funder)]["authorised"] for funder in FUNDERS if after[funder]}
    refused_if(any(after[funder] > authorised for funder, authorised in whole.items()), "exceeds-authorised")
    refused_if(any(more > book.room(e) for e, more in growth.items() if e not in waits), "no-room")
    if any(more > 0 for envelope, more in growth.items() if envelope in waits):
        known["place"] = turn
    known["cost_cents"] = value["cost_cents"]
    yield from amended(known, after)
    yield from book.promoted(known["contract"], known["exercise"])


def _withdrawn(book: Book, _: Json, known: Json, __: int) -> Iterator[Json]:
    refused_if(known["state"] == "engaged", "already-engaged")
    yield from ended("AllocationReleased", "released", known)
    yield from book.promoted(known["contract"], known["exercise"])


def _engaged(_: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    funder, cents = value["funder"], value["amount_cents"]
    refused_if(value["exercise"] != known["exercise"], "wrong-exercise")
    refused_if(cents > promised(known, funder), "exceeds-reserved")
    held_if(funder in known["waits"], "waits-for-room")
    known["engaged"][funder] += cents
    known["state"] = "engaged"
    posting = (name(known, funder), "reserved", "engaged", cents)
    yield said("AllocationEngaged", known, {funder: cents}, [posting], funder=funder)


def _certified(_: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    funder, cents = value["funder"], value["amount_cents"]
    _within_engaged(known, funder, cents, known["engaged"][funder] - known["certified"][funder])
    known["certified"][funder] += cents
    yield said("CertificationRecorded", known, {funder: cents}, funder=funder)


def _paid(book: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    funder, cents, paid = value["funder"], value["amount_cents"], _paid_in_all(known, value["funder"])
    refused_if(value["exercise"] < known["exercise"], "wrong-exercise")
    _within_engaged(known, funder, cents, known["engaged"][funder] - paid)
    held_if(value["kind"] == "balance" and cents > known["certified"][funder] - paid, "not-certified")
    year, envelope = _credits(book, value, known)
    if _has_payment_credits(book, known, funder):
        refused_if(not book.has_payment_credits(envelope), "envelope-unknown")
        refused_if(book.envelopes[envelope]["closed"], "envelope-closed")
        payable = book.payable(envelope)
        held_if(payable is not None and cents > payable, "no-payment-credits")
    known["paid"][funder][year] = known["paid"][funder].get(year, 0) + cents
    yield _money(book, "PaymentRecorded", value, known, paid=True) | {"kind": value["kind"]}


def _returned(book: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    funder, cents = value["funder"], value["amount_cents"]
    year, _ = _credits(book, value, known)
    missing = cents - known["paid"][funder].get(year, 0)
    may_be_paid_yet = known["asked"][funder] - _paid_in_all(known, funder)
    held_if(missing > 0 and known["state"] != "closed" and missing <= may_be_paid_yet, "not-paid")
    refused_if(missing > 0, "exceeds-paid")
    all_was_paid = known["certified"][funder] <= _paid_in_all(known, funder)
    known["paid"][funder][year] -= cents
    if all_was_paid:
        known["certified"][funder] = min(known["certified"][funder], _paid_in_all(known, funder))
    yield _money(book, "PaymentReturnRecorded", value, known, paid=False)


def _decommitted(book: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    funder, cents = value["funder"], value["amount_cents"]
    refused_if(value["exercise"] < known["exercise"], "wrong-exercise")
    used = max(known["certified"][funder], _paid_in_all(known, funder))
    _within_engaged(known, funder, cents, known["engaged"][funder] - used)
    same_exercise = value["exercise"] == known["exercise"]
    given_up = _given_up(book, known, funder, cents, same_exercise=same_exercise)
    yield given_up
    if given_up["same_exercise"]:
        yield from book.promoted(known["contract"], known["exercise"])


def _closed(book: Book, value: Json, known: Json, __: int) -> Iterator[Json]:
    held_if(any(known["certified"][funder] > _paid_in_all(known, funder) for funder in FUNDERS), "not-paid")
    same_exercise = date.fromisoformat(value["occurred_on"]).year == known["exercise"]
    for funder in FUNDERS:
        left = known["engaged"][funder] - _paid_in_all(known, funder)
        if left:
            yield _given_up(book, known, funder, left, same_exercise=same_exercise)
    yield from ended("AllocationClosed", "closed", known)
    yield from book.promoted(known["contract"], known["exercise"])


def _within_engaged(known: Json, funder: str, cents: int, left: int) -> None:
    """Hold what is more than is left of engaged if what is promised would cover it, else refuse it."""
    held_if(left < cents <= left + promised(known, funder), "not-engaged")
    refused_if(cents > left, "exceeds-engaged")


def _paid_in_all(known: Json, funder: str) -> int:
    return sum(known["paid"][funder].values())


def _has_payment_credits(book: Book, known: Json, funder: str) -> bool:
    return book.has_payment_credits(name(known, funder))


def _credits(book: Book, value: Json, known: Json) -> tuple[int, str]:
    """The year and the envelope whose credits an act of payment is about."""
    funder = value["funder"]
    year = value["exercise"] if _has_payment_credits(book, known, funder) else known["exercise"]
    return year, name(known, funder, year)


def _money(book: Book, kind: str, value: Json, known: Json, *, paid: bool) -> Json:
    """A payment or a return, and from where or to where it went."""
    funder, cents = value["funder"], value["amount_cents"]
    year, envelope = _credits(book, value, known)
    has_credits = _has_payment_credits(book, known, funder)
    source = "payment-available" if has_credits else "treasury"
    posting = (envelope, source, "paid", cents) if paid else (envelope, "paid", source, cents)
    more = {"funder": funder, "credit_exercise": year, "from_payment_credits": has_credits}
    return said(kind, known, {funder: cents}, [posting], **more)


def _given_up(book: Book, known: Json, funder: str, cents: int, *, same_exercise: bool) -> Json:
    same_exercise = same_exercise and not book.envelopes[name(known, funder)]["closed"]
    known["engaged"][funder] -= cents
    known["asked"][funder] -= cents
    if not same_exercise:
        known["lapsed"][funder] += cents
    posting = (name(known, funder), "engaged", "available" if same_exercise else "lapsed", cents)
    return said("AllocationDecommitted", known, {funder: cents}, [posting], funder=funder, same_exercise=same_exercise)


ACTS: dict[str, Callable[[Book, Json, Json, int], Iterator[Json]]] = {
    "CommitmentAmended": _amended, "CommitmentWithdrawn": _withdrawn, "CommitmentEngaged": _engaged,
    "ServiceCertified": _certified, "PaymentMade": _paid, "PaymentReturned": _returned,
    "CommitmentDecommitted": _decommitted, "CommitmentClosed": _closed,
}  # fmt: skip
