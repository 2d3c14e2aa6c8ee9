"""Makes, revokes, lists and recognises the keys of managers."""

import secrets
from collections.abc import Collection, Iterable, Sequence

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.manager import OPERATOR, Manager
from services.funding.store import commands as store
from services.funding.store.tables import ManagerKey
from shared.contracts.fields import ContractCode, PlatformName
from shared.database.transaction import reading, transaction
from shared.kernel import api_key
from shared.kernel.api_key import NewKey
from shared.kernel.clock import Clock
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder

NAME: TypeAdapter[str] = TypeAdapter(PlatformName)
CONTRACTS: TypeAdapter[list[str]] = TypeAdapter(list[ContractCode])


class ManagerInvalid(ProgrammeError):
    """A manager's key cannot be made with these terms."""


def manager(name: str, role: str, *, funders: Iterable[Funder], contracts: Collection[str] | None = None) -> Manager:
    """Describe a manager. Raises ManagerInvalid."""
    try:
        for word in (name, role):
            NAME.validate_python(word)
    except ValueError as error:
        raise ManagerInvalid("a name and a role are written with small letters, digits and hyphens") from error
    try:
        codes = None if contracts is None else frozenset(CONTRACTS.validate_python([*contracts]))
    except ValueError as error:
        raise ManagerInvalid("a contract is named by its code: CV219") from error
    found = Manager(name, role, frozenset(funders), codes)
    if not found.funders:
        raise ManagerInvalid("say for which funder it commands: CDC, STATE or both")
    if OPERATOR.name in (name, role):
        raise ManagerInvalid("operator is the name of who holds the operator's key")
    return found


async def create_key(engine: AsyncEngine, whose: Manager, *, clock: Clock) -> NewKey:
    """Make a key: its prefix, and the key itself, which is shown once and kept nowhere.

    Raises ManagerInvalid when no envelope of one of its contracts was ever opened.
    """
    made = api_key.new_key()
    async with transaction(engine) as session:
        if unknown := await store.contracts_unknown(session, whose.contracts or ()):
            raise ManagerInvalid(
                f"no envelope of {', '.join(unknown)} was opened: look at `fabrique envelope list`, or open it first"
            )
        store.add_manager_key(session, prefix=made.prefix, hashed=api_key.hashed(made.key), manager=whose, at=clock())
    return made


async def revoke_key(engine: AsyncEngine, prefix: str, *, clock: Clock) -> bool:
    """Revoke a key; whether it stood."""
    async with transaction(engine) as session:
        row = await store.manager_key(session, prefix)
        if row is None or row.revoked_at is not None:
            return False
        row.revoked_at = clock()
        return True


async def list_keys(engine: AsyncEngine) -> Sequence[ManagerKey]:
    """List all keys, oldest first, revoked ones too."""
    async with reading(engine) as session:
        return await store.manager_keys(session)


async def recognised(engine: AsyncEngine, key: str, *, operator_key: str) -> Manager | None:
    """Tell whose a key is; None when it is not one that stands. Commands are rare: nothing is remembered."""
    if operator_key and secrets.compare_digest(key.encode(), operator_key.encode()):
        return OPERATOR
    prefix = api_key.prefix_of(key)
    if prefix is None:
        return None
    async with reading(engine) as session:
        row = await store.manager_key(session, prefix)
    if row is None or row.revoked_at is not None or not api_key.is_same(key, row.hash):
        return None
    return store.manager_of(row)


async def standing(engine: AsyncEngine, prefix: str) -> Manager | None:
    """Tell whose a key is by its prefix alone, for somebody who showed the key before; None when it stands no more."""
    async with reading(engine) as session:
        row = await store.manager_key(session, prefix)
    return None if row is None or row.revoked_at is not None else store.manager_of(row)
