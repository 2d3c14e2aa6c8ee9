"""Keeps what a committee thinks of a commitment: a command, one step of its contract's line."""

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from services.funding.domain import scoring
from services.funding.domain.commands import Applied
from services.funding.domain.commitment import Asked
from services.funding.domain.manager import Manager
from services.funding.domain.objection import Refused
from services.funding.domain.outcome import Outcome
from services.funding.domain.scoring import Scoring
from services.funding.store import commands as store
from services.funding.store import queries, tables, writes
from services.funding.use_cases.answering import outcome
from services.funding.use_cases.commanding import Answer, Desk, NotCommanded, answered, undoing
from services.funding.use_cases.telling import announce
from shared.contracts.topics import COMMITMENT
from shared.database import checkpoint
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox
from shared.database.transaction import Session

KIND = "score"


async def score(
    desk: Desk, command_id: UUID, wanted: Scoring, manager: Manager, *, dry_run: bool = False
) -> Answer:  # fmt: skip
    """Keep a score, and serve who is first now; it moves no amount, so nobody needs to approve it.

    `wanted` need not know the contract. The same identifier with the same content is answered the same again.
    `dry_run` does all of it, and undoes it. Raises NotCommanded.
    """
    async with undoing(desk.engine, dry_run) as session:
        standing = await queries.commitment(session, wanted.commitment_id)
        if standing is None:
            raise NotCommanded("commitment-unknown", "No such commitment was declared.", field="commitment_id")
        wanted = replace(wanted, contract=standing.contract)
        if not manager.may_score(standing.contract, Asked(standing.cdc_cents, standing.state_cents)):
            raise NotCommanded("not-allowed", "This key may not score this commitment.", field="commitment_id")
        row, is_new = await store.propose(session, _noted(command_id, wanted, manager, desk))
        if row.content_hash != hash_of(wanted, manager.name):
            raise NotCommanded("command-conflict", "Another command has this identifier.", field="command_id")
        if not is_new:
            return Answer(row, is_new=False)
        return Answer(await _decide(session, desk, row, wanted, standing.exercise), rehearsed=dry_run)


async def _decide(session: Session, desk: Desk, row: tables.Command, wanted: Scoring, exercise: int) -> tables.Command:
    """Take a step of the line, decide there, and write what came of it."""
    outbox, contract = Outbox(session, desk.route), wanted.contract
    source = Source(COMMITMENT.name, desk.route(COMMITMENT.name, contract.encode()))
    await checkpoint.ensure(session, [source], topic_ids={})
    place = await checkpoint.take_step(session, source)
    books = await queries.load_books(
        session, contracts=[contract], named=[wanted.commitment_id], served=[(contract, exercise)]
    )
    decided, now = scoring.decide(books, wanted), desk.clock()
    if isinstance(decided, Applied):
        outcomes = [fact for fact in decided.facts if isinstance(fact, Outcome)]
        postings = await announce(outbox, row.command_id, contract, outcomes, now=now)
        await writes.record_books(session, books, postings)
        await outbox.flush()
    answer: dict[str, Any] = {
        "applied_at": now, "outcome": outcome(row.command_id, decided, {}, books),
        "state": "refused" if isinstance(decided, Refused) else "applied", **store.placed([(source, place)]),
    }  # fmt: skip
    return await answered(session, row, answer)


def content_of(wanted: Scoring) -> dict[str, object]:
    """What is said, as a step of the line can be told again from it."""
    return {
        "kind": KIND, "contract": wanted.contract, "commitment_id": str(wanted.commitment_id), "score": wanted.score,
    }  # fmt: skip


def wanted_by(row: tables.Command) -> Scoring:
    """Read a score back from its row."""
    content: dict[str, Any] = {**row.content}
    return Scoring(
        content["contract"], UUID(content["commitment_id"]), content["score"], row.by, row.reason, row.effective_on
    )


def hash_of(wanted: Scoring, proposed_by: str) -> bytes:
    """Recognise a score that is given again: all that it says, and who said it."""
    told = [content_of(wanted), wanted.by, wanted.reason, wanted.effective_on, proposed_by]
    return sha256(msgspec.json.encode(told, order="sorted")).digest()


def _noted(command_id: UUID, wanted: Scoring, manager: Manager, desk: Desk) -> dict[str, Any]:
    return {
        "command_id": command_id, "kind": KIND, "by": wanted.by, "content": content_of(wanted), "state": "proposed",
        "reason": wanted.reason, "effective_on": wanted.effective_on, "content_hash": hash_of(wanted, manager.name),
        "proposed_by": manager.name, "proposed_at": desk.clock(),
    }  # fmt: skip
