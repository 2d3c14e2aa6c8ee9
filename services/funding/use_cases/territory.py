"""Tells what changed in the territory: one at a time, recorded for ever, and announced contract by contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from services.funding.announcement import territory_fact
from services.funding.domain.manager import Manager
from services.funding.domain.territory import (
    Annulment,
    Attachment,
    Change,
    Merger,
    Telling,
    Territory,
    objection,
    told_before,
    with_change,
)
from services.funding.store import territory as store
from services.funding.store.tables import TerritoryChange
from services.funding.use_cases.commanding import Desk, NotCommanded
from services.funding.use_cases.telling import COMMANDS
from shared.contracts.topics import TERRITORY
from shared.database.outbox import Outbox
from shared.database.transaction import Session, transaction
from shared.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody tells, why, and the identifier by which it is recognised when it is told again."""

    command_id: UUID
    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, or, when `rehearsed`, what would be; `is_new` the first time."""

    change: TerritoryChange
    is_new: bool = True
    rehearsed: bool = False


def of_programme(changes: Sequence[Change]) -> list[Wanted]:
    """Tell what a programme file says: the same file again is recognised."""
    return [
        Wanted(uuid5(COMMANDS, f"territory/{store.kind_of(c)}/{msgspec.json.encode(store.content_of(c)).decode()}"),
               c, "programme")
        for c in changes
    ]  # fmt: skip


async def tell(desk: Desk, wanted: Sequence[Wanted], manager: Manager, *, dry_run: bool = False) -> list[Told]:
    """Tell changes in order, all or none. Raises NotCommanded.

    The territory moves no money and decides nothing, so no partition's line is locked: what is told is one line of its
    own, in which each change is judged by those before it.
    """
    async with transaction(desk.engine) as session:
        await store.lock(session)
        rows = await store.changes(session)
        teller = _Teller(desk, manager, await store.territory(session), rows)
        answers = [teller.hear(each) for each in wanted]
        if not dry_run:
            await teller.announce(session)
        return [replace(answer, rehearsed=dry_run) for answer in answers]


class _Teller:
    """Hears what one manager tells, in one transaction."""

    def __init__(self, desk: Desk, manager: Manager, territory: Territory, rows: Sequence[TerritoryChange]) -> None:
        self._desk = desk
        self._manager = manager
        self._territory = territory
        self._by_command = {row.command_id: row for row in rows}
        self._by_subject = {(row.kind, row.subject): row for row in rows}
        self._last = rows[-1].number if rows else 0
        self._known_at: datetime = max([desk.clock(), *(row.known_at for row in rows[-1:])])
        self._new: list[tuple[TerritoryChange, list[bytes]]] = []

    def hear(self, wanted: Wanted) -> Told:
        """Judge one change. Raises NotCommanded."""
        kind, change = store.kind_of(wanted.change), wanted.change
        if earlier := self._by_command.get(wanted.command_id):
            if (earlier.kind, earlier.content) != (kind, store.content_of(change)):
                raise NotCommanded("command-conflict", "Another command has this identifier.", field="command_id")
            return Told(earlier, is_new=False)
        subject = subject_of(change)
        if told_before(self._territory, change):
            return Told(self._by_subject[kind, subject], is_new=False)
        change = replace(change, number=self._last + 1, known_at=self._known_at)
        if wrong := objection(self._territory, change):
            raise NotCommanded(wrong.value, f"{subject} is refused.", field=FIELDS[kind])
        return Told(self._take(wanted, change, kind, subject))

    def _take(self, wanted: Wanted, change: Change, kind: str, subject: str) -> TerritoryChange:
        after = with_change(self._territory, change)
        tellings = after.untold([change.contract] if isinstance(change, Attachment) else None)
        if not self._manager.may_for(telling.contract for telling in tellings):
            raise NotCommanded("not-allowed", "This key may not speak for all the contracts concerned.")
        by, reason = self._manager.role, wanted.reason
        facts = [territory_fact(each, after, by=by, reason=reason, known_at=self._known_at) for each in tellings]
        row = TerritoryChange(
            number=change.number, command_id=wanted.command_id, kind=kind, subject=subject,
            content=store.content_of(change), facts=[[*telling] for telling in tellings], by=by,
            told_by=self._manager.name, reason=reason, known_at=self._known_at,
        )  # fmt: skip
        self._territory = replace(after, told=after.told | {*tellings})
        self._last = change.number
        self._by_command[row.command_id] = self._by_subject[kind, subject] = row
        self._new.append((row, facts))
        return row

    async def announce(self, session: Session) -> None:
        """Record what is new, and announce it in each contract's partition; output partitions are locked last."""
        session.add_all(row for row, _ in self._new)
        await session.flush()
        outbox = Outbox(session, self._desk.route)
        tellings = [(row, Telling(*said)) for row, _ in self._new for said in row.facts]
        homes = {telling.contract: outbox.destination(TERRITORY.name, telling.contract.encode())
                 for _, telling in tellings}  # fmt: skip
        await outbox.hold(homes.values())
        for row, facts in self._new:
            for ordinal, (said, value) in enumerate(zip(row.facts, facts, strict=True)):
                telling = Telling(*said)
                home = homes[telling.contract]
                outbox.add(
                    home, key=telling.contract.encode(), event_id=derived_id(row.command_id, ordinal),
                    type=telling.type, subject=telling.contract, value=value, cause=row.command_id,
                    time=outbox.known_at(home, at_least=row.known_at),
                )  # fmt: skip
        await outbox.flush()


FIELDS = {"attach": "contract", "merge": "name", "annul": "merger"}
"""Which field a refusal points to."""


def subject_of(change: Change) -> str:
    """What a change is about: a contract or a merger; of each, one change of a kind is told."""
    match change:
        case Attachment():
            return change.contract
        case Merger():
            return change.name
        case Annulment():
            return change.merger
