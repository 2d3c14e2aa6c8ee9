"""Compares what the topics add up to with databases, compacted topics and answers, to the cent."""

import json
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
AMOUNTS = ("authorised", "frozen", "reserved", "waitlisted", "available")
Logs = Mapping[str, Log]


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
    decisions = evidence.books.decisions
    differences = [
        f"{record.type} {record.id} at {record.partition}@{record.offset} has {decisions[record.id]} decisions"
        for record in events
        if decisions[record.id] + ((record.partition, record.offset) in quarantined) != 1
    ]
    unknown = decisions.keys() - {record.id for record in events}
    retried = evidence.told.retried.get(COMMITMENTS, set()) & evidence.logs[COMMITMENTS].strangers
    if len(unknown) > len(retried):  # what a person mended is decided too, and is not in the log as it was decided
        differences += [f"a decision names {cause or 'no cause'}, which is no commitment event" for cause in unknown]
    return len(events), tuple(differences)


def _overdrawn(evidence: Evidence) -> Outcome:
    return len(evidence.logs[ALLOCATIONS].records), tuple(evidence.books.faults)


def _postings(evidence: Evidence) -> Outcome:
    """Each balance of the ledger is the sum of its postings, and all accounts of an envelope sum to zero."""
    differences = []
    for name, row in evidence.told.ledger.items():
        posted = evidence.told.posted.get(name, {})
        sums = {account: posted.get(account, 0) for account in ("reserved", "waitlisted", "frozen")}
        sums["authorised"] = -posted.get("voted", 0)  # what left the vote
        differences += [
            f"{name}: {account} is {row[f'{account}_cents']}, its postings add up to {cents}"
            for account, cents in sums.items()
            if cents != row[f"{account}_cents"]
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
    rows: Callable[[Evidence], Mapping[str, Row]], counts: Iterable[str], *, opened_only: bool
) -> Callable[[Evidence], Outcome]:
    """A check that compares the fold with one source, envelope by envelope, field by field."""
    fields = [f"{name}_cents" for name in AMOUNTS] + [*counts]

    def check(evidence: Evidence) -> Outcome:
        said = rows(evidence)
        folded = {name: e for name, e in evidence.books.envelopes.items() if e.opened or not opened_only}
        differences = [f"{name}: only the log knows it" for name in folded.keys() - said.keys()]
        differences += [f"{name}: the log does not know it" for name in said.keys() - folded.keys()]
        for name in sorted(folded.keys() & said.keys()):
            differences += _unlike(name, folded[name], said[name], fields)
        return len(folded), tuple(differences)

    return check


def _unlike(name: str, envelope: Envelope, row: Row, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        folded = getattr(envelope, field.removesuffix("_cents"))
        said = row[field] if field in row else _available(row)
        if said != folded:
            yield f"{name}: {field} is {said}, the log adds up to {folded}"


def _available(row: Row) -> int:
    """Funding's answer has no such field: it is authorised, less frozen, reserved and engaged."""
    taken = row["frozen_cents"] + row["reserved_cents"] + row["engaged_cents"]
    return int(row["authorised_cents"] - taken)


def _latest(topic: str) -> Callable[[Evidence], dict[str, Any]]:
    return lambda evidence: {
        key: json.loads(record.value or b"{}") for key, record in evidence.logs[topic].latest().items()
    }


WAITING, ALL_COUNTS = ("waiting_count",), ("reserved_count", "waiting_count", "refused_count")
CHECKS: tuple[tuple[str, Callable[[Evidence], Outcome]], ...] = (
    ("sequences on Kafka are dense", _sequences),
    ("what others wrote is in quarantine", _strangers),
    ("Kafka holds all that databases gave out", _published),
    ("accepted events are published, once", _accepted),
    ("each commitment event has one decision", _decided),
    ("no envelope is ever overdrawn", _overdrawn),
    ("balances are the sums of their postings", _postings),
    ("envelopes in funding's database", _envelopes(lambda e: e.told.ledger, WAITING, opened_only=True)),
    ("envelopes in funding's answers", _envelopes(lambda e: e.told.funding_answers, WAITING, opened_only=True)),
    (f"envelopes stated on {ENVELOPES}", _envelopes(_latest(ENVELOPES), WAITING, opened_only=True)),
    ("budgets in reporting's database", _envelopes(lambda e: e.told.budgets, ALL_COUNTS, opened_only=False)),
    ("budgets in reporting's answers", _envelopes(lambda e: e.told.reporting_answers, ALL_COUNTS, opened_only=False)),
    (f"budgets stated on {BUDGETS}", _envelopes(_latest(BUDGETS), ALL_COUNTS, opened_only=False)),
    ("budget figures have read everything", _figures_are_current),
    ("survival figures have read everything", _survival),
)
