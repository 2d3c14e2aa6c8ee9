"""How commands ask the books: all of one moment."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from fabrique.stack.composition import compose
from fabrique.stack.folder import state_folder

if TYPE_CHECKING:
    from services.funding.store.journal import Journal

Answer = TypeVar("Answer")


def read_books(ask: "Callable[[Journal], Coroutine[Any, Any, Answer]]") -> Answer:
    """Ask the books, all of one moment."""
    composed = compose("funding", state_folder())
    opened: AbstractAsyncContextManager[Journal] = composed.app.read_journal(composed.settings)

    async def answered() -> Answer:
        async with opened as journal:
            return await ask(journal)

    return asyncio.run(answered())
