"""Replays for whoever asks, one at a time, with what proves nothing told as a problem."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.funding.routes.keys import answers
from services.funding.store import line
from services.funding.use_cases import what_if
from services.funding.use_cases.commanding import Desk
from services.funding.use_cases.what_if import Answer, History, Progress, Question, ReplayDiffers
from shared.database.transaction import reading
from shared.messaging.history import HistoryLost
from shared.web.problems import FieldProblem, Problem

REMEMBERED = 4
"""Answers that a process keeps for the files of the page that was just looked at; each holds what it compared."""


class Rehearsals:
    """Replays the lines of one desk's ledger. One at a time: it takes a whole core."""

    def __init__(self, desk: Callable[[], Desk], history: History) -> None:
        self.desk = desk
        self._history = history
        self._one_at_a_time = asyncio.Lock()
        self._known: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    async def answer(self, question: Question, progress: Progress = what_if.silent) -> Answer:
        """Replay. Raises Problem 409, and Unavailable."""
        at = self.desk()
        with answers(), _told():
            async with self._one_at_a_time:
                return await what_if.what_if(
                    at.engine, self._history, question, four_eyes_from_cents=at.four_eyes_from_cents, progress=progress
                )

    async def remembered(self, question: Question) -> Answer:
        """Answer the same question again without a replay, for as long as the ledger stands where it stood."""
        with answers():
            async with reading(self.desk().engine) as session:
                asked = await line.fingerprint(session), repr(question)
        if asked not in self._known:
            self._known[asked] = await self.answer(question)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[asked]


@contextmanager
def _told() -> Iterator[None]:
    """Turn a replay that proves nothing into a problem that names what differs."""
    try:
        yield
    except ReplayDiffers as error:
        fields = [FieldProblem(pointer="", detail=difference) for difference in error.differences]
        raise Problem(409, "replay-differs", str(error), detail="`fabrique ledger check` examines the ledger.",
                      errors=fields) from error  # fmt: skip
    except HistoryLost as error:
        raise Problem(409, "history-lost", "The log cannot be replayed.", detail=str(error)) from error
