"""Compares what the topics add up to with databases, compacted topics and answers, to the cent."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fabrique.reconcile.fold import Books, Envelope, fold
from fabrique.reconcile.log import Log, read_logs
from fabrique.reconcile.sources import Row, Told, ask
from fabrique.stack.addresses import Addresses

ENTREPRENEURS, COMMITMENTS = "intake.entrepreneur.v1", "intake.commitment.v1"
ALLOCATIONS, ENVELOPES = "funding.allocation.v1", "funding.envelope.v1"
BUDGETS, SURVIVALS = "reporting.budget.v1", "reporting.survival.v1"
COMPACTED = (ENVELOPES, BUDGETS, SURVIVALS)
TOPICS = (ENTREPRENEURS, COMMITMENTS, ALLOCATIONS, *COMPACTED)
AMOUNTS = ("authorised", "frozen", "reserved", "waitlisted", "engaged", "lapsed", "paid", "available",
           "payment_credits", "payments_frozen", "payable")  # fmt: skip
FLAGS = ("has_payment_credits", "closed")
ACCOUNTS = {"frozen": "frozen", "reserved": "reserved", "waitlisted": "waitlisted", "engaged": "engaged",
            "lapsed": "lapsed", "paid": "paid", "payments_frozen": "payment-frozen"}  # fmt: skip
VOTES = {"authorised": "voted", "payment_credits": "payment-voted"}
"""The ledger's accounts: what each amount is, and where credits come from, which falls as they grow."""
Logs = Mapping[str, Log]
WAITS = "AllocationAmended waitlisted"
PARTS = {
    ("CommitmentDeclared", "AllocationWaitlisted"): ("AllocationReserved", 1),
    ("CommitmentAmended", WAITS): ("AllocationAmended reserved", 1),
    ("CommitmentWithdrawn", WAITS): ("AllocationReleased", 1),
    ("CommitmentClosed", WAITS): ("AllocationClosed", 1),
    ("CommitmentClosed", "AllocationDecommitted"): ("AllocationClosed", 2),
}
"""Of an event, what is told beside its answer, which answer that is, and how often."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared: on how many items, and each difference in a sentence."""

    name: str
    compared: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is compared: the log as it was read, what it adds up to, and what is said elsewhere."""

    logs: Logs
    books: Books
    told: Told


async def reconcile(found: Addresses) -> list[Finding]:
    """Read everything and compare; on a system that still moves, differences are only what has not arrived yet."""
    logs = await read_logs(found.servers, TOPICS, compacted=COMPACTED)
    evidence = Evidence(logs, fold(logs[ALLOCATIONS].records), await ask(found))
    return [Finding(name, *check(evidence)) for name, check in CHECKS]


Outcome = tuple[int, tuple[str, ...]]


def _sequences(evidence: Evidence) -> Outcome:
    faults = [fault for log in evidence.logs.values() for fault in log.faults]
    return sum(len(log.records) for log in evidence.logs.values()), tuple(faults)


def _strangers(evidence: Evidence) -> Outcome:
    """What no relay of ours wrote lies in a reader's quarantine, or was retried from there."""
    differences = []
    for topic, log in evidence.logs.items():
        known = evidence.told.quarantined.get(topic, set()) | evidence.told.retried.get(topic, set())
        differences += [
            f"{topic}/{partition}@{offset} is none of ours, and in no quarantine"
            for partition, offset in sorted(log.strangers - known)
        ]
    return sum(len(log.strangers) for log in evidence.logs.values()), tuple(differences)


def _published(evidence: Evidence) -> Outcome:
    """The last sequence that a database gave out is the last on Kafka, in every partition of every topic."""
    differences = []
    compared = 0
    for topic, log in evidence.logs.items():
        given = evidence.told.outbox.get(topic, {})
        for partition in sorted(given.keys() | log.last.keys()):
            compared += 1
            written, published = given.get(partition), log.last.get(partition)
            if written != published:
                differences.append(f"{topic}/{partition}: the database gave out {written}, Kafka has {published}")
    return compared, tuple(differences)


def _accepted(evidence: Evidence) -> Outcome:
    """What intake accepted is what it published: as many, and none twice."""
    differences = []
    for topic in (ENTREPRENEURS, COMMITMENTS):
        records = evidence.logs[topic].records
        accepted = evidence.told.accepted.get(topic, 0)
        if accepted != len(records):
            differences.append(f"{topic}: {accepted} accepted, {len(records)} published")
        if len({record.id for record in records}) != len(records):
            differences.append(f"{topic}: an event was published under two sequences")
    return sum(evidence.told.accepted.values()), tuple(differences)


