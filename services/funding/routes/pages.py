"""The managers' pages by HTTP, in French below `/` and in English below `/en/`."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.pages.moment import moment
from services.funding.pages.sheet import Sheet, headers, missing, render
from services.funding.routes import sheets
from services.funding.routes.owed import Owed
from services.funding.routes.sheets import Build, Look
from services.funding.routes.visitors import Visitors
from shared.database.transaction import reading
from shared.kernel.clock import Clock
from shared.kernel.funders import Funder
from shared.web.formats import Language
from shared.web.pages import number

LANGUAGES = ((Language.FRENCH, ""), (Language.ENGLISH, "/en"))


class Pages:
    """Reads one snapshot for each page, and writes it for whoever looks."""

    def __init__(self, engine: AsyncEngine, clock: Clock, visitors: Visitors) -> None:
        self._engine = engine
        self._clock = clock
        self._visitors = visitors
        self._owed = Owed()

    async def show(self, request: Request, language: Language, build: Build) -> HTMLResponse:
        """Answer with a page; what is not there is said in a page, too."""
        look_moment = moment(language, self._clock(), request.query_params.get("as_of"))
        by = await self._visitors.visitor(request)
        sheet = await self._read(request, language, build, signed_in=by is not None)
        html = render(
            sheet or missing(look_moment.words, look_moment.now, below(request)), look_moment.words,
            part=number(request.query_params.get("page")), by=by.name if by else "",
            token=self._visitors.token(request),
        )  # fmt: skip
        return HTMLResponse(html, headers=headers(), status_code=404 if sheet is None else 200)

    async def sheet(self, request: Request, language: Language, build: Build) -> Sheet | None:
        """Read what a page shows, for whoever asks."""
        by = await self._visitors.visitor(request)
        return await self._read(request, language, build, signed_in=by is not None)

    async def _read(self, request: Request, language: Language, build: Build, *, signed_in: bool) -> Sheet | None:
        asked = request.query_params
        now = moment(language, self._clock(), asked.get("as_of"))
        async with reading(self._engine) as session:
            return await build(Look(session, now, number(asked.get("exercise")), signed_in, asked.get("on"),
                                    asked.get("known"), self._owed))  # fmt: skip


def below(request: Request) -> str:
    """The address below the language."""
    return request.url.path.removeprefix("/").removeprefix("en/")


def page_routes(pages: Pages) -> APIRouter:
    """Build the routes of all pages."""
    router = APIRouter(include_in_schema=False)
    for language, prefix in LANGUAGES:
        _pages(router, pages, language, prefix)
    return router


def _pages(router: APIRouter, pages: Pages, language: Language, prefix: str) -> None:
    @router.get(f"{prefix}/")
    async def of_all(request: Request) -> HTMLResponse:
        """Where do the envelopes stand, and what needs a look?"""
        return await pages.show(request, language, sheets.of_all)

    @router.get(f"{prefix}/funders/{{funder}}")
    async def of_funder(request: Request, funder: str) -> HTMLResponse:
        """Where do this funder's credits stand?"""
        known = funder in [*Funder]
        return await pages.show(request, language, sheets.of_funder(Funder(funder)) if known else sheets.nothing)

    @router.get(f"{prefix}/unpaid")
    async def of_unpaid(request: Request) -> HTMLResponse:
        """What is engaged and not paid yet, and since when?"""
        return await pages.show(request, language, sheets.of_unpaid)

    @router.get(f"{prefix}/epcis")
    async def of_epcis(request: Request) -> HTMLResponse:
        """What do each EPCI's envelopes hold, on a given day?"""
        return await pages.show(request, language, sheets.of_epcis)

    @router.get(f"{prefix}/epcis/{{siren}}")
    async def of_epci(request: Request, siren: str) -> HTMLResponse:
        """What do this EPCI's envelopes hold?"""
        return await pages.show(request, language, sheets.of_epci(siren))

    @router.get(f"{prefix}/contracts/{{code}}")
    async def of_contract(request: Request, code: str) -> HTMLResponse:
        """Where does this contract stand?"""
        return await pages.show(request, language, sheets.of_contract(code))

    @router.get(f"{prefix}/contracts/{{code}}/waitlist")
    async def of_waitlist(request: Request, code: str) -> HTMLResponse:
        """Who waits here, and what does each of them need?"""
        return await pages.show(request, language, sheets.of_waitlist(code))

    @router.get(f"{prefix}/commitments/{{commitment_id}}")
    async def of_commitment(request: Request, commitment_id: UUID) -> HTMLResponse:
        """What happened to this commitment?"""
        return await pages.show(request, language, sheets.of_commitment(commitment_id))
