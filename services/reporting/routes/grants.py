"""The page of the real grants by HTTP, in French at `/grants` and in English at `/en/grants`, and its data."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from services.reporting.pages.grants_data import COMPARED, UNUSABLE
from services.reporting.pages.grants_page import render_grants
from services.reporting.pages.page import headers
from shared.web.formats import Language


def grants() -> APIRouter:
    """Build the routes: they ask no database, for the figures are of a published file and travel with the program."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/grants")
    async def french(exercice: str | None = None) -> HTMLResponse:
        """À quelle clé de répartition ressemble ce que l’État a vraiment accordé ?"""
        return HTMLResponse(render_grants(language=Language.FRENCH, exercise=exercice), headers=headers())

    @router.get("/en/grants")
    async def english(exercise: str | None = None) -> HTMLResponse:
        """Which key does what the State really granted look like?"""
        return HTMLResponse(render_grants(language=Language.ENGLISH, exercise=exercise), headers=headers())

    @router.get("/grants.csv")
    async def compared() -> Response:
        """Each contract in each exercise under each key, amounts in cents."""
        return Response(COMPARED.read_bytes(), media_type="text/csv; charset=utf-8")

    @router.get("/grants-unusable.csv")
    async def unusable() -> Response:
        """What could not be used, amounts in cents."""
        return Response(UNUSABLE.read_bytes(), media_type="text/csv; charset=utf-8")

    return router
