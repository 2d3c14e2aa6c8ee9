"""The matcher of funding: `assert_books_balance` folds its database and its log, and names every breach."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby, product
from typing import Any
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

from tests.support.books_oracle import identity, once, oracle_breaches
from tests.support.spine_checks import (
    TABLES,
    BooksDoNotBalance,
    Row,
    Snapshot,
    checkpoint_breaches,
    outbox_breaches,
    snapshot,
)
from tests.support.topics import Log

COMMITMENT, ALLOCATION, ENVELOPE = "intake.commitment.v1", "funding.allocation.v1", "funding.envelope.v1"
LEDGER = TABLES | {
    "envelope": "SELECT * FROM envelope ORDER BY envelope_id",
    "commitment": "SELECT * FROM commitment ORDER BY priority, place",
    "engagement": "SELECT * FROM engagement ORDER BY commitment_id, funder",
    "payment": "SELECT * FROM payment ORDER BY commitment_id, funder, exercise",
    "held_movement": "SELECT * FROM held_movement ORDER BY contract, place",
    "posting": "SELECT * FROM posting ORDER BY partition, sequence, line",
    "command": "SELECT * FROM command ORDER BY partition, next_offset, step",
}
NEVER_NEGATIVE = ("available", "reserved", "waitlisted", "frozen")
Accounts = Counter[tuple[str, str]]

__all__ = ["BooksDoNotBalance", "assert_books_balance"]


async def assert_books_balance(url: str, *, log: Log) -> Snapshot:
    """Fold everything that funding wrote and raise BooksDoNotBalance with all that does not hold.

    `log` is what lies on `intake.commitment.v1`, by partition; funding must have read it to its end.
    """
    found = await snapshot(url, LEDGER)
    breaches = [*outbox_breaches(found), *envelope_breaches(found), *engagement_breaches(found)]
    breaches += statement_breaches(found)
    breaches += [*checkpoint_breaches(found, COMMITMENT, log), *decision_breaches(found, log)]
    breaches += oracle_breaches(found, log)
    if breaches:
        raise BooksDoNotBalance(breaches)
    return found


def envelope_breaches(found: Snapshot) -> Iterator[str]:
    """No envelope is overdrawn after any fact; each balance is the sum of its postings and of its commitments."""
    accounts: Accounts = Counter()
    for fact, rows in groupby(found["posting"], key=lambda row: (row["partition"], row["sequence"])):
        postings = list(rows)
        for row in postings:
            accounts[(row["envelope_id"], row["credit"])] -= row["amount_cents"]
            accounts[(row["envelope_id"], row["debit"])] += row["amount_cents"]
        for place in product({row["envelope_id"] for row in postings}, NEVER_NEGATIVE):
            if accounts[place] < 0:
                yield f"{place[0]}: {place[1]} falls to {accounts[place]} at {fact}"
    asked, waiting = _asked(found)
    for row in found["envelope"]:
        name = row["envelope_id"]
        for account in ("reserved", "waitlisted", "engaged", "lapsed", "paid", "frozen"):
            if row[f"{account}_cents"] != accounts[(name, account)]:
                yield f"{name}: {account} is {row[f'{account}_cents']}, its postings sum to {accounts[(name, account)]}"
        if row["authorised_cents"] != -accounts[(name, "voted")]:
            yield f"{name}: {row['authorised_cents']} authorised, {-accounts[(name, 'voted')]} posted"
        for state in ("reserved", "waitlisted", "engaged"):
            if row[f"{state}_cents"] != asked[(name, state)]:
                yield f"{name}: {state} is {row[f'{state}_cents']}, its commitments ask {asked[(name, state)]}"
        if row["waiting_count"] != waiting[name]:
            yield f"{name}: {row['waiting_count']} are said to wait, {waiting[name]} do"


def _asked(found: Snapshot) -> tuple[Accounts, Counter[str]]:
    """What commitments stand for in (envelope, account), and how many wait for each envelope."""
    asked: Accounts = Counter()
    waiting: Counter[str] = Counter()
    engaged = {(row["commitment_id"], row["funder"]): row["engaged_cents"] for row in found["engagement"]}
    for row in found["commitment"]:
        for funder, cents in (("CDC", row["cdc_cents"]), ("STATE", row["state_cents"])):
            name = f"{row['contract']}.{funder}.{row['exercise']}"
            acted = engaged.get((row["commitment_id"], funder), 0)
            standing = "reserved" if row["state"] == "engaged" else row["state"]
            standing = "waitlisted" if row["waits"] == funder else standing
            asked[(name, standing)] += cents - acted
            asked[(name, "engaged")] += acted
            waiting[name] += standing == "waitlisted" and cents > 0
    return asked, waiting


def statement_breaches(found: Snapshot) -> Iterator[str]:
    """The versions that are stated of an envelope only grow, and never pass the envelope's own."""
    versions = {row["envelope_id"]: row["version"] for row in found["envelope"]}
    stated: dict[str, int] = {}
    for row in found["outbox"]:
        if row["topic"] == ENVELOPE:
            said = json.loads(row["value"])
            if not stated.get(row["subject"], 0) < said["version"] <= versions[row["subject"]]:
                yield f"{row['subject']}: version {said['version']} is stated after {stated.get(row['subject'], 0)}"
            stated[row["subject"]] = said["version"]


