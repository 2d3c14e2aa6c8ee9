"""The form of a key, `fab_<prefix>_<secret>`, and what is kept of it: a prefix to find it, a hash to know it again."""

import hashlib
import hmac
import secrets
from typing import NamedTuple

MARK = "fab"
PREFIX_BYTES, SECRET_BYTES = 5, 32


class NewKey(NamedTuple):
    """A key just made; `key` is shown once and kept nowhere."""

    prefix: str
    key: str


def new_key() -> NewKey:
    """Make a key that nobody can guess."""
    prefix = secrets.token_hex(PREFIX_BYTES)
    return NewKey(prefix, written(prefix, secrets.token_urlsafe(SECRET_BYTES)))


def written(prefix: str, secret: str) -> str:
    """Write a key as its holder will send it."""
    return f"{MARK}_{prefix}_{secret}"


def prefix_of(key: str) -> str | None:
    """Return the prefix of what looks like a key; None for anything else."""
    parts = key.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == MARK and parts[1] and parts[2] else None


def hashed(key: str) -> bytes:
    """Hash a key of 256 random bits: a bare SHA-256 is enough, nobody can try them all."""
    return hashlib.sha256(key.encode()).digest()


def is_same(key: str, expected: bytes) -> bool:
    """Compare a key with a hash, in constant time."""
    return hmac.compare_digest(hashed(key), expected)
