"""Reporting's composition root: settings, spine, routes."""

import time
from pathlib import Path

from fastapi import FastAPI

from services.reporting import use_cases
from services.reporting.handlers import allocations, entrepreneurs
from services.reporting.routes.figures import figures
from services.reporting.routes.grants import grants
from services.reporting.routes.page import page
from services.reporting.settings import Settings
from shared.contracts.topics import ALLOCATION, BUDGET, ENTREPRENEUR, SURVIVAL
from shared.database.transaction import create_engine
from shared.messaging.spine import Publisher, Spine, SpineTerms
from shared.web.application import application
from shared.web.operations import operations
from shared.web.serve import serve

MIGRATIONS = Path(__file__).parent / "store" / "migrations"
SERVICE = "reporting"
SURVIVAL_EVERY_SECONDS = 1.0
REST_FOR_EACH_SECOND_OF_WORK = 10.0
"""Survival is computed whole each time: with many businesses it is stated less often, so that it stays a small load."""


def spine_terms(settings: Settings) -> SpineTerms:
    """Say what reporting's process is made of."""
    return SpineTerms(
        service=SERVICE, instance=settings.instance, database_url=settings.database_url,
        servers=settings.servers, migrations=MIGRATIONS,
        streams=[allocations, entrepreneurs], inputs=[ALLOCATION, ENTREPRENEUR], outputs=[BUDGET, SURVIVAL],
        publishers=[_state_budgets, _survival_publisher()], session_timeout_ms=settings.session_timeout_ms,
        producer_timeout_ms=settings.producer_timeout_ms,
    )  # fmt: skip


async def _state_budgets(spine: Spine) -> None:
    stated = await use_cases.state_budgets(
        engine=spine.engine, route=spine.router, clock=spine.terms.clock,
        partitions=spine.router.partitions[BUDGET.name],
    )  # fmt: skip
    if stated:
        spine.announce()


def _survival_publisher() -> Publisher:
    """Make a publisher of survival that rests in proportion to its work."""
    next_at = 0.0

    async def state_survival(spine: Spine) -> None:
        nonlocal next_at
        began = time.monotonic()
        if began < next_at:
            return
        stated = await use_cases.state_survival_figures(
            engine=spine.engine, route=spine.router, clock=spine.terms.clock,
            partitions=spine.router.partitions[SURVIVAL.name],
        )  # fmt: skip
        if stated:
            spine.announce()
            now = time.monotonic()
            next_at = max(began + SURVIVAL_EVERY_SECONDS, now + REST_FOR_EACH_SECOND_OF_WORK * (now - began))

    return state_survival


def build(settings: Settings | None = None) -> tuple[FastAPI, Spine]:
    """Compose one process."""
    settings = settings or Settings()
    spine = Spine(spine_terms(settings))
    app = application("Fabrique reporting", summary="Survival of businesses, and budgets.")
    app.include_router(figures(spine.engine))
    app.include_router(page(spine, is_demonstration=settings.demonstration))
    app.include_router(grants())
    app.include_router(operations(spine))
    return app, spine


def database_url() -> str:
    """Where reporting's database is, for migrations and for the `fabrique` command."""
    return Settings().database_url


async def rebuild(url: str | None = None) -> None:
    """Forget what was folded, so that it is folded again at the next start; see `use_cases.rebuild`.

    To be called while no process of reporting runs; raises StillRunning otherwise.
    """
    engine = create_engine(url or database_url(), application_name="rebuild", pool_size=1)
    try:
        await use_cases.rebuild(engine, application=f"{SERVICE}/")
    finally:
        await engine.dispose()


def main() -> None:
    """Serve."""
    settings = Settings()
    serve(lambda: build(settings), host=settings.host, port=settings.port)