def decision_breaches(found: Snapshot, log: Log) -> Iterator[str]:
    """Every event of the log has one decision or one quarantine row; but for commands, nothing else is decided."""
    refused = {(r["partition"], r["offset"]) for r in found["quarantine"] if r["topic"] == COMMITMENT}
    told: dict[UUID, list[Row]] = defaultdict(list)
    commands = {row["command_id"] for row in found["command"]}
    for row in found["outbox"]:
        if row["topic"] == ALLOCATION and not row["type"].startswith("Envelope") and row["cause"] not in commands:
            told[row["cause"]].append(row)
    for partition, records in log.items():
        for record in once(records):
            quarantined = (partition, record.offset) in refused
            answers = [] if quarantined and not _has_id(record) else told.pop(identity(record), [])
            decisions = _whole([row for row in answers if _answers(row, record)], record)
            if len(decisions) + quarantined != 1:
                yield f"{partition}/{record.offset}: {len(decisions)} decisions, {int(quarantined)} quarantined"
            if [row["event_id"] for row in answers] != [uuid5(r["cause"], str(i)) for i, r in enumerate(answers)]:
                yield f"{partition}/{record.offset}: the identities of its decisions are not derived from it, in order"
            if any(row["partition"] != partition for row in answers):
                yield f"{partition}/{record.offset}: is answered in another partition"
    for cause in told.keys() - {row["command_id"] for row in found["command"]}:
        yield f"{cause}: decided, but nowhere in the log"


def _answers(row: Row, record: ConsumerRecord[bytes, bytes]) -> bool:
    """Whether a decision is the record's own: no promotion that it allowed, no answer to what was held before it.

    Closing gives up what is left of each engagement first; that the commitment is closed is its answer.
    """
    closes = dict(record.headers).get("ce_type") == b"CommitmentClosed"
    return not (
        row["type"] == "AllocationPromoted"
        or json.loads(row["value"]).get("movement_id")
        or (closes and row["type"] == "AllocationDecommitted")
    )


def _whole(decisions: list[Row], record: ConsumerRecord[bytes, bytes]) -> list[Row]:
    """Without what is told, first of all or after what is reserved, of the part that waits of one who is mixed."""
    kinds = [row["type"] for row in decisions]
    match dict(record.headers).get("ce_type"), kinds:
        case b"CommitmentDeclared", ["AllocationReserved", "AllocationWaitlisted"]:
            return decisions[:1]
        case b"CommitmentAmended", ["AllocationAmended", "AllocationAmended"]:
            return decisions[1:]
        case (b"CommitmentWithdrawn", ["AllocationAmended", _]) | (b"CommitmentClosed", ["AllocationAmended", _]):
            return decisions[1:]
    return decisions


def engagement_breaches(found: Snapshot) -> Iterator[str]:
    """What is paid of an engagement is the sum of what each exercise paid."""
    paid: Counter[tuple[UUID, str]] = Counter()
    for row in found["payment"]:
        paid[row["commitment_id"], row["funder"]] += row["paid_cents"]
    for row in found["engagement"]:
        if row["paid_cents"] != paid[row["commitment_id"], row["funder"]]:
            yield f"{row['commitment_id']}: {row['funder']} paid {row['paid_cents']}, by exercise otherwise"


def _has_id(record: ConsumerRecord[Any, Any]) -> bool:
    try:
        identity(record)
    except (ValueError, AttributeError, KeyError):
        return False
    return True
