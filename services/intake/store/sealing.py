"""Seals the bytes of quarantined records: they may name a person."""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.intake.domain.keyring import Keyring
from shared.kernel.errors import ProgrammeError

VERSION = b"\x01"
PURPOSE = b"fabrique intake quarantine"
NONCE_BYTES = 12


class SealBroken(ProgrammeError):
    """The bytes were not sealed with this secret, or were changed since."""


def sealer(keyring: Keyring) -> Callable[[bytes], bytes]:
    """Return the function that seals: version, random nonce, AES-256-GCM."""
    cipher = AESGCM(keyring.quarantine)

    def seal(packed: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + cipher.encrypt(nonce, packed, PURPOSE)

    return seal


def opener(keyring: Keyring) -> Callable[[bytes], bytes]:
    """Return the function that opens what was sealed. It raises SealBroken."""
    cipher = AESGCM(keyring.quarantine)

    def open_sealed(sealed: bytes) -> bytes:
        if sealed[:1] != VERSION:
            raise SealBroken("not a sealed record")
        nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, content, PURPOSE)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("sealed with another secret, or changed since") from error

    return open_sealed
