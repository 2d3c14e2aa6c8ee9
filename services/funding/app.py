"""Funding's composition root: settings, spine, routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.funding import use_cases
from services.funding.handlers import commitments
from services.funding.routes import routes
from services.funding.settings import Settings
from services.funding.store.journal import Journal, open_journal
from shared.contracts.topics import ALLOCATION, COMMITMENT, ENVELOPE, TERRITORY
from shared.database.transaction import create_engine, reading
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
    stated = await use_cases.state_envelopes(
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
    app.include_router(operations(spine))
    return app, spine


@asynccontextmanager
async def read_journal(settings: Settings) -> AsyncIterator[Journal]:
    """Hand out the books as they stand now, for `fabrique ledger`."""
    engine = create_engine(settings.database_url, application_name="funding/ledger", pool_size=1)
    try:
        async with reading(engine) as session:
            yield await open_journal(session)
    finally:
        await engine.dispose()


def database_url() -> str:
    """Where funding's database is, for migrations and for the `fabrique` command."""
    return Settings().database_url


def main() -> None:
    """Serve."""
    settings = Settings()
    serve(lambda: build(settings), host=settings.host, port=settings.port)
