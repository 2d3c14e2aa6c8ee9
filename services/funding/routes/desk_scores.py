"""The committee's score by page: tried first, then given."""

from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.funding.domain.manager import Manager
from services.funding.domain.scoring import Scoring
from services.funding.pages.orders import Tried
from services.funding.pages.scores import tried_score_page
from services.funding.pages.sheet import Sheet
from services.funding.routes.counter import Counter, Fields
from services.funding.routes.orders import fields_of
from services.funding.routes.pages import LANGUAGES
from services.funding.routes.scores import ScoreOrder
from services.funding.use_cases import scoring
from services.funding.use_cases.commanding import Answer, NotCommanded
from shared.web.formats import Language


def desk_score_routes(counter: Counter) -> APIRouter:
    """Build the routes, in French and in English."""
    router = counter.router()
    for language, prefix in LANGUAGES:
        _scoring(router, counter, language, prefix)
    return router


def _scoring(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.post(f"{prefix}/commitments/{{commitment_id}}/score")
    async def try_form(request: Request, commitment_id: UUID) -> Response:
        """Say what a score would do."""
        by, fields = await counter.visitors.form(request)
        sheet, can_be = await try_score(counter, commitment_id, language, by, {**fields, "command_id": str(uuid4())})
        return counter.page(request, sheet, counter.moment(language), by=by, status=200 if can_be else 422)

    @router.post(f"{prefix}/commitments/{{commitment_id}}/score/apply")
    async def apply_form(request: Request, commitment_id: UUID) -> Response:
        """Give it; whatever keeps it from being given is shown, with the form."""
        by, fields = await counter.visitors.form(request)
        try:
            answer = await _score(counter, commitment_id, by, fields, dry_run=False)
        except (NotCommanded, ValidationError) as error:
            failed = error.reason if isinstance(error, NotCommanded) else "command-invalid"
            again = {**fields, "command_id": str(uuid4())}
            sheet, _ = await try_score(counter, commitment_id, language, by, again, failed=failed)
            return counter.page(request, sheet, counter.moment(language), by=by, status=422)
        counter.announce()
        return RedirectResponse(f"../../../commands/{answer.command.command_id}", status_code=303)


async def try_score(
    counter: Counter, commitment_id: UUID, language: Language, by: Manager, fields: Fields, *, failed: str = ""
) -> tuple[Sheet, bool]:
    """Say what a score would do, and whether it could be given."""
    answer, objection, wrong = None, "", list[str]()
    try:
        answer = await _score(counter, commitment_id, by, fields, dry_run=True)
    except NotCommanded as error:
        objection, wrong = error.reason, [error.field]
    except ValidationError as error:
        objection, wrong = "command-invalid", [problem.pointer.strip("/") for problem in fields_of(error)]
    tried = Tried(answer.command if answer else None, objection, wrong, failed=failed)
    return tried_score_page(counter.moment(language), commitment_id, said=fields, tried=tried), not objection


async def _score(counter: Counter, commitment_id: UUID, by: Manager, fields: Fields, *, dry_run: bool) -> Answer:
    """Read the form as the API reads a score, and give it. Raises ValidationError and NotCommanded."""
    said = {name: fields.get(name, "").strip() for name in ("command_id", "reason", "effective_on")}
    score = fields.get("score", "").strip()
    points = int(score) if score.isascii() and score.isdigit() else score or None
    order = ScoreOrder.model_validate({**said, "score": points})
    wanted = Scoring("", commitment_id, order.score, by.role, order.reason, order.effective_on)
    return await scoring.score(counter.desk(), order.command_id, wanted, by, dry_run=dry_run)
