"""The page by HTTP, in French at `/` and in English at `/en/`."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.reporting.pages.page import Situation, headers, render
from services.reporting.store import queries
from shared.database import quarantine
from shared.database.transaction import reading
from shared.messaging.spine import Spine
from shared.web.formats import Language


def page(spine: Spine, *, is_demonstration: bool) -> APIRouter:
    """Build the routes."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    async def show(language: Language, exercise: str | None, part: str | None) -> HTMLResponse:
        async with reading(spine.engine) as session:
            situation = Situation(
                budgets=await queries.stated_budgets(session), survival=await queries.stated_survival(session),
                now=spine.terms.clock(), is_parked=bool(spine.reader and spine.reader.assignment.parked),
                quarantined=await quarantine.count_open(session), is_demonstration=is_demonstration,
            )  # fmt: skip
        return HTMLResponse(render(situation, language=language, exercise=exercise, part=part), headers=headers())

    @router.get("/")
    async def french(exercice: str | None = None, page: str | None = None) -> HTMLResponse:
        """Où en est le programme ?"""
        return await show(Language.FRENCH, exercice, page)

    @router.get("/en/")
    async def english(exercise: str | None = None, page: str | None = None) -> HTMLResponse:
        """Where does the programme stand?"""
        return await show(Language.ENGLISH, exercise, page)

    return router
