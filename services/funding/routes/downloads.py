"""The tables of the managers' pages as files: CSV, XLSX, Parquet; each from the query and rows of its page."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from services.funding.downloads.forms import MEDIA_TYPES, Form, written
from services.funding.downloads.parquet import ParquetMissing
from services.funding.downloads.xlsx import SheetTooSmall
from services.funding.pages.sheet import Sheet
from services.funding.pages.table import Table, as_download
from services.funding.routes import sheets
from services.funding.routes.pages import LANGUAGES, Pages
from services.funding.routes.sheets import Build
from shared.kernel.funders import Funder
from shared.web.formats import Language
from shared.web.problems import Problem

PIECE_BYTES = 65_536


def _ending(form: str) -> Form:
    if form not in [*Form]:
        raise HTTPException(404)
    return Form(form)


Ending = Annotated[Form, Depends(_ending)]
"""The ending of an address: one of the forms, or there is nothing there."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the pages in one language."""

    pages: Pages
    language: Language

    async def table(self, request: Request, build: Build, section: str, form: Ending) -> Response:
        """Answer with the table of a page's section."""
        sheet = await self.pages.sheet(request, self.language, build)
        return await download(sheet, section, form, self.language)


def download_routes(pages: Pages) -> APIRouter:
    """Build the routes; they come before the pages', since a contract's code would match their names."""
    router = APIRouter(include_in_schema=False)
    for language, prefix in LANGUAGES:
        _of_funders(router, Files(pages, language), prefix)
        _of_epcis(router, Files(pages, language), prefix)
        _of_contracts(router, Files(pages, language), prefix)
        _of_commitments(router, Files(pages, language), prefix)
        _of_all(router, Files(pages, language), prefix)
    return router


def _of_funders(router: APIRouter, files: Files, prefix: str) -> None:
    @router.get(f"{prefix}/funders/{{funder}}.{{form}}")
    async def of_funder(request: Request, funder: Funder, form: Ending) -> Response:
        """A funder's exercises."""
        return await files.table(request, sheets.of_funder(funder), "by-funder", form)

    @router.get(f"{prefix}/funders/{{funder}}/{{section}}.{{form}}")
    async def of_section(request: Request, funder: Funder, section: str, form: Ending) -> Response:
        """A funder's envelopes, or what it owes."""
        return await files.table(request, sheets.of_funder(funder), section, form)


def _of_epcis(router: APIRouter, files: Files, prefix: str) -> None:
    @router.get(f"{prefix}/epcis/{{siren}}.{{form}}")
    async def of_epci(request: Request, siren: str, form: Ending) -> Response:
        """An EPCI's envelopes."""
        return await files.table(request, sheets.of_epci(siren), "envelopes", form)

    @router.get(f"{prefix}/epcis/{{siren}}/{{section}}.{{form}}")
    async def of_section(request: Request, siren: str, section: str, form: Ending) -> Response:
        """An EPCI's mergers, from both sides."""
        return await files.table(request, sheets.of_epci(siren), section, form)


def _of_contracts(router: APIRouter, files: Files, prefix: str) -> None:
    @router.get(f"{prefix}/contracts/{{code}}.{{form}}")
    async def of_contract(request: Request, code: str, form: Ending) -> Response:
        """A contract's envelopes."""
        return await files.table(request, sheets.of_contract(code), "envelopes", form)

    @router.get(f"{prefix}/contracts/{{code}}/waitlist.{{form}}")
    async def of_waitlist(request: Request, code: str, form: Ending) -> Response:
        """Who waits, in order."""
        return await files.table(request, sheets.of_waitlist(code), "queue", form)

    @router.get(f"{prefix}/contracts/{{code}}/waitlist/{{section}}.{{form}}")
    async def of_promotions(request: Request, code: str, section: str, form: Ending) -> Response:
        """Who was served from the waitlist."""
        return await files.table(request, sheets.of_waitlist(code), section, form)

    @router.get(f"{prefix}/contracts/{{code}}/{{section}}.{{form}}")
    async def of_section(request: Request, code: str, section: str, form: Ending) -> Response:
        """A contract's commitments, commands or held movements."""
        return await files.table(request, sheets.of_contract(code), section, form)


def _of_commitments(router: APIRouter, files: Files, prefix: str) -> None:
    @router.get(f"{prefix}/commitments/{{commitment_id}}.{{form}}")
    async def of_commitment(request: Request, commitment_id: UUID, form: Ending) -> Response:
        """A commitment's facts."""
        return await files.table(request, sheets.of_commitment(commitment_id), "history", form)

    @router.get(f"{prefix}/commitments/{{commitment_id}}/{{section}}.{{form}}")
    async def of_section(request: Request, commitment_id: UUID, section: str, form: Ending) -> Response:
        """A commitment's amounts, what is unpaid of it, or what is held."""
        return await files.table(request, sheets.of_commitment(commitment_id), section, form)


def _of_all(router: APIRouter, files: Files, prefix: str) -> None:
    @router.get(f"{prefix}/{{name}}.{{form}}")
    async def of_all(request: Request, name: str, form: Ending) -> Response:
        """A table of the overview, or of what is unpaid."""
        build, section = TABLES.get(name, (sheets.nothing, ""))
        return await files.table(request, build, section, form)


TABLES: dict[str, tuple[Build, str]] = {
    "overview": (sheets.of_all, "by-funder"), "attention": (sheets.of_all, "attention"),
    "envelopes": (sheets.of_all, "by-contract"), "unpaid": (sheets.of_unpaid, "table"),
    "unpaid-parts": (sheets.of_unpaid, "oldest"),
    "epcis": (sheets.of_epcis, "epcis"), "mergers": (sheets.of_epcis, "mergers"),
    "lineage": (sheets.of_epcis, "lineage"), "territory": (sheets.of_epcis, "told"),
}  # fmt: skip


async def download(sheet: Sheet | None, section: str, form: Form, language: Language) -> Response:
    """Answer with the table of a section."""
    tables = [each.table for each in sheet.sections if each.id == section and each.table] if sheet else []
    if sheet is None or not tables:
        return Response(status_code=404)
    [table] = tables
    return await table_file(table, sheet.written_at, form, language)


async def table_file(table: Table, written_at: datetime, form: Form, language: Language) -> Response:
    """Answer with a table as a file; it is written in a thread, since a large one takes seconds."""
    try:
        file = await asyncio.to_thread(written, as_download(table, written_at), form, language.value)
    except ParquetMissing as error:
        raise Problem(501, "parquet-missing", "Parquet is not installed here.", detail=str(error)) from error
    except SheetTooSmall as error:
        raise Problem(422, "sheet-too-small", "The table is too large for a sheet.", detail=str(error)) from error
    return StreamingResponse(
        _pieces(file), media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{table.file}.{form}"', "Cache-Control": "no-store",
                 "X-Content-Type-Options": "nosniff"},
    )  # fmt: skip


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
