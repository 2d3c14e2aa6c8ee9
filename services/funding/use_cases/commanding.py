"""Commands, approves and rejects: each a transaction that locks its partitions' lines, decides, records, announces."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.announcement import allocation_fact, envelope_fact
from services.funding.domain import commands
from services.funding.domain.books import Books
from services.funding.domain.command import Command, needs_standing, parts
from services.funding.domain.commands import Applied, EnvelopeAct, Told
from services.funding.domain.envelope import Envelope
from services.funding.domain.manager import Manager, weight_cents
from services.funding.domain.objection import Refused, misshaped
from services.funding.store import commands as store
from services.funding.store import tables, writes
from services.funding.use_cases.answering import content_of, hash_of, outcome, wanted_by
from shared.contracts.topics import ALLOCATION, COMMITMENT
from shared.database import checkpoint
from shared.database.checkpoint import Source
from shared.database.outbox import Outbox, Route
from shared.database.transaction import Session, transaction
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError
from shared.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class Desk:
    """What managers' commands work with; from `four_eyes_from_cents` on, somebody else must approve."""

    engine: AsyncEngine
    route: Route
    clock: Clock
    four_eyes_from_cents: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command, or, when `rehearsed`, what would; `is_new` the first time that it was given."""

    command: tables.Command
    rehearsed: bool = False
    needs_approval: bool = False
    is_new: bool = True


class NotCommanded(ProgrammeError):
    """A command that is not taken at all, for a stable `reason`; nothing is stored."""

    def __init__(self, reason: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.field = field


class _Rehearsed(Exception):
    """Undoes what was only tried."""


async def command(
    desk: Desk, command_id: UUID, wanted: Command, manager: Manager, *, expected_version: int | None = None,
    dry_run: bool = False,
) -> Answer:  # fmt: skip
    """Do what a manager commands, or store it for somebody else to approve. Raises NotCommanded.

    The same identifier with the same content is answered the same again. `dry_run` does all of it, and undoes it.
    """
    _hold_right(manager, wanted)
    if (wrong := misshaped(wanted)) is not None:
        raise NotCommanded(wrong.objection.value, "The receiver does not fit the giver.", field=wrong.field)
    async with undoing(desk.engine, dry_run) as session:
        row, is_new = await store.propose(
            session, _proposal(command_id, wanted, manager, expected_version, desk.clock())
        )
        if row.content_hash != hash_of(wanted, manager.name, expected_version):
            raise NotCommanded("command-conflict", "Another command has this identifier.", field="command_id")
        if not is_new:
            return Answer(row, is_new=False)
        giver = await store.envelope(session, wanted.envelope)
        _expect(giver, expected_version)
        heavy = weight_cents(wanted, giver) >= desk.four_eyes_from_cents
        if heavy and not dry_run:
            return Answer(row, needs_approval=True)
        decided = await _decide(session, desk, row, wanted, expected_version=expected_version)
        return Answer(decided, rehearsed=dry_run, needs_approval=heavy)


async def approve(desk: Desk, command_id: UUID, manager: Manager, *, dry_run: bool = False) -> Answer:
    """Decide, as of now, what another manager proposed. Raises NotCommanded."""
    async with undoing(desk.engine, dry_run) as session:
        row = await _proposed(session, command_id, manager)
        if row.approved_by == manager.name:
            return Answer(row, is_new=False)
        if row.state != "proposed":
            raise _answered(row)
        if row.proposed_by == manager.name:
            raise NotCommanded("own-proposal", "Whoever proposed a command cannot approve it.")
        return Answer(await _decide(session, desk, row, wanted_by(row), approved_by=manager.name), rehearsed=dry_run)


async def reject(desk: Desk, command_id: UUID, manager: Manager, *, reason: str) -> Answer:
    """Answer a proposal with no; who proposed it may take it back so. Raises NotCommanded."""
    async with transaction(desk.engine) as session:
        row = await _proposed(session, command_id, manager)
        if row.state == "rejected" and (row.rejected_by, row.rejection_reason) == (manager.name, reason):
            return Answer(row, is_new=False)
        if row.state != "proposed":
            raise _answered(row)
        return Answer(
            await answered(session, row, {"state": "rejected", "rejected_by": manager.name, "rejection_reason": reason})
        )


async def _decide(
    session: Session, desk: Desk, row: tables.Command, wanted: Command, *, approved_by: str | None = None,
    expected_version: int | None = None,
) -> tables.Command:  # fmt: skip
    """Take a step in the line of each partition concerned, decide there, and write what came of it."""
    outbox = Outbox(session, desk.route)
    contracts = [parts(name)[0] for name in wanted.concerned]
    sources = [Source(COMMITMENT.name, desk.route(COMMITMENT.name, contract.encode())) for contract in contracts]
    await checkpoint.ensure(session, {*sources}, topic_ids={})
    steps = {source: await checkpoint.take_step(session, source) for source in sorted({*sources})}
    books = await _load(session, wanted)
    _expect(books.envelopes.get(wanted.envelope), expected_version)
    before = {name: replace(books.envelopes[name]) for name in wanted.concerned if name in books.envelopes}
    decided = commands.decide(books, wanted)
    now = desk.clock()
    answer: dict[str, Any] = {
        "approved_by": approved_by, "applied_at": now, "outcome": outcome(row.command_id, decided, before, books),
        "state": "refused" if isinstance(decided, Refused) else "applied",
        **store.placed([(source, steps[source]) for source in dict.fromkeys(sources)]),
    }  # fmt: skip
    if isinstance(decided, Applied):
        postings = await _announce(outbox, row.command_id, wanted, decided.facts, now=now)
        await writes.record_books(session, books, postings)
        await outbox.flush()
    return await answered(session, row, answer)


async def _load(session: Session, wanted: Command) -> Books:
    """Load what the command may touch; the lines are locked, so nobody else writes there."""
    contracts = {parts(name)[0] for name in wanted.concerned}
    pairs = [(contract, exercise) for contract, _, exercise in map(parts, wanted.concerned)]
    envelopes = await store.load_books(session, contracts=contracts, standing=(), waiting=())
    standing = pairs[:1] if needs_standing(wanted, envelopes.envelopes.values()) else ()
    return await store.load_books(session, contracts=contracts, standing=standing, waiting=pairs)


async def _announce(
    outbox: Outbox, command_id: UUID, wanted: Command, facts: Sequence[Told], *, now: datetime
) -> list[tuple[Any, ...]]:
    """Announce each fact in its contract's partition, and return the postings; output partitions are locked last."""
    homes = {fact.contract: outbox.destination(ALLOCATION.name, fact.contract.encode()) for fact in facts}
    await outbox.hold(homes.values())
    postings: list[tuple[Any, ...]] = []
    for ordinal, fact in enumerate(facts):
        home = homes[fact.contract]
        known_at = outbox.known_at(home, at_least=now)
        if isinstance(fact, EnvelopeAct):
            whose, subject, type_ = None, fact.envelope.envelope_id, fact.type
            value = envelope_fact(fact, wanted, known_at=known_at)
        else:
            whose, subject, type_ = fact.commitment_id, str(fact.commitment_id), fact.kind.value
            value = allocation_fact(fact, known_at=known_at)
        sequence = outbox.add(
            home, key=fact.contract.encode(), event_id=derived_id(command_id, ordinal), type=type_, subject=subject,
            time=known_at, value=value, cause=command_id,
        )  # fmt: skip
        postings += [
            (home.partition, sequence, line, p.envelope_id, whose, p.credit, p.debit, p.amount_cents)
            for line, p in enumerate(fact.postings)
        ]
    return postings


