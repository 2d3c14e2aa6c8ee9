"""Draws whole lives at random: few contracts, small amounts, several exercises, movements out of order, every command.

`programmes` draws the steps of one partition's line, as the oracle reads them. Most commitments live an ordinary life
(declared, engaged, certified, paid, given up, closed) of which each act is told at its own pace, early, late or not
at all; strange acts and managers' commands fall in between, also impossible ones. Amounts are small, envelopes tight.
"""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from hypothesis import seed
from hypothesis import strategies as st

from tests.support.commitment_events import Json, event, named

FUNDERS, CONTRACTS, EXERCISES = ("CDC", "STATE"), ("CV217", "CV219"), (2016, 2017)
PAIRS = [(contract, exercise) for contract in CONTRACTS for exercise in EXERCISES]
CROWDED = ("CV219", 2016)
"""Where most of it happens, so that envelopes are tight."""
ENVELOPES = [f"{contract}.{funder}.{exercise}" for contract, exercise in PAIRS for funder in FUNDERS]
CROWDED_ENVELOPES = [f"CV219.{funder}.2016" for funder in FUNDERS] * 4
COMMANDS = (
    "increase", "reduce", "reduce", "freeze", "freeze", "freeze", "unfreeze", "transfer", "transfer", "carry-over",
    "carry-over", "close",
)  # fmt: skip
Draw = Any
Timed = tuple[int, Json]
few = st.integers(0, 12)
rarely, often = st.integers(0, 99).map(lambda n: 40 <= n < 50), st.integers(0, 99).map(lambda n: not 40 <= n < 50)
"""One time in ten, and nine times in ten; the middle of a range, since its ends are drawn more often."""


def draw_until_met(draw: Callable[[], None], met: Counter[str], wanted: Collection[str], *, rounds: int = 8) -> None:
    """Draw round after round, each by its own seed, until all that is wanted was met; say what never was.

    What one round draws depends on what else is loaded: hypothesis takes constants from the code that it finds.
    """
    for number in range(rounds):
        seed(number)(draw)()
        if all(met[each] for each in wanted):
            return
    raise AssertionError(f"never met: {[each for each in wanted if not met[each]]}, but {met}")


