"""The tables of commands as files: what was commanded and announced, and what a command would do if it were given."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.funding.routes.counter import Counter
from services.funding.routes.desk import command_sheet, tried_sheet
from services.funding.routes.desk_scores import try_score
from services.funding.routes.downloads import Ending, download
from services.funding.routes.pages import LANGUAGES
from services.funding.use_cases import commanding
from services.funding.use_cases.commanding import NotCommanded
from shared.web.formats import Language
from shared.web.problems import Problem


def desk_download_routes(counter: Counter) -> APIRouter:
    """Build the routes; they come before the desk's."""
    router = counter.router()
    for language, prefix in LANGUAGES:
        _given(router, counter, language, prefix)
        _tried(router, counter, language, prefix)
    return router


def _given(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.get(f"{prefix}/commands/{{command_id}}/{{section}}.{{form}}")
    async def of_command(request: Request, command_id: UUID, section: str, form: Ending) -> Response:
        """What was commanded, and what came of it."""
        by = await counter.visitors.visitor(request)
        if by is None:
            raise Problem(401, "manager-unknown", "Sign in first.")
        return await download(await command_sheet(counter, command_id, language, by), section, form, language)


def _tried(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.post(f"{prefix}/contracts/{{code}}/commands/{{section}}.{{form}}")
    async def of_form(request: Request, code: str, section: str, form: Ending) -> Response:
        """What a command would do."""
        by, fields = await counter.visitors.form(request)
        sheet, _ = await tried_sheet(counter, code, language, by, fields)
        return await download(sheet, section, form, language)

    @router.post(f"{prefix}/commitments/{{commitment_id}}/score/{{section}}.{{form}}")
    async def of_score(request: Request, commitment_id: UUID, section: str, form: Ending) -> Response:
        """What a score would do."""
        by, fields = await counter.visitors.form(request)
        sheet, _ = await try_score(counter, commitment_id, language, by, fields)
        return await download(sheet, section, form, language)

    @router.post(f"{prefix}/commands/{{command_id}}/try/{{section}}.{{form}}")
    async def of_proposal(request: Request, command_id: UUID, section: str, form: Ending) -> Response:
        """What approving a command would do."""
        by, _ = await counter.visitors.form(request)
        try:
            tried = await commanding.approve(counter.desk(), command_id, by, dry_run=True)
        except NotCommanded as error:
            raise Problem(422, error.reason, "The command cannot be approved.") from error
        sheet = await command_sheet(counter, command_id, language, by, tried=tried.command)
        return await download(sheet, section, form, language)
