"""Funding's composition root: settings, spine, routes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.domain.explanation import Explanation, explain
from services.funding.domain.explanation_words import Language
from services.funding.domain.manager import Manager
from services.funding.handlers import commitments
from services.funding.routes.commands import command_routes
from services.funding.routes.counter import Counter
from services.funding.routes.desk import desk_routes
from services.funding.routes.desk_downloads import desk_download_routes
from services.funding.routes.desk_scores import desk_score_routes
from services.funding.routes.downloads import download_routes
from services.funding.routes.explanations import explanation_routes
from services.funding.routes.pages import Pages, page_routes
from services.funding.routes.reading import routes
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.scores import score_routes
from services.funding.routes.territory import territory_routes
from services.funding.routes.visitors import Visitors
from services.funding.routes.what_if import what_if_routes
from services.funding.routes.what_if_pages import what_if_page_routes
from services.funding.settings import Settings
from services.funding.store import explanations
from services.funding.store.journal import Journal, open_journal
from services.funding.store.tables import ManagerKey
from services.funding.use_cases import managers, stating
from services.funding.use_cases.commanding import Desk
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.database.transaction import create_engine, reading
from shared.kernel.api_key import NewKey
from shared.kernel.clock import utc_now
from shared.messaging.history import read_again
from shared.messaging.spine import Spine, SpineTerms
from shared.web.application import application
from shared.web.operations import operations
from shared.web.serve import serve

MIGRATIONS = Path(__file__).parent / "store" / "migrations"


def spine_terms(settings: Settings) -> SpineTerms:
    """Say what funding's process is made of."""
    return SpineTerms(
        service="funding", instance=settings.instance, database_url=settings.database_url,
        servers=settings.servers, migrations=MIGRATIONS, streams=[commitments],
        inputs=[COMMITMENT], outputs=[ALLOCATION, ENVELOPE, TERRITORY], publishers=[_state_envelopes],
        publish_every_seconds=2.0,
        session_timeout_ms=settings.session_timeout_ms, producer_timeout_ms=settings.producer_timeout_ms,
    )  # fmt: skip


async def _state_envelopes(spine: Spine) -> None:
    stated = await stating.state_envelopes(
        engine=spine.engine, route=spine.router, clock=spine.terms.clock,
        partitions=spine.router.partitions[ENVELOPE.name],
    )  # fmt: skip
    if stated:
        spine.announce()


def build(settings: Settings | None = None) -> tuple[FastAPI, Spine]:
    """Compose one process."""
    settings = settings or Settings()
    spine = Spine(spine_terms(settings))
    app = application("Fabrique funding", summary="Envelopes, allocations and waitlists.")
    app.include_router(routes(spine, operator_key=settings.operator_key))
    app.include_router(explanation_routes(spine))
    rehearsals = Rehearsals(
        lambda: desk_of(spine, settings), partial(read_again, commitments, servers=settings.servers)
    )
    app.include_router(commands_of(spine, settings, rehearsals))
    app.include_router(operations(spine))
    visitors = Visitors(spine.engine, operator_key=settings.operator_key)
    counter = Counter(lambda: desk_of(spine, settings), visitors, spine.announce)
    app.include_router(desk_download_routes(counter))
    app.include_router(desk_routes(counter))
    app.include_router(desk_score_routes(counter))
    app.include_router(what_if_page_routes(counter, rehearsals))
    pages = Pages(spine.engine, spine.terms.clock, visitors)
    app.include_router(download_routes(pages))
    app.include_router(page_routes(pages))
    return app, spine


def desk_of(spine: Spine, settings: Settings) -> Desk:
    """Where managers command: there is no router before the spine has found its topics."""
    return Desk(spine.engine, spine.router, spine.terms.clock, settings.four_eyes_from_cents)


def commands_of(spine: Spine, settings: Settings, rehearsals: Rehearsals) -> APIRouter:
    """Compose what managers command with."""

    async def whose(key: str) -> Manager | None:
        return await managers.recognised(spine.engine, key, operator_key=settings.operator_key)

    router = APIRouter()
    router.include_router(command_routes(rehearsals.desk, whose=whose, announce=spine.announce))
    router.include_router(score_routes(rehearsals.desk, whose=whose, announce=spine.announce))
    router.include_router(territory_routes(rehearsals.desk, whose=whose, announce=spine.announce))
    router.include_router(what_if_routes(rehearsals, whose=whose, announce=spine.announce))
    return router


async def create_manager_key(settings: Settings, manager: Manager) -> NewKey:
    """Make a manager's key, for `fabrique manager`: its prefix, and the key, which is shown once."""
    async with _keys(settings) as engine:
        return await managers.create_key(engine, manager, clock=utc_now)


async def revoke_manager_key(settings: Settings, prefix: str) -> bool:
    """Revoke a manager's key; whether it stood."""
    async with _keys(settings) as engine:
        return await managers.revoke_key(engine, prefix, clock=utc_now)


async def list_manager_keys(settings: Settings) -> Sequence[ManagerKey]:
    """List managers' keys, without what would let anybody use them."""
    async with _keys(settings) as engine:
        return await managers.list_keys(engine)


@asynccontextmanager
async def _keys(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings.database_url, application_name="funding/keys", pool_size=1)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def read_journal(settings: Settings) -> AsyncIterator[Journal]:
    """Hand out the books as they stand now, for `fabrique ledger`."""
    engine = create_engine(settings.database_url, application_name="funding/ledger", pool_size=1)
    try:
        async with reading(engine) as session:
            yield await open_journal(session)
    finally:
        await engine.dispose()


async def explain_commitment(settings: Settings, commitment_id: UUID, language: str) -> Explanation | None:
    """Say why a commitment stands where it stands, for `fabrique ledger explain`."""
    engine = create_engine(settings.database_url, application_name="funding/ledger", pool_size=1)
    try:
        async with reading(engine) as session:
            story = await explanations.story(session, commitment_id)
    finally:
        await engine.dispose()
    return None if story is None else explain(story, Language(language))


def database_url() -> str:
    """Where funding's database is, for migrations and for the `fabrique` command."""
    return Settings().database_url


def main() -> None:
    """Serve."""
    settings = Settings()
    serve(lambda: build(settings), host=settings.host, port=settings.port)
