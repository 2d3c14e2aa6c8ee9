"""The keys derived from intake's secret, and what is recognised with them: never a bare hash, never a reference."""

import hmac
from enum import StrEnum
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.intake.domain.telling import CloudEvent


class Kind(StrEnum):
    """What a pseudonym stands for; a beneficiary is known by its SIRET, so it is the same for all platforms."""

    PERSON = "person"
    BUSINESS = "business"
    BENEFICIARY = "beneficiary"


class Name(NamedTuple):
    """What a partner calls somebody: never stored, never published."""

    kind: Kind
    platform: str
    reference: str


def canonical(event: CloudEvent) -> bytes:
    """Write what an event says in canonical JSON (RFC 8785), without its time and its transport.

    Fields left at their default are left out, so that a schema that grows gives an old event the same bytes. msgspec
    sorts keys as RFC 8785 does as long as they are ASCII, and there are no floats here: a test compares the two.
    """
    content: dict[str, object] = {
        "data": event.told.model_dump(mode="json", exclude_defaults=True),
        "type": event.type,
    }
    if event.subject is not None:
        content["subject"] = event.subject
    return msgspec.json.encode(content, order="deterministic")


class Keyring:
    """Keys for each use, derived from one secret (HKDF); what recognises is HMAC-SHA-256.

    `recognised` is set once the database was seen to have been begun with the same secret.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._door = self._derive("door")
        self._content = self._derive("content")
        self._pseudonym = self._derive("pseudonym")
        self.quarantine = self._derive("quarantine")
        self.fingerprint = self._derive("fingerprint")
        self.recognised = False

    def _derive(self, use: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"fabrique intake {use}".encode()).derive(
            self._secret
        )

    def door_key(self, platform: str, source: str, given_id: str) -> bytes:
        """Recognise an event by who told it and the name they gave it."""
        return hmac.digest(self._door, f"{platform}\n{source}\n{given_id}".encode(), "sha256")

    def content(self, event: CloudEvent) -> bytes:
        """Recognise what an event says."""
        return hmac.digest(self._content, canonical(event), "sha256")

    def pseudonym_key(self, name: Name) -> bytes:
        """Recognise somebody by what a partner calls them."""
        return hmac.digest(self._pseudonym, "\n".join(name).encode(), "sha256")
