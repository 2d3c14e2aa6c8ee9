"""What managers command, section 3 of the rulebook: checks in their order, then what is announced.

A command is `{"command": <uuid>, "kind": …, "envelope": …, "amount_cents": …, "payment_cents": …}`; `to` is the
receiver of a transfer or a carry-over, `displace` says to send back the commitments that stand in the way.
"""

from collections.abc import Iterator

from tests.support.oracle_book import (
    FUNDERS,
    GIVEN_BACK,
    QUEUED,
    STANDING,
    Book,
    Json,
    Refused,
    amended,
    asks,
    ended,
    name,
    posted,
    promised,
    refused_if,
    said,
    settle,
)

WITH_RECEIVER = ("transfer", "carry-over")
GIVES = ("reduce", "freeze", "transfer", "carry-over")
RAISED, LOWERED = ("voted", "available"), ("available", "voted")
SIMPLE = {
    "increase": ("EnvelopeIncreased", RAISED), "reduce": ("EnvelopeReduced", LOWERED),
    "freeze": ("EnvelopeFrozen", ("available", "frozen")), "unfreeze": ("EnvelopeUnfrozen", ("frozen", "available")),
}  # fmt: skip
Both = tuple[int, int]
"""An amount, and an amount of payment credits."""


def opened(book: Book, step: Json) -> list[Json]:
    """Open an envelope; it may be empty."""
    envelope, amount, payment = step["open"], step["amount_cents"], step.get("payment_cents")
    refused_if(envelope in book.envelopes, "envelope-exists")
    book.envelopes[envelope] = {
        "authorised": 0, "frozen": 0, "payment": None if payment is None else 0, "payment_first": payment,
        "payment_frozen": 0, "carried_over": 0, "closed": False,
    }  # fmt: skip
    return [_moved(book, "EnvelopeOpened", envelope, RAISED, (amount, payment or 0))]


def commanded(book: Book, step: Json) -> Iterator[Json]:
    """Obey a command, or raise Refused before anything changed."""
    _check(book, step)
    return _obeyed(book, step)


def scored(book: Book, step: Json) -> list[Json]:
    """Keep what a committee thinks of a commitment; who waits is served by the order that is in force."""
    known = book.contracts.get(step["contract"], {}).get(step["commitment_id"])
    if known is None:
        raise Refused("commitment-unknown")
    refused_if(known["state"] in ("refused", "released", "closed"), "not-standing")
    known["score"] = step["score"]
    return list(book.promoted(known["contract"], known["exercise"]))


def _check(book: Book, step: Json) -> None:
    kind, giver, (amount, payment) = _read(step)
    concerned = [giver, step["to"]] if kind in WITH_RECEIVER else [giver]
    if kind in WITH_RECEIVER:
        _check_pair(kind, giver, step["to"])
    for envelope in concerned:
        refused_if(envelope not in book.envelopes, "envelope-unknown")
    for envelope in concerned:
        refused_if(book.envelopes[envelope]["closed"], "envelope-closed")
    if kind == "close":
        if in_the_way := _in_the_way(book, giver):
            _refuse_unless(bool(step.get("displace")), in_the_way, "envelope-in-use")
        return
    refused_if(not amount and not payment, "no-amount")
    for envelope in concerned:
        refused_if(payment > 0 and not book.has_payment_credits(envelope), "no-payment-credits")
    kept, payable = book.envelopes[giver], book.payable(giver)
    if kind == "carry-over":
        limit = (kept["payment_first"] or 0) * 3 // 100
        refused_if(payment > 0 and kept["carried_over"] + payment > limit, "carry-over-limit")
    if kind == "unfreeze":
        refused_if(amount > kept["frozen"] or payment > kept["payment_frozen"], "not-frozen")
    if kind in GIVES:
        refused_if(payable is not None and payment > payable, "payment-exceeds-payable")
        could = _could_go_back(book, giver)
        most = book.room(giver) + sum(asks(c)[giver] for c in could if step.get("displace"))
        _refuse_unless(amount <= most, could, "no-room")


def _check_pair(kind: str, giver: str, receiver: str) -> None:
    (contract, funder, exercise), (its_contract, its_funder, its_exercise) = giver.split("."), receiver.split(".")
    refused_if(giver == receiver, "same-envelope")
    alike = exercise == its_exercise if kind == "transfer" else contract == its_contract
    refused_if(funder != its_funder or not alike, "not-the-same-funder")
    refused_if(kind == "carry-over" and int(its_exercise) != int(exercise) + 1, "not-the-next-exercise")


def _refuse_unless(enough: bool, commitments: list[Json], reason: str) -> None:
    if not enough:
        raise Refused(reason, [c["commitment_id"] for c in commitments])


