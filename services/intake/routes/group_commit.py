"""The group commit: requests that arrive while a transaction commits share the next one; answers leave after COMMIT."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.answer import Accepted, Answer
from services.intake.domain.telling import Telling
from services.intake.store.writes import Raced
from services.intake.use_cases.counters import HTTP, count
from shared.database.outbox import Outbox, Route
from shared.database.transaction import Session, sqlstate, transaction
from shared.kernel.errors import Unavailable
from shared.messaging.backoff import is_transient

log = structlog.get_logger()
EVENTS_A_GROUP = 500
EVENTS_WAITING_MAX = 10_000
ATTEMPTS = 5
SECONDS_MAX = 12.0
LOST_TO_ANOTHER = ("40001", "40P01")
"""SQLSTATE of what is worth trying again at once: serialization failure, deadlock."""
Outcome = Answer | Exception
"""The answer to an event, or why there is none: Unavailable, or an error that this event causes."""
Apply = Callable[[Session, Outbox, Sequence[Telling]], Awaitable[list[Answer]]]


@dataclass(slots=True, eq=False)
class Request:
    """Events that wait for a transaction, and where their outcomes go."""

    tellings: Sequence[Telling]
    outcomes: asyncio.Future[list[Outcome]]


class GroupCommit:
    """Applies what requests bring, one transaction at a time, each with all that waited for it.

    `route` gives the router, and raises Unavailable while there is none; `announce` is called after each COMMIT.
    """

    def __init__(
        self, engine: AsyncEngine, *, route: Callable[[], Route], apply: Apply, announce: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._route = route
        self._apply = apply
        self._announce = announce
        self._queue: deque[Request] = deque()
        self._waiting = 0
        self._draining: asyncio.Task[None] | None = None
        self.committed = 0

    async def submit(self, tellings: Sequence[Telling]) -> list[Outcome]:
        """Return an outcome for each event, after COMMIT; at once when too many wait already."""
        if not tellings:
            return []
        if self._waiting + len(tellings) > EVENTS_WAITING_MAX:
            return [Unavailable("too many events wait already")] * len(tellings)
        request = Request(tellings, asyncio.get_running_loop().create_future())
        self._queue.append(request)
        self._waiting += len(tellings)
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await request.outcomes

    async def _drain(self) -> None:
        while self._queue:
            await self._answer(self._next_group())

    def _next_group(self) -> list[Request]:
        """Take requests in the order in which they came, up to the size of a group; never less than one."""
        group = [self._queue.popleft()]
        size = len(group[0].tellings)
        while self._queue and size + len(self._queue[0].tellings) <= EVENTS_A_GROUP:
            group.append(self._queue.popleft())
            size += len(group[-1].tellings)
        self._waiting -= size
        return group

    async def _answer(self, group: Sequence[Request]) -> None:
        outcomes = await self._settle([telling for request in group for telling in request.tellings])
        start = 0
        for request in group:
            end = start + len(request.tellings)
            if not request.outcomes.done():
                request.outcomes.set_result(outcomes[start:end])
            start = end

    async def _settle(self, tellings: Sequence[Telling]) -> list[Outcome]:
        """Commit events; one that breaks the transaction is found by halving, and fails alone."""
        try:
            return [*await self._commit(tellings)]
        except Exception as error:
            if is_transient(error):
                log.warning("events not accepted now", error=type(error).__name__, events=len(tellings))
                late = error if isinstance(error, Unavailable) else Unavailable("the database does not answer")
                return [late] * len(tellings)
            if len(tellings) == 1:
                log.error("event causes an unknown error", error=type(error).__name__)
                return [error]
        middle = len(tellings) // 2
        return [*await self._settle(tellings[:middle]), *await self._settle(tellings[middle:])]

    async def _commit(self, tellings: Sequence[Telling]) -> list[Answer]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(SECONDS_MAX), transaction(self._engine) as session:
                    outbox = Outbox(session, self._route())
                    answers = await self._apply(session, outbox, tellings)
                    await outbox.flush()
            except Exception as error:
                again = isinstance(error, Raced) or sqlstate(error) in LOST_TO_ANOTHER
                if not again or attempt == ATTEMPTS:
                    raise
            else:
                self.committed += 1
                self._announce()
                count(HTTP, tellings, answers)
                accepted = sum(isinstance(answer, Accepted) for answer in answers)
                log.info("group committed", events=len(tellings), accepted=accepted)
                return answers
        raise AssertionError("the last attempt returns or raises")
