"""Who looks at the pages: a manager's key, given once, is answered with a sealed cookie."""

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.manager import OPERATOR, Manager
from services.funding.use_cases import managers
from shared.kernel import api_key
from shared.web.problems import Problem

COOKIE = "fabrique_manager"
SESSION_SECONDS = 8 * 3600
BODY_BYTES_MAX = 16_384


class Visitors:
    """Signs managers in and out, and recognises them and their forms.

    The seal is derived from the operator's key, which all processes have; without one it is this process's own.
    """

    def __init__(self, engine: AsyncEngine, *, operator_key: str) -> None:
        self._engine = engine
        self._operator_key = operator_key
        seed = operator_key.encode() or os.urandom(32)
        self._sealing = _derived(seed, b"fabrique/funding/session")
        self._proving = _derived(seed, b"fabrique/funding/form")

    async def visitor(self, request: Request) -> Manager | None:
        """Tell who is signed in: the key must still stand."""
        try:
            prefix = self._fernet.decrypt(request.cookies.get(COOKIE, ""), ttl=SESSION_SECONDS).decode()
        except InvalidToken:
            return None
        return OPERATOR if prefix == OPERATOR.name else await managers.standing(self._engine, prefix)

    async def sign_in(self, key: str, request: Request, response: Response) -> Manager | None:
        """Recognise a key and seal its name into a cookie; None when it is not one that stands."""
        found = await managers.recognised(self._engine, key, operator_key=self._operator_key)
        if found is None:
            return None
        prefix = OPERATOR.name if found is OPERATOR else api_key.prefix_of(key) or ""
        response.set_cookie(
            COOKIE, self._fernet.encrypt(prefix.encode()).decode(), max_age=SESSION_SECONDS, httponly=True,
            samesite="strict", secure=request.url.scheme == "https",
        )  # fmt: skip
        return found

    def token(self, request: Request) -> str:
        """Prove that a form was written for this session."""
        return hmac.new(self._proving, request.cookies.get(COOKIE, "").encode(), sha256).hexdigest()

    async def form(self, request: Request) -> tuple[Manager, Mapping[str, str]]:
        """Read a form of somebody who is signed in. Raises Problem 401 or 403."""
        by = await self.visitor(request)
        if by is None:
            raise Problem(401, "manager-unknown", "Sign in first.")
        fields = await read_form(request)
        if not hmac.compare_digest(fields.get("token", "").encode(), self.token(request).encode()):
            raise Problem(403, "form-not-ours", "This form was not written for this session: load the page again.")
        return by, fields

    @property
    def _fernet(self) -> Fernet:
        return Fernet(urlsafe_b64encode(self._sealing))


async def read_form(request: Request) -> Mapping[str, str]:
    """Read the fields of a form that this site sent. Raises Problem 403, 413 or 415."""
    site, origin = request.headers.get("sec-fetch-site", "same-origin"), request.headers.get("origin")
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if site not in ("same-origin", "none") or (origin is not None and origin.partition("://")[2] != _host(here)):
        raise Problem(403, "form-from-elsewhere", "A form is taken from this site's own pages only.")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Problem(415, "form-expected", "Send a form.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Problem(413, "form-too-large", "The form is too large.")
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _host(address: str) -> str:
    return address.partition("://")[2]


def _derived(seed: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(seed)