def _obeyed(book: Book, step: Json) -> Iterator[Json]:
    kind, giver, both = _read(step)
    if kind in GIVES:
        yield from _sent_back(book, giver, both[0])
    if kind == "close":
        yield from _closed(book, giver)
    elif kind == "transfer":
        yield _moved(book, "EnvelopeTransferred", giver, LOWERED, both) | {"to_envelope_id": step["to"]}
        yield _moved(book, "EnvelopeReceived", step["to"], RAISED, both) | {"from_envelope_id": giver}
    elif kind == "carry-over":
        book.envelopes[giver]["carried_over"] += both[1]
        given = _moved(book, "EnvelopeCarriedOver", giver, LOWERED, both)
        received = _moved(book, "EnvelopeCarriedOver", step["to"], RAISED, both) | {"from_envelope_id": giver}
        yield received | {"postings": given["postings"] + received["postings"]}
    else:
        fact, move = SIMPLE[kind]
        yield _moved(book, fact, giver, move, both)
    if step.get("displace") or kind in ("increase", "unfreeze"):
        yield from _promoted(book, giver)
    if kind in WITH_RECEIVER:
        yield from _promoted(book, step["to"])


def _closed(book: Book, envelope: str) -> Iterator[Json]:
    for each in _in_the_way(book, envelope):
        if each["state"] == "engaged":
            funder = envelope.split(".")[1]
            yield from amended(each, each["asked"] | {funder: each["engaged"][funder]})
        elif _each(book, each) and any(asks(each).keys() - {envelope}):
            yield from amended(each, each["asked"] | {envelope.split(".")[1]: 0})
        else:
            yield from ended("AllocationReleased", "released", each)
    kept = book.envelopes[envelope]
    if kept["frozen"] or kept["payment_frozen"]:
        fact, move = SIMPLE["unfreeze"]
        yield _moved(book, fact, envelope, move, (kept["frozen"], kept["payment_frozen"]))
    yield _moved(book, "EnvelopeClosed", envelope, LOWERED, (book.room(envelope), book.payable(envelope) or 0))
    kept["closed"] = True


def _sent_back(book: Book, envelope: str, amount: int) -> Iterator[Json]:
    """Send commitments back, last in first out, until the room suffices."""
    for each in _could_go_back(book, envelope):
        if book.room(envelope) >= amount:
            return
        reserved = {f: promised(each, f) for f in FUNDERS if f not in each["waits"]}
        if _each(book, each):
            reserved = {f: cents for f, cents in reserved.items() if name(each, f) == envelope}
        each["waits"] |= {f for f, cents in reserved.items() if cents}
        settle(each)
        yield said("AllocationDisplaced", each, reserved, posted(each, GIVEN_BACK, QUEUED, amounts=reserved))


def _each(book: Book, commitment: Json) -> bool:
    return book.each(commitment["contract"], commitment["exercise"])


def _who_asks(book: Book, envelope: str) -> list[Json]:
    """Who asks something of it, last in first."""
    everyone = book.contracts.get(envelope.split(".", maxsplit=1)[0], {}).values()
    return sorted((c for c in everyone if envelope in asks(c)), key=lambda c: -c["place"])


def _could_go_back(book: Book, envelope: str) -> list[Json]:
    funder = envelope.split(".")[1]
    return [c for c in _who_asks(book, envelope) if c["state"] == "reserved" and funder not in c["waits"]]


def _in_the_way(book: Book, envelope: str) -> list[Json]:
    """Who keeps it from being closed."""
    funder = envelope.split(".")[1]
    everyone = [c for c in _who_asks(book, envelope) if c["state"] in ("waitlisted", *STANDING)]
    return [c for c in everyone if promised(c, funder)]


def _promoted(book: Book, envelope: str) -> Iterator[Json]:
    contract, _, exercise = envelope.split(".")
    return book.promoted(contract, int(exercise))


def _read(step: Json) -> tuple[str, str, Both]:
    return step["kind"], step["envelope"], (step.get("amount_cents") or 0, step.get("payment_cents") or 0)


def _moved(book: Book, fact: str, envelope: str, move: tuple[str, str], both: Both) -> Json:
    """Move both amounts, and say it; the payment said is None where there are no payment credits."""
    kept, (credit, debit), (amount, payment) = book.envelopes[envelope], move, both
    has_credits = kept["payment"] is not None
    sign = 1 if credit in ("voted", "frozen") else -1
    if "frozen" in move:
        kept["frozen"] -= sign * amount
        kept["payment_frozen"] -= sign * payment
    else:
        kept["authorised"] += sign * amount
        kept["payment"] = kept["payment"] + sign * payment if has_credits else None
    lines = [(envelope, credit, debit, amount), (envelope, f"payment-{credit}", f"payment-{debit}", payment)]
    return {
        "type": fact, "envelope_id": envelope, "amount_cents": amount,
        "payment_cents": payment if has_credits else 0, "moves": {}, "postings": [line for line in lines if line[3]],
    }  # fmt: skip