async def answered(session: Session, row: tables.Command, values: Mapping[str, Any]) -> tables.Command:
    """Write what came of a command that was noted; return it as it is kept."""
    await store.answer(session, row.command_id, values)
    found = await store.lock(session, row.command_id)
    return found or row


async def _proposed(session: Session, command_id: UUID, manager: Manager) -> tables.Command:
    """Read and lock a command that somebody wants to answer, and may."""
    row = await store.lock(session, command_id)
    if row is None:
        raise NotCommanded("command-unknown", "No such command was given.")
    if row.envelope_id is None:
        raise _answered(row)
    _hold_right(manager, wanted_by(row))
    return row


def _hold_right(manager: Manager, wanted: Command) -> None:
    if not manager.may(wanted):
        raise NotCommanded("not-allowed", "This key may not command these envelopes.", field="envelope")


def _expect(giver: Envelope | None, version: int | None) -> None:
    found = 0 if giver is None else giver.version
    if version is not None and found != version:
        raise NotCommanded(
            "envelope-moved", f"The envelope is at version {found}, no longer at {version}.", field="expected_version"
        )


def _answered(row: tables.Command) -> NotCommanded:
    return NotCommanded("already-answered", f"The command is {row.state} already.")


def _proposal(
    command_id: UUID, wanted: Command, manager: Manager, expected_version: int | None, at: datetime
) -> dict[str, Any]:
    return {
        "command_id": command_id, "kind": wanted.act.value, "by": wanted.by, "content": content_of(wanted),
        "state": "proposed", "envelope_id": wanted.envelope, "to_envelope_id": wanted.to, "reason": wanted.reason,
        "effective_on": wanted.effective_on, "content_hash": hash_of(wanted, manager.name, expected_version),
        "proposed_by": manager.name, "proposed_at": at,
    }  # fmt: skip


@asynccontextmanager
async def undoing(engine: AsyncEngine, dry_run: bool) -> AsyncIterator[Session]:
    """A transaction, of which nothing stays after a dry run."""
    with suppress(_Rehearsed):
        async with transaction(engine) as session:
            yield session
            if dry_run:
                raise _Rehearsed
