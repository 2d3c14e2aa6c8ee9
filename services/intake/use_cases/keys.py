"""Makes, revokes, lists and recognises the keys of platforms."""

import time
from collections.abc import Collection, Iterable, Sequence

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.scope import EVERY_TYPE, Scope
from services.intake.store import queries
from services.intake.store.tables import ApiKey
from shared.contracts.fields import PlatformName
from shared.contracts.told import TOLD
from shared.database.transaction import reading, transaction
from shared.kernel import api_key
from shared.kernel.api_key import NewKey
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder

REMEMBERED_SECONDS = 2.0
REMEMBERED_KEYS_MAX = 10_000
PLATFORM: TypeAdapter[str] = TypeAdapter(PlatformName)


class KeyTermsInvalid(ProgrammeError):
    """A key cannot be made with these terms."""


def check_terms(platform: str, event_types: Collection[str]) -> None:
    """Raise KeyTermsInvalid for an unknown type of event, or a platform that cannot be named so."""
    if unknown := set(event_types) - TOLD.keys() - {EVERY_TYPE}:
        raise KeyTermsInvalid(f"not types of event: {', '.join(sorted(unknown))}; they are {', '.join(sorted(TOLD))}")
    try:
        PLATFORM.validate_python(platform)
    except ValueError as error:
        raise KeyTermsInvalid("a platform is named with small letters, digits and hyphens") from error


async def create_key(
    engine: AsyncEngine, *, platform: str, event_types: Collection[str], funders: Iterable[Funder], clock: Clock
) -> NewKey:
    """Make a key for a platform. Raises KeyTermsInvalid."""
    check_terms(platform, event_types)
    made = api_key.new_key()
    async with transaction(engine) as session:
        session.add(
            ApiKey(
                prefix=made.prefix, hash=api_key.hashed(made.key), platform=platform,
                event_types=sorted(set(event_types)), funders=sorted({funder.value for funder in funders}),
                created_at=clock(),
            )
        )  # fmt: skip
    return made


async def revoke_key(engine: AsyncEngine, prefix: str, *, clock: Clock) -> bool:
    """Revoke a key; whether it stood."""
    async with transaction(engine) as session:
        row = await queries.api_key(session, prefix)
        if row is None or row.revoked_at is not None:
            return False
        row.revoked_at = clock()
        return True


async def list_keys(engine: AsyncEngine) -> Sequence[ApiKey]:
    """List all keys, oldest first, revoked ones too."""
    async with reading(engine) as session:
        return await queries.api_keys(session)


class KnownKeys:
    """Recognises keys, remembering each for a moment: a revocation is felt within two seconds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._remembered: dict[str, tuple[float, ApiKey]] = {}

    async def scope(self, key: str) -> Scope | None:
        """Return what a key lets its platform tell; None when it is not a key that stands."""
        prefix = api_key.prefix_of(key)
        if prefix is None:
            return None
        row = await self._row(prefix)
        if row is None or row.revoked_at is not None or not api_key.is_same(key, row.hash):
            return None
        return queries.scope_of(row)

    async def _row(self, prefix: str) -> ApiKey | None:
        now = time.monotonic()
        since, row = self._remembered.get(prefix, (0.0, None))
        if row is not None and now - since < REMEMBERED_SECONDS:
            return row
        async with reading(self._engine) as session:
            row = await queries.api_key(session, prefix)
        if len(self._remembered) >= REMEMBERED_KEYS_MAX:
            self._remembered.clear()
        self._remembered.pop(prefix, None)
        if row is not None:
            self._remembered[prefix] = (now, row)
        return row