@st.composite
def programmes(draw: Draw, most_lives: int = 12, most_commands: int = 8) -> list[Json]:
    """The steps of one line: openings first, mostly, then lives and commands mixed in time."""
    span = draw(st.integers(10, 40))
    moments = st.integers(0, span)
    parted, timed = draw(st.booleans()), list[Timed]()
    for number in range(draw(st.integers(most_lives // 3, most_lives))):
        timed += _life(draw, f"life-{number}", draw(moments), parted=parted)
    for number in range(draw(st.integers(most_commands // 3, most_commands))):
        moment, command = draw(moments) + draw(st.integers(0, 10)), _command(draw, number)
        timed.append((moment, command))
        if command.get("kind") == "freeze" and draw(often):
            timed.append((moment + draw(st.integers(1, 9)), _thawed(draw, command)))
    timed += [(draw(moments), _score(draw, most_lives)) for _ in range(draw(st.sampled_from((0, 0, 3, 9))))]
    if draw(st.booleans()):
        timed += [(draw(st.integers(-5, span)), _rules(draw)) for _ in range(draw(st.integers(1, 4)))]
    if parted:
        timed += [(-9, _each_alone(draw)), (draw(moments), _taken(draw))]
    timed += [(draw(moments) if draw(rarely) else -99, step) for step in _openings(draw, parted=parted)]
    return [_numbered(step, number) for number, (_, step) in enumerate(sorted(timed, key=lambda each: each[0]))]


def _each_alone(draw: Draw) -> Json:
    """Rules under which each funder decides on its own, where it is crowded, from the beginning."""
    contract, exercise = CROWDED
    more = {"waitlist": "skip"} if draw(st.booleans()) else {}
    return {"rules": {"funders": "each", **more}, "contract": contract, "exercise": exercise}


def _taken(draw: Draw) -> Json:
    """A command that takes much from one of the crowded envelopes, also from the ample one, sending back who must."""
    kind, envelope = draw(st.sampled_from(("reduce", "freeze"))), draw(st.sampled_from(CROWDED_ENVELOPES))
    taken = {"kind": kind, "envelope": envelope, "amount_cents": draw(st.integers(10, 58)), "payment_cents": 0}
    return taken | {"displace": True, "command": named("command/taken")}


def _rules(draw: Draw) -> Json:
    """Rules of one exercise, each limit now and then."""
    contract, exercise = draw(st.sampled_from((CROWDED, CROWDED, CROWDED, *PAIRS)))
    percent, rules = st.sampled_from((20, 40, 50, 60, 80)), {}
    limits = {
        "cap_per_project_cents": st.integers(4, 14), "cap_per_beneficiary_cents": st.integers(6, 20),
        "right_cents": st.integers(5, 16),
        "cdc_share_max": percent, "state_share_max": percent, "public_aid_max": percent,
        "eligible_from": st.just(f"{exercise}-11-01"), "eligible_until": st.just(f"{exercise}-12-31"),
        "waitlist": st.just("skip"), "order": st.sampled_from(("first-come", "score")),
        "funders": st.sampled_from(("each", "each", "together")), "eligible": st.just(False),
    }  # fmt: skip
    for name, limit in limits.items():
        in_half_of_them = ("waitlist", "order", "funders", "cap_per_beneficiary_cents", "right_cents")
        often_enough = 1 if name in in_half_of_them else 8 if name.startswith("eligible") else 3
        if draw(st.integers(0, often_enough)) == often_enough:
            rules[name] = draw(limit)
    return {"rules": rules, "contract": contract, "exercise": exercise}


def _score(draw: Draw, lives: int) -> Json:
    """What a committee thinks of one of the lives, who need not stand, or not be declared yet."""
    contract = draw(st.sampled_from((*[CROWDED[0]] * 9, *CONTRACTS)))
    score = draw(st.sampled_from((None, 0, 1, 2, 2, 3)))
    return {
        "kind": "score", "contract": contract, "score": score,
        "who": f"life-{draw(st.integers(0, max(1, lives // 2)))}",
    }  # fmt: skip


def _openings(draw: Draw, *, parted: bool) -> list[Json]:
    """Envelopes to begin with; where commitments are to be parted, one funder of two has more than it needs."""
    opened, ample = [], draw(st.sampled_from(CROWDED_ENVELOPES)) if parted else None
    for envelope in ENVELOPES:
        crowded = envelope in CROWDED_ENVELOPES
        if crowded or draw(often):
            amount = (
                60
                if envelope == ample
                else draw(st.integers(9, 30) if crowded else st.one_of(few, st.integers(9, 25), st.integers(9, 25)))
            )
            payments = draw(st.one_of(few, st.integers(30, 120))) if (".STATE." in envelope) != draw(rarely) else None
            opened.append({"open": envelope, "amount_cents": amount, "payment_cents": payments})
    return opened


def _life(draw: Draw, name: str, start: int, *, parted: bool) -> list[Timed]:
    """One commitment: declared, and then what its funders do, mostly one act behind the other."""
    contract, exercise = draw(st.sampled_from((CROWDED, CROWDED, CROWDED, *PAIRS)))
    cdc, state = draw(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(any))
    asked = {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state + draw(st.sampled_from((0, 0, 3, 9)))}
    if draw(st.booleans()):
        asked["beneficiary_id"] = named(draw(st.sampled_from(("X", "X", "Y"))))
    terms = asked | {"exercise": exercise, "priority": draw(st.sampled_from((5, 5, 1, 9)))}
    acts = [("CommitmentDeclared", terms)] * (2 if draw(rarely) else 1)
    acted = draw(st.sampled_from((True, True, False)))
    for funder, amount in (("CDC", cdc), ("STATE", state)):
        if amount and acted and draw(often):
            acts += _acts(draw, funder, amount, exercise)
    acts += [("CommitmentClosed", {})] * draw(st.sampled_from((0, 0, 0, 1)))
    lived, now = [], start
    for kind, more in acts:
        now += draw(st.integers(0, 4))
        moment = now - draw(st.sampled_from((0, 0, 0, 0, 0, 2, 5, 12)))
        lived.append((moment, _told(draw, name, contract, exercise, (kind, more))))
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        moment = start + draw(st.integers(-2, 20))
        lived.append((moment, _told(draw, name, contract, exercise, _whim(draw, exercise))))
    if parted and draw(st.booleans()):
        lived.append(
            (now + draw(st.integers(-3, 3)), _told(draw, name, contract, exercise, _amended(draw, cdc, state)))
        )
    return lived


def _amended(draw: Draw, cdc: int, state: int) -> tuple[str, Json]:
    """New amounts that are near the old ones, one of them often the same or nothing."""
    near = st.sampled_from((0, 0, -1, -2, 1, 2, -9))
    cdc, state = max(0, cdc + draw(near)), max(0, state + draw(near))
    return "CommitmentAmended", {
        "cdc_cents": cdc,
        "state_cents": state or 1 - min(cdc, 1),
        "cost_cents": cdc + state + 9,
    }


def _acts(draw: Draw, funder: str, amount: int, exercise: int) -> list[tuple[str, Json]]:
    """A funder's ordinary acts for what was asked of it, in their usual order."""
    engaged = draw(st.sampled_from((amount, amount, amount, max(1, amount - 2), amount + 1)))
    certified = draw(st.sampled_from((engaged, engaged, max(1, engaged // 2))))
    advance = draw(st.sampled_from((certified, max(1, certified // 2), 1)))
    year = draw(st.sampled_from((exercise, exercise, exercise, exercise + 1, exercise - 1)))
    acts: list[tuple[str, Json]] = [("CommitmentEngaged", _act(funder, engaged, exercise))]
    acts.append(("PaymentMade", _act(funder, advance, year) | {"kind": "advance"}))
    acts.append(("ServiceCertified", _act(funder, certified, exercise)))
    if certified > advance:
        kind = draw(st.sampled_from(("balance", "balance", "instalment")))
        acts.append(("PaymentMade", _act(funder, certified - advance, year) | {"kind": kind}))
    if draw(st.sampled_from((False, False, True))):
        acts.append(("PaymentReturned", _act(funder, draw(st.sampled_from((advance, 1))), year)))
    if draw(st.sampled_from((False, True))):
        left = max(1, engaged - certified)
        later = draw(st.sampled_from((exercise, exercise, exercise + 1)))
        acts.append(("CommitmentDecommitted", _act(funder, left, later)))
    return acts[: draw(st.integers(2, len(acts)))]


def _act(funder: str, amount: int, exercise: int) -> Json:
    return {"funder": funder, "amount_cents": amount, "exercise": exercise}


def _whim(draw: Draw, exercise: int) -> tuple[str, Json]:
    """Something that need not make sense."""
    cdc, state = draw(st.tuples(few, few).filter(any))
    funders = _act(draw(st.sampled_from(FUNDERS)), draw(st.integers(1, 9)), exercise + draw(st.integers(-1, 1)))
    whims: list[tuple[str, Json]] = [
        ("CommitmentAmended", {"cdc_cents": cdc, "state_cents": state, "cost_cents": cdc + state}),
        ("CommitmentAmended", {"cdc_cents": min(cdc, 3), "state_cents": 3, "cost_cents": 6}),
        ("CommitmentWithdrawn", {"reason": "abandoned"}), ("CommitmentClosed", {}),
        ("CommitmentEngaged", funders), ("ServiceCertified", funders), ("PaymentReturned", funders),
        ("PaymentMade", funders | {"kind": "balance"}), ("CommitmentDecommitted", funders),
    ]  # fmt: skip
    chosen: tuple[str, Json] = draw(st.sampled_from(whims))
    return chosen


def _told(draw: Draw, name: str, contract: str, exercise: int, act: tuple[str, Json]) -> Json:
    kind, terms = act
    elsewhere = draw(st.integers(0, 99)) == 50
    year = exercise + draw(st.sampled_from((0, 0, 1)))
    return {
        "type": kind, "who": name, "occurred_on": f"{year}-10-02", "terms": terms,
        "contract": CONTRACTS[1 - CONTRACTS.index(contract)] if elsewhere else contract,
    }  # fmt: skip


def _command(draw: Draw, number: int) -> Json:
    kind, giver = draw(st.sampled_from(COMMANDS)), draw(st.sampled_from((*CROWDED_ENVELOPES, *ENVELOPES)))
    if draw(st.integers(0, 99)) in (49, 50, 51):
        return {"open": giver, "amount_cents": draw(few), "payment_cents": None, "command": named(f"command/{number}")}
    amount = draw(st.one_of(st.integers(0, 3), st.integers(1, 6), st.integers(5, 20)))
    payment = draw(st.sampled_from((0, 0, 0, 0, 1, 1, 3, 99))) if ".STATE." in giver else draw(rarely) * 1
    step = {
        "kind": kind,
        "envelope": giver,
        "amount_cents": amount,
        "payment_cents": payment,
        "displace": draw(st.booleans()),
    }
    if kind in ("reduce", "freeze", "transfer") and draw(st.booleans()):
        step |= {"amount_cents": draw(st.integers(4, 16)), "payment_cents": 0, "displace": True}
    if kind in ("transfer", "carry-over"):
        step["to"] = (
            draw(st.sampled_from(ENVELOPES))
            if draw(rarely)
            else _receiver(kind, giver, draw(st.sampled_from((1, 1, 1, 2))))
        )
    return step | {"command": named(f"command/{number}")}


def _thawed(draw: Draw, frozen: Json) -> Json:
    """What unfreezes it, or a part of it."""
    amount, payment = frozen["amount_cents"], frozen["payment_cents"]
    part = {"amount_cents": draw(st.sampled_from((amount, amount // 2, amount + 1))), "payment_cents": payment}
    return frozen | part | {"kind": "unfreeze", "command": named(f"{frozen['command']}/thawed")}


def _receiver(kind: str, giver: str, years: int) -> str:
    """Another contract's envelope, or that of so many years later."""
    contract, funder, exercise = giver.split(".")
    if kind == "transfer":
        return f"{CONTRACTS[1 - CONTRACTS.index(contract)]}.{funder}.{exercise}"
    return f"{contract}.{funder}.{int(exercise) + years}"


def _numbered(step: Json, number: int) -> Json:
    """Give a step its identity, once its place is known."""
    if "open" in step or "rules" in step:
        return step | {"command": named(f"manager/{number}")}
    if step.get("kind") == "score":
        return step | {"commitment_id": named(step["who"]), "command": named(f"score/{number}")}
    if "command" in step:
        return step
    about: Json = {"contract": step["contract"], "number": number, "occurred_on": step["occurred_on"]}
    return event(step["type"], step["who"], **about, **step["terms"])
