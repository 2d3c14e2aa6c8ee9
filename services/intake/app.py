"""Intake's composition root: settings, keyring, spine, group commit, routes; and keys for the `fabrique` command."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.keyring import Keyring
from services.intake.handlers import allocations, budgets, partners, survivals
from services.intake.routes.bulk import bulk_routes
from services.intake.routes.documents import document
from services.intake.routes.events import Desk, event_routes
from services.intake.routes.group_commit import GroupCommit
from services.intake.settings import Settings
from services.intake.store.sealing import opener, sealer
from services.intake.store.tables import ApiKey
from services.intake.use_cases import keys, tracking
from services.intake.use_cases.acceptance import accept
from services.intake.use_cases.keys import KnownKeys
from shared.contracts.topics import ALLOCATION, BUDGET, COMMITMENT, ENTREPRENEUR, SURVIVAL
from shared.database.transaction import create_engine
from shared.kernel.api_key import NewKey
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import ProgrammeError
from shared.kernel.funders import Funder
from shared.messaging.spine import Publisher, Spine, SpineTerms
from shared.web.application import application
from shared.web.operations import operations
from shared.web.serve import serve

MIGRATIONS = Path(__file__).parent / "store" / "migrations"
SECRET_LENGTH_MIN = 32


class SecretMissing(ProgrammeError):
    """INTAKE_SECRET is not set, or too short to be one."""


def keyring_of(settings: Settings) -> Keyring:
    """Derive intake's keys. Raises SecretMissing."""
    secret = settings.secret.get_secret_value()
    if len(secret) < SECRET_LENGTH_MIN:
        raise SecretMissing(
            f"INTAKE_SECRET is missing or shorter than {SECRET_LENGTH_MIN} characters: make one with"
            " `python -c 'import secrets; print(secrets.token_hex(32))'`, and keep it: without it nobody is recognised"
        )
    return Keyring(secret.encode())


def spine_terms(settings: Settings, keyring: Keyring, *, clock: Clock = utc_now) -> SpineTerms:
    """Say what intake's process is made of."""
    return SpineTerms(
        service="intake", instance=settings.instance, database_url=settings.database_url,
        servers=settings.servers, migrations=MIGRATIONS,
        streams=[partners(keyring, clock), allocations, budgets, survivals], inputs=[ALLOCATION, BUDGET, SURVIVAL],
        outputs=[ENTREPRENEUR, COMMITMENT], publishers=[_follow_relay()],
        session_timeout_ms=settings.session_timeout_ms, producer_timeout_ms=settings.producer_timeout_ms,
        seal=sealer(keyring), clock=clock,
    )  # fmt: skip


def _follow_relay() -> Publisher:
    """Note twice a second how far our facts are published; forget, once a day, the times of long ago."""
    last_seen: dict[tuple[str, int], int] = {}
    forgotten_on: set[date] = set()

    async def follow_relay(spine: Spine) -> None:
        clock = spine.terms.clock
        await tracking.follow_relay(spine.engine, last_seen, clock=clock)
        if (today := clock().date()) not in forgotten_on:
            await tracking.forget_old_progress(spine.engine, clock=clock)
            forgotten_on.clear()
            forgotten_on.add(today)

    return follow_relay


def build(settings: Settings | None = None, *, clock: Clock = utc_now) -> tuple[FastAPI, Spine]:
    """Compose one process. Raises SecretMissing."""
    settings = settings or Settings()
    keyring = keyring_of(settings)
    spine = Spine(spine_terms(settings, keyring, clock=clock))
    app = application("Fabrique intake", summary="Tell events, and follow what becomes of them.")
    desk = desk_of(spine, keyring)
    app.include_router(event_routes(desk))
    app.include_router(bulk_routes(desk))
    app.include_router(operations(spine))
    app.openapi = partial(document, app)  # type: ignore[method-assign]
    return app, spine


def desk_of(spine: Spine, keyring: Keyring) -> Desk:
    """Compose what the routes work with."""
    clock = spine.terms.clock
    commits = GroupCommit(
        spine.engine, route=lambda: spine.router, apply=partial(accept, keyring=keyring, clock=clock),
        announce=spine.announce,
    )  # fmt: skip
    return Desk(spine.engine, commits, KnownKeys(spine.engine), keyring, clock)


async def create_key(
    settings: Settings, *, platform: str, event_types: Collection[str] = ("*",), funders: Iterable[Funder] = ()
) -> NewKey:
    """Make a key; its clear form is in the answer and nowhere else. Raises KeyTermsInvalid."""
    engine = _engine(settings)
    try:
        return await keys.create_key(engine, platform=platform, event_types=event_types, funders=funders, clock=utc_now)
    finally:
        await engine.dispose()


async def revoke_key(settings: Settings, prefix: str) -> bool:
    """Revoke a key; whether it stood."""
    engine = _engine(settings)
    try:
        return await keys.revoke_key(engine, prefix, clock=utc_now)
    finally:
        await engine.dispose()


async def list_keys(settings: Settings) -> Sequence[ApiKey]:
    """List all keys, without what would let anybody use them."""
    engine = _engine(settings)
    try:
        return await keys.list_keys(engine)
    finally:
        await engine.dispose()


def open_quarantined(settings: Settings) -> Callable[[bytes], bytes]:
    """Return what opens quarantined records, for `fabrique quarantine`. Raises SecretMissing."""
    return opener(keyring_of(settings))


def _engine(settings: Settings) -> AsyncEngine:
    return create_engine(settings.database_url, application_name="intake/keys", pool_size=1)


def database_url() -> str:
    """Where intake's database is, for migrations and for the `fabrique` command."""
    return Settings().database_url


def main() -> None:
    """Serve."""
    settings = Settings()
    serve(lambda: build(settings), host=settings.host, port=settings.port)