def _decided(evidence: Evidence) -> Outcome:
    """Each accepted commitment event has exactly one decision, or lies in funding's quarantine."""
    events = evidence.logs[COMMITMENTS].records
    quarantined = evidence.told.quarantined.get(COMMITMENTS, set())
    books = evidence.books
    differences = []
    for record in events:
        count = decisions(books, record.type, record.id)
        if count + ((record.partition, record.offset) in quarantined) != 1:
            differences.append(f"{record.type} {record.id} at {record.partition}@{record.offset} has {count} decisions")
    unknown = (books.answers.keys() | books.held.keys()) - {record.id for record in events} - books.commands
    retried = evidence.told.retried.get(COMMITMENTS, set()) & evidence.logs[COMMITMENTS].strangers
    if len(unknown) > len(retried):  # what a person mended is decided too, and is not in the log as it was decided
        differences += [f"a decision names {cause or 'no cause'}, which is no commitment event" for cause in unknown]
    return len(events), tuple(differences)


def decisions(books: Books, type_: str, event_id: str) -> int:
    """Count what was decided on one event: one held and answered later has one decision, one still held as well.

    What a closing gives up first, a fact for each funder, is a part of it; so is what is told of the part that waits.
    """
    told = books.answers.get(event_id, Counter())
    answers = 0
    for kind, times in told.items():
        answer, most = PARTS.get((type_, kind), ("", 0))
        answers += max(0, times - most) if answer in told else times
    return max(answers, books.held[event_id]) if books.held[event_id] <= 1 else answers + books.held[event_id]


def _overdrawn(evidence: Evidence) -> Outcome:
    return len(evidence.logs[ALLOCATIONS].records), tuple(evidence.books.faults)


def _postings(evidence: Evidence) -> Outcome:
    """Each balance of the ledger is the sum of its postings, and all accounts of an envelope sum to zero."""
    differences = []
    for name, row in evidence.told.ledger.items():
        posted = evidence.told.posted.get(name, {})
        sums = {amount: posted.get(account, 0) for amount, account in ACCOUNTS.items()}
        sums |= {amount: -posted.get(account, 0) for amount, account in VOTES.items()}
        differences += [
            f"{name}: {amount} is {row[f'{amount}_cents']}, its postings add up to {cents}"
            for amount, cents in sums.items()
            if cents != (row[f"{amount}_cents"] or 0)
        ]
        if sum(posted.values()):
            differences.append(f"{name}: its postings sum to {sum(posted.values())}, not to zero")
    return len(evidence.told.ledger), tuple(differences)


def _survival(evidence: Evidence) -> Outcome:
    """Survival has folded every entrepreneur fact that is not in reporting's quarantine."""
    log, survival = evidence.logs[ENTREPRENEURS], evidence.told.survival
    refused = evidence.told.quarantined.get(ENTREPRENEURS, set()) - log.strangers
    expected = len(log.records) - len(refused) + len(evidence.told.retried.get(ENTREPRENEURS, set()) & log.strangers)
    differences = list(_behind(ENTREPRENEURS, log, {m["partition"]: m["sequence"] for m in survival["read"]}))
    if survival["version"] != expected:
        differences.append(f"{survival['version']} facts are folded, {expected} were published")
    stated = {key: json.loads(r.value or b"{}") for key, r in evidence.logs[SURVIVALS].latest().items()}
    for figure in survival["figures"]:
        shown = {name: value for name, value in figure.items() if name != "definition"}
        if stated.get(figure["stratum"]) != shown:
            differences.append(f"{figure['stratum']}: what is shown is not what was published")
    return expected, tuple(differences)


def _figures_are_current(evidence: Evidence) -> Outcome:
    log = evidence.logs[ALLOCATIONS]
    return len(log.records), tuple(_behind(ALLOCATIONS, log, evidence.told.budget_read))


def _behind(topic: str, log: Log, read: Mapping[int, int]) -> Iterator[str]:
    for partition, (_, last) in sorted(log.last.items()):
        if read.get(partition, 0) != last:
            yield f"{topic}/{partition}: figures have read up to {read.get(partition, 0)}, the log ends at {last}"


