"""What every request passes: its key, the size of its body, and a database that answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from services.intake.domain.scope import Scope
from services.intake.routes import answers
from services.intake.use_cases.keys import KnownKeys
from shared.kernel.errors import Unavailable
from shared.messaging.backoff import is_transient
from shared.web.problems import Problem

BODY_BYTES_MAX = 1024 * 1024


async def authenticated(request: Request, keys: KnownKeys) -> Scope:
    """Return the scope of the request's key. Raises Problem 401 when there is none that stands."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    key = said.strip() if kind.lower() == "bearer" else ""
    if not key:
        raise _closed("This needs a key.", "Send it as `Authorization: Bearer fab_…`.")
    with database_answers():
        scope = await keys.scope(key)
    if scope is None:
        raise _closed("This key is not known, or was revoked: ask for another.")
    return scope


def _closed(title: str, detail: str = "") -> Problem:
    return Problem(401, "key-unknown", title, detail=detail, headers={"WWW-Authenticate": "Bearer"})


@contextmanager
def database_answers() -> Iterator[None]:
    """Turn a database that does not answer into Unavailable, which is shown as 503."""
    try:
        yield
    except Exception as error:
        if is_transient(error) and not isinstance(error, Unavailable):
            raise Unavailable("the database does not answer") from error
        raise


async def body_of(request: Request) -> bytes:
    """Read the whole body. Raises Problem 413 as soon as it is longer than 1 MiB."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > BODY_BYTES_MAX:
            raise Problem(413, "too-large", "The body is too large.", detail=f"At most 1 MiB. {answers.SIZES}")
    return bytes(received)
