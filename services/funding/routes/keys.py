"""Whose key a request carries, and what is answered when something is not taken."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from fastapi import Request

from services.funding.domain.manager import Manager
from services.funding.routes.orders import not_taken
from services.funding.use_cases.commanding import NotCommanded
from shared.kernel.errors import Unavailable
from shared.messaging.backoff import is_transient
from shared.web.problems import Problem

WhoseKey = Callable[[str], Awaitable[Manager | None]]


def by_key(whose: WhoseKey) -> Callable[[Request], Awaitable[Manager]]:
    """A dependency that finds the manager of a request. Raises Problem 401."""

    async def manager(request: Request) -> Manager:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        with answers():
            found = await whose(key.strip()) if kind.lower() == "bearer" else None
        if found is None:
            raise Problem(401, "manager-unknown", "This needs a manager's key.",
                          detail="Send it as `Authorization: Bearer …`.",
                          headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        return found

    return manager


@contextmanager
def answers() -> Iterator[None]:
    """Turn what is not taken into a problem, and a database that does not answer into 503."""
    try:
        yield
    except NotCommanded as error:
        raise not_taken(error) from error
    except Exception as error:
        if is_transient(error) and not isinstance(error, Unavailable):
            raise Unavailable("the database does not answer") from error
        raise
