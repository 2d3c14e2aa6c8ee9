"""Reads the tables of life_tables.py: what is told, what is answered, what is posted, and how things stand.

Amounts are euros, `60`, `60.50` or `136_363.64`; two with a plus are the CDC's and the State's. `CDC` is the envelope
of the CDC for CV219 in 2016, `STATE.2017` another year's, `CV221.CDC` another contract's. A line of a table is one of:

    open STATE 100 payments 40                  an envelope with payment credits, and without `payments` one without
    declare A 60+20 [in 2017] [priority 1] [at CV221]
    amend A 50+20 · withdraw A · close A [in 2017]
    engage A CDC 60 · certify A CDC 30 · decommit A CDC 10 · return A STATE 10         of 2016, or `in 2017`
    advance A STATE 10 · instalment A STATE 10 · balance A STATE 10                    the three kinds of payments
    declare A 60+20 costing 100 for X on 2016-03-01     of a cost, for a beneficiary, on a day; amend A 5+2 costing 9
    rules [in 2017] [at CV221] project 50, public 80    in force from here; with what they decide `(rules 1)` is said
    increase CDC 10 [payments 5] · reduce · freeze · unfreeze · close envelope CDC     by a manager, who may add
    score A 80 [at CV221] · score A none                what a committee thinks of it, or no longer does
    transfer CDC 10 to CV221.CDC · carry-over STATE 10 payments 1 to STATE.2017        `sending back`
    … -> first answer; second answer            on one line, or each on its own after `->` or `and`; or `-> nothing`
    : CDC available > reserved 60; …            all that the line above posts, in order, on one line or several
    = STATE room 30, waitlisted 20, waiting 1   how an envelope stands: only what is named is looked at
    = A engaged, asked 60+20, paid in 2017 0+5  how a commitment stands
    = held engage A: waits-for-room; …          all the movements that are held, in order; or `= held nothing`
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.commitment_events import Json, event, named

FUNDERS = ("CDC", "STATE")
ACTS = {
    "engage": "CommitmentEngaged", "certify": "ServiceCertified", "advance": "PaymentMade", "instalment": "PaymentMade",
    "balance": "PaymentMade", "return": "PaymentReturned", "decommit": "CommitmentDecommitted",
}  # fmt: skip
WORDS = ("in", "priority", "at", "payments", "to", "costing", "for", "on")
RULES = {
    "project": "cap_per_project_cents", "beneficiary": "cap_per_beneficiary_cents", "cdc": "cdc_share_max",
    "right": "right_cents", "state": "state_share_max", "public": "public_aid_max",
    "from": "eligible_from", "until": "eligible_until", "waitlist": "waitlist", "order": "order", "funders": "funders",
}  # fmt: skip
COMMANDS = ("increase", "reduce", "freeze", "unfreeze", "transfer", "carry-over")


@dataclass
class Line:
    """One step of a table and what must be seen after it."""

    text: str
    step: Json
    answers: list[str] = field(default_factory=list)
    postings: list[tuple[str, str, str, int]] = field(default_factory=list)
    envelopes: dict[str, Json] = field(default_factory=dict)
    commitments: dict[str, Json] = field(default_factory=dict)
    held: list[tuple[str, str]] | None = None


@dataclass
class Table:
    """A table, and how people call what has an id in it: `A`, `engage A`."""

    lines: list[Line] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Table:
    """Read a whole table."""
    table = Table()
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        if line.startswith(("and ", "-> ")):
            last = table.lines[-1]
            last.answers = [*filter(None, last.answers), line.partition(" ")[2].strip()]
        elif line.startswith(": "):
            table.lines[-1].postings += [_posting(each.split()) for each in line[2:].split(";")]
        elif line.startswith("= held "):
            table.lines[-1].held = [_held(each.strip()) for each in line[7:].split(";") if each != "nothing"]
        elif line.startswith("= "):
            _stand(table.lines[-1], line[2:])
        else:
            told, _, answers = line.partition("->")
            step = _step(told.split(), number)
            words = told.split()
            table.lines.append(
                Line(told.strip(), step, [a for a in map(str.strip, answers.split(";")) if a != "nothing"])
            )
            if "type" in step:
                table.names |= {step["value"]["commitment_id"]: words[1], step["id"]: f"{words[0]} {words[1]}"}
    return table


def cents(euros: str) -> int:
    """`60` and `60.50` in cents."""
    whole, _, part = euros.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def euros(amount: int) -> str:
    """Cents, as tables write them."""
    return f"{amount // 100:_}" + (f".{amount % 100:02}" if amount % 100 else "")


def envelope(short: str) -> str:
    """The whole name of an envelope."""
    parts = short.split(".")
    contract = parts.pop(0) if parts[0] not in FUNDERS else "CV219"
    return f"{contract}.{parts[0]}.{parts[1] if len(parts) > 1 else 2016}"


def short(envelope_id: str) -> str:
    """An envelope as tables name it."""
    return envelope_id.removeprefix("CV219.").removesuffix(".2016")


def _step(words: list[str], number: int) -> Json:
    displace = words[-2:] == ["sending", "back"]
    words = words[:-2] if displace else words
    if words[0] == "rules":
        return _rules(words, number)
    more = {key: words[words.index(key) + 1] for key in WORDS if key in words}
    payments = {"payment_cents": cents(more["payments"])} if "payments" in more else {}
    if words[0] == "open":
        return {
            "open": envelope(words[1]),
            "amount_cents": cents(words[2]),
            "command": named(f"open/{number}"),
        } | payments
    command = {"command": named(f"command/{number}"), "kind": words[0], "displace": displace}
    if words[0] == "score":
        score = None if words[2] == "none" else int(words[2])
        return command | {"contract": more.get("at", "CV219"), "commitment_id": named(words[1]), "score": score}
    if words[:2] == ["close", "envelope"]:
        return command | {"envelope": envelope(words[2])}
    if words[0] in COMMANDS:
        to = {"to": envelope(more["to"])} if "to" in more else {}
        return command | {"envelope": envelope(words[1]), "amount_cents": cents(words[2])} | payments | to
    return _event(words, more, number)


def _rules(words: list[str], number: int) -> Json:
    """`rules at CV221 project 50, closed`: where they are in force, then what they say."""
    place: Json = {"contract": "CV219", "exercise": 2016}
    said = [each.split() for each in " ".join(words[1:]).split(",") if each]
    while said and said[0][:1] in (["in"], ["at"]):
        word, where, *rest = said[0]
        place["exercise" if word == "in" else "contract"] = int(where) if word == "in" else where
        said[0] = rest
    rules: Json = {"eligible": False} if ["closed"] in said else {}
    for word, *limit in said:
        if limit:
            name = RULES[word]
            rules[name] = cents(limit[0]) if "cents" in name else int(limit[0]) if "max" in name else limit[0]
    return place | {"rules": rules, "command": named(f"rules/{number}")}


def _event(words: list[str], more: dict[str, str], number: int) -> Json:
    verb, who, year = words[0], words[1], int(more.get("in", 2016))
    about: Json = {"contract": more.get("at", "CV219"), "number": number}
    about["occurred_on"] = more.get("on", f"{year}-10-02")
    if verb in ACTS:
        kind: Json = {"kind": verb} if ACTS[verb] == "PaymentMade" else {}
        act: Json = {"funder": words[2], "amount_cents": cents(words[3]), "exercise": year}
        return event(ACTS[verb], who, **about, **act, **kind)
    if verb == "withdraw":
        return event("CommitmentWithdrawn", who, **about, reason="abandoned")
    if verb == "close":
        return event("CommitmentClosed", who, **about)
    cdc, state = _both(words[2])
    asked: Json = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state}
    if "costing" in more:
        asked["cost_cents"] = cents(more["costing"])
    if verb == "amend":
        return event("CommitmentAmended", who, **about, **asked)
    assert verb == "declare", f"a table says {verb!r}"
    asked |= {"exercise": year, "priority": int(more.get("priority", 5))}
    if "for" in more:
        asked["beneficiary_id"] = named(more["for"])
    return event("CommitmentDeclared", who, **about, **asked)


def _both(amounts: str) -> tuple[int, int]:
    cdc, _, state = amounts.partition("+")
    return cents(cdc), cents(state)


def _posting(words: list[str]) -> tuple[str, str, str, int]:
    where, credit, _, debit, amount = words
    return envelope(where), credit, debit, cents(amount)


def _held(told: str) -> tuple[str, str]:
    name, _, reason = told.partition(": ")
    return name, reason


def _stand(line: Line, told: str) -> None:
    who, _, figures = told.partition(" ")
    if set(who) & {"."} or who in FUNDERS:
        line.envelopes[envelope(who)] = dict(_envelope_figures(figures))
    else:
        line.commitments[named(who)] = dict(_commitment_figures(figures))


def _envelope_figures(figures: str) -> Iterator[tuple[str, Any]]:
    for name, _, amount in (each.strip().rpartition(" ") for each in figures.split(",")):
        match name or amount:
            case "closed" | "open" as state:
                yield "closed", state == "closed"
            case "waiting":
                yield "waiting_count", int(amount)
            case "payments" | "payments frozen" as credits:
                yield credits.replace("payments", "payment").replace(" ", "_") + "_cents", cents(amount)
            case other:
                yield f"{other}_cents", None if amount == "unlimited" else cents(amount)


def _commitment_figures(figures: str) -> Iterator[tuple[str, Any]]:
    for name, _, amount in (each.strip().rpartition(" ") for each in figures.split(",")):
        if name == "score":
            yield name, int(amount)
            continue
        yield name or "state", dict(zip(FUNDERS, _both(amount), strict=True)) if name else amount


def commitment_figures(row: Json) -> Json:
    """A commitment of the oracle, by the names that tables use."""
    years = sorted({year for paid in row["paid"].values() for year in paid})
    paid = {f"paid in {year}": {f: row["paid"][f].get(year, 0) for f in FUNDERS} for year in years}
    asked = {"CDC": row["cdc_cents"], "STATE": row["state_cents"]}
    return {"state": row["state"], "asked": asked, "priority": row["priority"], "score": row["score"]} | paid | {
        name: row[name] for name in ("engaged", "certified", "lapsed")
    }  # fmt: skip


def answer(told: Json, names: dict[str, str]) -> str:
    """One decision, as a table says it."""
    if told["type"].startswith("Envelope"):
        return _about_envelope(told)
    what = told["type"].removeprefix("Allocation")
    who, amounts = names[told["commitment_id"]], f"{euros(told['cdc_cents'])}+{euros(told['state_cents'])}"
    held = f" (held: {names[told['movement_id']]})" if "movement_id" in told else ""
    held += f" (rules {told['rules_version']})" if "rules_version" in told else ""
    if what.startswith("Movement"):
        assert amounts == "0+0"
        return f"movement {what.removeprefix('Movement').lower()} {who}: {told['reason']}{held}"
    if "funder" in told:
        other, mine = sorted((told["cdc_cents"], told["state_cents"]))
        assert other == 0
        assert told["cdc_cents" if told["funder"] == "CDC" else "state_cents"] == mine
        return _by_funder(what, f"{who} {told['funder']} {euros(mine)}", told) + held
    more = f": {told['reason']}" if "reason" in told else f", was {told['standing']}" if "standing" in told else ""
    if what == "Amended":
        more = f", was {euros(told['previous_cdc_cents'])}+{euros(told['previous_state_cents'])}, {told['standing']}"
    return f"{what.lower()} {who} {amounts}{more}{held}"


def _by_funder(what: str, about: str, told: Json) -> str:
    match what:
        case "Engaged":
            return f"engaged {about}"
        case "CertificationRecorded":
            return f"certified {about}"
        case "Decommitted":
            return f"decommitted {about}" + ("" if told["same_exercise"] else ", lapsed")
    assert told["from_payment_credits"] or told["credit_exercise"] == told["exercise"]
    source = f"credits of {told['credit_exercise']}" if told["from_payment_credits"] else "treasury"
    if what == "PaymentRecorded":
        return f"paid {about} {told['kind']} from {source}"
    return f"returned {about} to {source}"


def _about_envelope(told: Json) -> str:
    what = told["type"].removeprefix("Envelope")
    verb = {"CarriedOver": "carried over to", "Closed": "closed envelope"}.get(what, what.lower())
    payments = f" payments {euros(told['payment_cents'])}" if told["payment_cents"] else ""
    to = f" to {short(told['to_envelope_id'])}" if "to_envelope_id" in told else ""
    source = f" from {short(told['from_envelope_id'])}" if "from_envelope_id" in told else ""
    return f"{verb} {short(told['envelope_id'])} {euros(told['amount_cents'])}{payments}{to}{source}"


def not_done(refused: Json, names: dict[str, str]) -> str:
    """A refused command, as a table says it."""
    listed = sorted(names[each] for each in refused.get("commitments", []))
    return f"not done: {refused['reason']}" + (f" ({', '.join(listed)})" if listed else "")