def _envelopes(
    rows: Callable[[Evidence], Mapping[str, Row]], counts: Iterable[str], *, by_reporting: bool
) -> Callable[[Evidence], Outcome]:
    """A check that compares the fold with one source, envelope by envelope, field by field.

    Reporting knows also what was asked and never opened. What it left out of the topic, or folded otherwise because a
    person corrected it in quarantine, is named as the reason of a difference.
    """
    fields = [f"{name}_cents" for name in AMOUNTS] + [*FLAGS, *counts]

    def check(evidence: Evidence) -> Outcome:
        said = rows(evidence)
        folded = {name: e for name, e in evidence.books.envelopes.items() if e.opened or by_reporting}
        differences = [f"{name}: only the log knows it" for name in folded.keys() - said.keys()]
        differences += [f"{name}: the log does not know it" for name in said.keys() - folded.keys()]
        for name in sorted(folded.keys() & said.keys()):
            differences += _unlike(name, folded[name], said[name], fields)
        if by_reporting:
            differences = [each + _reason(evidence, each) for each in differences]
        return len(folded), tuple(differences)

    return check


def _unlike(name: str, envelope: Envelope, row: Row, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        folded = getattr(envelope, field.removesuffix("_cents"))
        said = row[field] if field in row else _derived(row, field)
        if (said or 0) != folded:  # the ledger says None for the payment credits of a funder that has none
            yield f"{name}: {field} is {said}, the log adds up to {folded}"


def _derived(row: Row, field: str) -> int | bool:
    """What a row does not say itself: sums of what it says, or, of a record older than the field, its default."""
    cents = {name: row.get(f"{name}_cents") or 0 for name in AMOUNTS}
    has_credits = bool(row.get("has_payment_credits", row.get("payment_credits_cents") is not None))
    match field:
        case "available_cents":
            used = cents["reserved"] + cents["engaged"] + cents["lapsed"]
            return int(cents["authorised"] - cents["frozen"] - used)
        case "payable_cents":
            return int(cents["payment_credits"] - cents["payments_frozen"] - cents["paid"]) if has_credits else 0
        case "has_payment_credits":
            return has_credits
        case _:
            return 0


def _reason(evidence: Evidence, difference: str) -> str:
    """Name what reporting's quarantine keeps of the contract of a difference, or of nobody knows which."""
    log = evidence.logs[ALLOCATIONS]
    keys = {(record.partition, record.offset): record.key for record in log.records}
    why = [what for place, what in evidence.told.left_out.items() if difference.startswith(keys.get(place, difference))]
    return f"; in reporting's quarantine, {', '.join(why)}" if why else ""


def _latest(topic: str) -> Callable[[Evidence], dict[str, Any]]:
    return lambda evidence: {
        key: json.loads(record.value or b"{}") for key, record in evidence.logs[topic].latest().items()
    }


WAITING = ("waiting_count",)
ALL_COUNTS = ("reserved_count", "waiting_count", "engaged_count", "refused_count")
CHECKS: tuple[tuple[str, Callable[[Evidence], Outcome]], ...] = (
    ("sequences on Kafka are dense", _sequences),
    ("what others wrote is in quarantine", _strangers),
    ("Kafka holds all that databases gave out", _published),
    ("accepted events are published, once", _accepted),
    ("each commitment event has one decision", _decided),
    ("no envelope is ever overdrawn", _overdrawn),
    ("balances are the sums of their postings", _postings),
    ("envelopes in funding's database", _envelopes(lambda e: e.told.ledger, WAITING, by_reporting=False)),
    ("envelopes in funding's answers", _envelopes(lambda e: e.told.funding_answers, WAITING, by_reporting=False)),
    (f"envelopes stated on {ENVELOPES}", _envelopes(_latest(ENVELOPES), WAITING, by_reporting=False)),
    ("budgets in reporting's database", _envelopes(lambda e: e.told.budgets, ALL_COUNTS, by_reporting=True)),
    ("budgets in reporting's answers", _envelopes(lambda e: e.told.reporting_answers, ALL_COUNTS, by_reporting=True)),
    (f"budgets stated on {BUDGETS}", _envelopes(_latest(BUDGETS), ALL_COUNTS, by_reporting=True)),
    ("budget figures have read everything", _figures_are_current),
    ("survival figures have read everything", _survival),
)
