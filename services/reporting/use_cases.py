"""What reporting does: fold facts, state figures, forget what was folded so that it is folded again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.announcement import budget_stated, partitions_read, survival_stated
from services.reporting.domain.budget import Budgets, Impossible
from services.reporting.domain.business import Business, BusinessKey
from services.reporting.domain.effects import effects
from services.reporting.domain.survival import as_of_month_end
from services.reporting.domain.survival_figures import ALL, state_survival
from services.reporting.store import queries, writes
from services.reporting.store.queries import Extent
from services.reporting.store.writes import Fold, Statement
from shared.contracts.allocation import AllocationFact, EnvelopeFact
from shared.contracts.entrepreneur import BusinessFact, EntrepreneurFact
from shared.contracts.figures import SurvivalStated
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL, Topic
from shared.database.outbox import Destination, Outbox, Route
from shared.database.transaction import Session, reading, transaction
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError, Rejected
from shared.messaging.stream import Batch

FIGURES = UUID("0f0c8a52-7d0e-5d8e-9a9c-2f4f4c0f6a31")
IMPOSSIBLE = {
    Impossible.BALANCE_IMPOSSIBLE: "an envelope would stand below zero or overdrawn",
    Impossible.STAKE_IMPOSSIBLE: "a commitment would give back, engage or be paid more than it has",
    Impossible.ENVELOPE_CLOSED: "the envelope is closed: no credit comes, goes or is paid from it any more",
}


async def fold_allocations(batch: Batch[AllocationFact | EnvelopeFact]) -> None:
    """Add, in order, what each fact does to the envelopes that it touches."""
    touched = [effect for event in batch.events for effect in effects(event.fact)]
    stakes = await queries.stakes(batch.session, [effect.stake for effect in touched if effect.stake is not None])
    budgets = Budgets(await queries.budgets(batch.session, [effect.envelope for effect in touched]), stakes)
    for event in batch.events:
        impossible = budgets.fold(event.fact)
        if impossible is not None:
            batch.reject(event, Rejected(impossible, IMPOSSIBLE[impossible]))
    await writes.record_budgets(batch.session, [budgets.by_envelope[envelope] for envelope in budgets.changed])
    await writes.record_stakes(batch.session, {key: budgets.stakes[key] for key in budgets.restaked})


async def fold_entrepreneurs(batch: Batch[EntrepreneurFact]) -> None:
    """Fold, in order, what is told of businesses; every fact counts, also those that concern no business."""
    told = [
        (BusinessKey(event.source.partition, event.fact.business_id), event.fact)
        for event in batch.events
        if isinstance(event.fact, BusinessFact)
    ]
    before = await queries.businesses(batch.session, [key for key, _ in told])
    after = dict(before)
    for key, fact in told:
        after[key] = (after.get(key) or Business(key=key)).after(fact)
    changed = [business for key, business in after.items() if business != before.get(key, Business(key=key))]
    await writes.record_businesses(batch.session, changed)
    strata = {(event.source.partition, event.fact.contract) for event in batch.events}
    await writes.record_folds(batch.session, _folds(batch), strata)


def _folds(batch: Batch[EntrepreneurFact]) -> list[Fold]:
    found = []
    for partition, events in groupby(batch.events, key=lambda event: event.source.partition):
        facts = [event.fact for event in events]
        declared_at = max(min(fact.declared_at, fact.known_at) for fact in facts)  # nobody was told in the future
        found.append(Fold(partition, len(facts), declared_at, max(fact.known_at for fact in facts)))
    return found


@dataclass(frozen=True, slots=True)
class _News:
    """Figures to state, how far their input was read for them, and how far it was for those stated before."""

    statements: Sequence[Statement]
    read: Extent
    read_before: Extent


async def state_budgets(*, engine: AsyncEngine, route: Route, clock: Clock, partitions: int) -> int:
    """State on `reporting.budget.v1` every budget that changed since it was last stated; return how many.

    Each figure says how far all partitions were read. When facts were read that change no figure (a movement held), one
    budget is stated again, as it stands, to carry the marks: one record at most each time.
    """
    async with reading(engine) as session:
        before, read = await _extents(session, BUDGET, ALLOCATION)
        if read == before:
            return 0
        changed = await queries.unstated_budgets(session, BUDGET.name)
        if not changed:
            herald = await queries.herald(session, BUDGET.name)
            changed = [] if herald is None else [herald]
    stated = [budget_stated(budget, partitions_read(read.marks)) for budget in changed]
    statements = [Statement(s.envelope_id, s.version, s.model_dump_json().encode()) for s in stated]
    news = _News(statements, read, before)
    return await _state(BUDGET, news, type_="BudgetStated", engine=engine, route=route, clock=clock,
                        partitions=partitions)  # fmt: skip


async def state_survival_figures(*, engine: AsyncEngine, route: Route, clock: Clock, partitions: int) -> int:
    """State on `reporting.survival.v1` the whole figure set when facts were folded; return how many strata.

    When nothing was folded of what was read (records in quarantine), `all` is stated again to carry the marks. The
    figures are computed outside any transaction, in a thread: with many businesses that takes long.
    """
    async with reading(engine) as session:
        before, read = await _extents(session, SURVIVAL, ENTREPRENEUR)
        folded = await queries.folded(session)
        if read == before or folded.declared_at is None:
            return 0
        last = await queries.stated(session, SURVIVAL.name, ALL)
        if last is not None and folded.facts < last.version:
            return 0
        is_new = last is None or last.restate or folded.facts > last.version
        lives = await queries.lives(session) if is_new else {}
    if last is not None and not is_new:
        again = SurvivalStated.model_validate_json(last.value).model_copy(update={"read": partitions_read(read.marks)})
        stated = [again]
    else:
        as_of = as_of_month_end(folded.declared_at.date())
        figures = await asyncio.to_thread(state_survival, lives, as_of=as_of)
        stated = survival_stated(figures, folded, partitions_read(read.marks))
    statements = [Statement(s.stratum, s.version, s.model_dump_json().encode()) for s in stated]
    news = _News(statements, read, before)
    return await _state(SURVIVAL, news, type_="SurvivalStated", engine=engine, route=route, clock=clock,
                        partitions=partitions)  # fmt: skip


async def _extents(session: Session, output: Topic, source: Topic) -> tuple[Extent, Extent]:
    """Return how far the input was read when the output was last stated, and how far it is now."""
    return await queries.published_extent(session, output.name), await queries.folded_extent(session, source.name)


async def _state(
    topic: Topic, news: _News, *, type_: str, engine: AsyncEngine, route: Route, clock: Clock, partitions: int
) -> int:
    """Announce figures, unless another process stated some since they were read: then the next round is newer."""
    if not news.statements:
        return 0
    async with transaction(engine) as session:
        outbox = Outbox(session, route)
        await outbox.hold([Destination(topic.name, partition) for partition in range(partitions)])
        if await queries.published_extent(session, topic.name) != news.read_before:
            return 0
        for key, _, value in news.statements:
            destination = outbox.destination(topic.name, key.encode())
            outbox.add(
                destination, key=key.encode(), event_id=uuid5(FIGURES, value.decode()), type=type_, subject=key,
                time=outbox.known_at(destination, at_least=clock()), value=value,
            )  # fmt: skip
        await writes.record_statements(
            session, topic.name, news.statements, read=news.read.marks, retried=news.read.retried
        )  # fmt: skip
        await outbox.flush()
    return len(news.statements)


class StillRunning(ProgrammeError):
    """Reporting's processes read while what they read is forgotten: they would go on in the middle."""


async def rebuild(engine: AsyncEngine, *, application: str) -> None:
    """Forget what was folded and how far the topics were read; reporting folds them again when it starts.

    Published figures stay; each is stated once more, at its version, when the fold has caught up. Raises StillRunning
    while a process of reporting (whose connections are named `application`…) is connected: stop them first.
    """
    async with transaction(engine) as session:
        if others := await queries.other_sessions(session, application):
            raise StillRunning(f"reporting still runs ({others} connections): stop it, then rebuild")
        await writes.forget_folds(session, [ALLOCATION.name, ENTREPRENEUR.name])
