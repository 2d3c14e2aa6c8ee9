"""The managers' pages by HTTP, in French below `/` and in English below `/en/`, and their tables as CSV."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from services.funding.pages.moment import moment
from services.funding.pages.sheet import Sheet, headers, missing, render
from services.funding.pages.table import Table, as_csv
from services.funding.routes import sheets
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

    async def csv(self, request: Request, build: Build, section: str) -> Response:
        """Answer with the table of a page's section, from the same query."""
        sheet = await self._read(
            request, Language.FRENCH, build, signed_in=await self._visitors.visitor(request) is not None
        )
        tables = [each.table for each in sheet.sections if each.id == section and each.table] if sheet else []
        if not tables:
            return Response(status_code=404)
        return csv_file(tables[0])

    async def _read(self, request: Request, language: Language, build: Build, *, signed_in: bool) -> Sheet | None:
        asked = request.query_params
        now = moment(language, self._clock(), asked.get("as_of"))
        async with reading(self._engine) as session:
            return await build(Look(session, now, number(asked.get("exercise")), signed_in, asked.get("on"),
                                    asked.get("known")))  # fmt: skip


def csv_file(table: Table) -> Response:
    """Answer with a table as a file."""
    return Response(
        as_csv(table), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{table.file}"', "Cache-Control": "no-store",
                 "X-Content-Type-Options": "nosniff"},
    )  # fmt: skip


def below(request: Request) -> str:
    """The address below the language."""
    return request.url.path.removeprefix("/").removeprefix("en/")


def page_routes(pages: Pages) -> APIRouter:
    """Build the routes of all pages and tables; tables first, since a contract's code would match their names."""
    router = APIRouter(include_in_schema=False)
    _tables(router, pages)
    for language, prefix in LANGUAGES:
        _pages(router, pages, language, prefix)
    return router


def _tables(router: APIRouter, pages: Pages) -> None:
    @router.get("/{name}.csv")
    async def of_all(request: Request, name: str) -> Response:
        """A table of the overview, or of what is unpaid."""
        build, section = TABLES.get(name, (sheets.of_all, ""))
        return await pages.csv(request, build, section)

    @router.get("/funders/{funder}.csv")
    async def of_funder(request: Request, funder: Funder) -> Response:
        """A funder's exercises."""
        return await pages.csv(request, sheets.of_funder(funder), "by-funder")

    @router.get("/epcis/{siren}.csv")
    async def of_epci(request: Request, siren: str) -> Response:
        """An EPCI's envelopes."""
        return await pages.csv(request, sheets.of_epci(siren), "envelopes")

    @router.get("/epcis/{siren}/sides.csv")
    async def of_sides(request: Request, siren: str) -> Response:
        """An EPCI's mergers, from both sides."""
        return await pages.csv(request, sheets.of_epci(siren), "sides")

    @router.get("/contracts/{code}.csv")
    async def of_contract(request: Request, code: str) -> Response:
        """A contract's envelopes."""
        return await pages.csv(request, sheets.of_contract(code), "envelopes")

    @router.get("/contracts/{code}/waitlist.csv")
    async def of_waitlist(request: Request, code: str) -> Response:
        """Who waits, in order."""
        return await pages.csv(request, sheets.of_waitlist(code), "queue")

    @router.get("/contracts/{code}/{section}.csv")
    async def of_section(request: Request, code: str, section: str) -> Response:
        """A contract's commitments, commands or held movements."""
        return await pages.csv(request, sheets.of_contract(code), section)

    @router.get("/commitments/{commitment_id}.csv")
    async def of_commitment(request: Request, commitment_id: UUID) -> Response:
        """A commitment's facts."""
        return await pages.csv(request, sheets.of_commitment(commitment_id), "history")


TABLES: dict[str, tuple[Build, str]] = {
    "overview": (sheets.of_all, "by-funder"), "attention": (sheets.of_all, "attention"),
    "envelopes": (sheets.of_all, "by-contract"), "unpaid": (sheets.of_unpaid, "table"),
    "unpaid-parts": (sheets.of_unpaid, "oldest"),
    "epcis": (sheets.of_epcis, "epcis"), "mergers": (sheets.of_epcis, "mergers"),
    "lineage": (sheets.of_epcis, "lineage"), "territory": (sheets.of_epcis, "told"),
}  # fmt: skip


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
