"""Identifiers: random where they stand for people, derived where a replay must give the same bytes."""

from collections.abc import Callable
from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils
from asyncpg.pgproto import pgproto

parse_id: Callable[[str], UUID] = pgproto.UUID
"""Reads an identifier. Raises ValueError.

asyncpg's type is a `uuid.UUID` written in C: it is made, hashed and printed many times faster.
"""
COMMITMENTS = uuid5(NAMESPACE_URL, "urn:fabrique:commitment")


def new_id() -> UUID:
    """Return a time-ordered random identifier (UUIDv7)."""
    return UUID(int=uuid_utils.uuid7().int)


def commitment_id(platform: str, reference: str) -> UUID:
    """Derive a commitment's identifier, so that the same commitment told by any road is one (UUIDv5)."""
    return uuid5(COMMITMENTS, f"{platform}\n{reference}")


def derived_id(cause: UUID, ordinal: int) -> UUID:
    """Derive the identifier of the `ordinal`-th fact that `cause` produced, the same at each replay (UUIDv5)."""
    derived: UUID = pgproto.UUID(uuid_utils.uuid5(uuid_utils.UUID(bytes=cause.bytes), str(ordinal)).bytes)
    return derived
