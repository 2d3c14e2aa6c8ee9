"""The simulated commitments: enough demand for every kind of decision, and payments that never pass what is engaged."""

from collections import Counter, defaultdict
from typing import Any

from fabrique.demo.simulation import Flaw, Told
from shared.kernel.ids import commitment_id

CDC_CENTS = 10_000_000
STATE_CENTS = 150_000_000
POPULATIONS = {
    "CV217": 12411, "CV218": 1640, "CV219": 53545, "CV220": 4820, "CV221": 30332, "CV222": 14930, "CV223": 2797,
    "CV224": 12696, "CV225": 14674, "CV226": 973, "CV227": 1082,
}  # fmt: skip
Funds = dict[str, int]


class Ledger:
    """A plain reading of the rule of decision, for one contract: it shares no code with the simulation."""

    def __init__(self, contract: str) -> None:
        self.whole = {"CDC": CDC_CENTS, "STATE": STATE_CENTS * POPULATIONS[contract] // sum(POPULATIONS.values())}
        self.reserved: dict[str, Funds] = {}
        self.queue: dict[str, tuple[int, Funds]] = {}
        self.decided: Counter[str] = Counter()

    def room(self, funder: str) -> int:
        return self.whole[funder] - sum(funds[funder] for funds in self.reserved.values())

    def fits(self, funds: Funds) -> bool:
        return all(self.room(funder) >= cents for funder, cents in funds.items() if cents)

    def declare(self, name: str, funds: Funds, priority: int) -> None:
        queued = any(cents and asked[funder] for _, asked in self.queue.values() for funder, cents in funds.items())
        if any(cents > self.whole[funder] for funder, cents in funds.items()):
            self.decided["refused"] += 1
        elif self.fits(funds) and not queued:
            self.decided["reserved"] += 1
            self.reserved[name] = funds
        else:
            self.decided["waitlisted"] += 1
            self.queue[name] = (priority, funds)

    def amend(self, name: str, funds: Funds) -> None:
        if any(cents > self.whole[funder] for funder, cents in funds.items()):
            self.decided["amendment refused"] += name in self.queue or name in self.reserved
        elif name in self.queue:
            priority, before = self.queue[name]
            if any(funds[funder] > cents for funder, cents in before.items()):
                del self.queue[name]
            self.queue[name] = (priority, funds)
            self.decided["amended waiting"] += 1
        elif name in self.reserved:
            before = self.reserved.pop(name)
            fits = all(cents <= max(before[funder], self.room(funder)) for funder, cents in funds.items())
            self.reserved[name] = funds if fits else before
            self.decided["amended" if fits else "amendment refused"] += 1

    def withdraw(self, name: str) -> None:
        gone = self.reserved.pop(name, None) or self.queue.pop(name, None)
        self.decided["released"] += gone is not None

    def promote(self) -> None:
        blocked: set[str] = set()
        for name, (_, funds) in sorted(self.queue.items(), key=lambda item: item[1][0]):
            names = {funder for funder, cents in funds.items() if cents}
            if blocked & names or not self.fits(funds):
                blocked |= names
                continue
            self.reserved[name] = funds
            del self.queue[name]
            self.decided["promoted"] += 1


def commitments(good: tuple[Told, ...]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (type, commitment's name, data) of each event about a commitment."""
    told = []
    for each in good:
        content = each.event["data"]
        if "reference" in content or "commitment_id" in content:
            name = content.get("commitment_id") or str(commitment_id(each.platform, content["reference"]))
            told.append((each.event["type"], name, content))
    return told


def replayed(good: tuple[Told, ...]) -> tuple[Counter[str], int, int]:
    """Replay the commitments; return what was decided, how many were engaged when reserved, and when not."""
    ledgers = {contract: Ledger(contract) for contract in POPULATIONS}
    contracts: dict[str, str] = {}
    right = wrong = 0
    for kind, name, content in commitments(good):
        contract = contracts.setdefault(name, content.get("contract", ""))
        ledger = ledgers[contract]
        if kind in ("CommitmentDeclared", "CommitmentAmended"):
            funds = {"CDC": content["cdc_cents"], "STATE": content["state_cents"]}
            if kind == "CommitmentDeclared":
                ledger.declare(name, funds, content.get("priority", 5))
            else:
                ledger.amend(name, funds)
        elif kind == "CommitmentWithdrawn":
            ledger.withdraw(name)
        elif kind == "CommitmentEngaged":
            expected = ledger.reserved.get(name, {}).get(content["funder"]) == content["amount_cents"]
            right, wrong = right + expected, wrong + (not expected)
        ledger.promote()
    return sum((ledger.decided for ledger in ledgers.values()), Counter()), right, wrong


def test_every_kind_of_decision_occurs(good: tuple[Told, ...]) -> None:
    decided, _, _ = replayed(good)
    assert set(decided) == {
        "reserved", "waitlisted", "refused", "promoted", "amended", "amended waiting", "amendment refused", "released",
    }  # fmt: skip
    assert decided["reserved"] > 150
    assert decided["waitlisted"] > 25
    assert decided["promoted"] > 5


def test_what_is_engaged_was_reserved(good: tuple[Told, ...]) -> None:
    _, right, wrong = replayed(good)
    assert right > 200
    assert wrong <= right // 50


def test_all_commitments_are_of_2016_and_engaged_in_2016(good: tuple[Told, ...]) -> None:
    told = commitments(good)
    assert {content["exercise"] for kind, _, content in told if kind == "CommitmentDeclared"} == {2016}
    assert {content["exercise"] for kind, _, content in told if kind == "CommitmentEngaged"} == {2016}
    for kind, _, content in told:
        if "exercise" in content and kind not in ("CommitmentDeclared", "PaymentReturned"):
            assert content["exercise"] == int(content["occurred_on"][:4])


def test_amounts_are_plausible(good: tuple[Told, ...]) -> None:
    for kind, _, content in commitments(good):
        if kind == "CommitmentDeclared":
            asked = content["cdc_cents"] + content["state_cents"]
            assert 200_000 <= asked <= 6_000_000
            assert asked <= content["cost_cents"]
    priorities = Counter(content["priority"] for kind, _, content in commitments(good) if kind == "CommitmentDeclared")
    assert priorities[5] / priorities.total() > 0.75


def test_per_commitment_and_funder_paid_less_returned_stays_within_engaged_less_given_up(
    good: tuple[Told, ...],
) -> None:
    engaged: defaultdict[tuple[str, str], int] = defaultdict(int)
    paid: defaultdict[tuple[str, str], int] = defaultdict(int)
    signs = {"PaymentMade": 1, "PaymentReturned": -1}
    closed = set()
    for kind, name, content in commitments(good):
        assert name not in closed
        if kind == "CommitmentClosed":
            closed.add(name)
        if "funder" in content:
            key = (name, content["funder"])
            engaged[key] += {"CommitmentEngaged": 1, "CommitmentDecommitted": -1}.get(kind, 0) * content["amount_cents"]
            paid[key] += signs.get(kind, 0) * content["amount_cents"]
            assert 0 <= paid[key] <= engaged[key]
    assert len(closed) > 100


def test_a_commitment_declared_twice_was_declared_before(stream: tuple[Told, ...]) -> None:
    known = set()
    for each in stream:
        key = (each.platform, each.event["data"].get("reference"))
        if each.flaw is Flaw.DECLARED_TWICE:
            assert key in known
        elif each.event["type"] == "CommitmentDeclared":
            known.add(key)
