"""Why a commitment stands where it stands, in words and numbers."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Query
from pydantic import BaseModel

from services.funding.domain.explanation import explain
from services.funding.domain.explanation_words import Language
from services.funding.store import explanations
from shared.database.transaction import reading
from shared.messaging.spine import Spine
from shared.web.problems import Problem


class Explained(BaseModel):
    """Sentences for people; for machines, one table of figures for each decision, and what is held now."""

    commitment_id: UUID
    lang: Language
    sentences: list[str]
    figures: list[dict[str, Any]]
    held: list[dict[str, str]]
    scores: list[dict[str, Any]]


def preferred(accepted: str) -> Language:
    """Choose the language that a browser's Accept-Language likes best; French when it likes neither."""
    best, weight = Language.FRENCH, 0.0
    for each in accepted.split(","):
        tag, _, quality = each.strip().partition(";q=")
        found = next((language for language in Language if tag.lower().split("-")[0] == language), None)
        try:
            liked = float(quality or 1)
        except ValueError:
            continue
        if found is not None and liked > weight:
            best, weight = found, liked
    return best


def explanation_routes(spine: Spine) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1")

    @router.get("/commitments/{commitment_id}/explanation", summary="Why a commitment stands where it stands")
    async def get_explanation(
        commitment_id: UUID,
        accept_language: Annotated[str, Header()] = "",
        lang: Annotated[Language | None, Query(description="Default: by Accept-Language, French first.")] = None,
    ) -> Explained:
        """Each decision with what was asked, what was free, by which version of the rules and for what cause."""
        async with reading(spine.engine) as session:
            story = await explanations.story(session, commitment_id)
        if story is None:
            raise Problem(404, "commitment-unknown", "No such commitment has been decided.")
        return Explained.model_validate(msgspec.structs.asdict(explain(story, lang or preferred(accept_language))))

    return router
