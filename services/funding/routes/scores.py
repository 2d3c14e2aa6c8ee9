"""What a committee thinks of a commitment, as a manager tells it."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.funding.domain.manager import Manager
from services.funding.domain.scoring import SCORE_MAX, Scoring
from services.funding.routes.keys import WhoseKey, answers, by_key
from services.funding.routes.orders import CommandState, answered
from services.funding.use_cases import scoring
from services.funding.use_cases.commanding import Desk
from shared.contracts.fields import Day, Word

DryRun = Annotated[bool, Query(description="Say what would happen, and do nothing.")]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No key, or one that does not stand."},
    403: {"description": "The key commands no envelope that the commitment asks."},
    404: {"description": "No such commitment was declared."},
    409: {"description": "Another command has this identifier."},
    422: {"description": "Not valid, or the commitment stands no more."},
}


class ScoreOrder(BaseModel):
    """A score, who gave it and why: it counts where rules say `order = "score"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: UUID = Field(description="Chosen by whoever commands: the same again is answered the same again.")
    score: Annotated[int, Field(strict=True, ge=0, le=SCORE_MAX)] | None = Field(
        description="The higher is served first; null takes it away."
    )
    reason: Word = Field(description="Why: a word, never a sentence.", examples=["committee"])
    effective_on: Day = Field(description="The day from which it counts.")


def score_routes(desk: Callable[[], Desk], *, whose: WhoseKey, announce: Callable[[], None]) -> APIRouter:
    """Build the route; it needs a manager's key or the operator's."""
    router = APIRouter(prefix="/v1/commitments", tags=["commands"], responses=PROBLEMS)

    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post("/{commitment_id}/score", summary="Say what the committee thinks of a commitment")
    async def post_score(commitment_id: UUID, order: ScoreOrder, by: By, dry_run: DryRun = False) -> CommandState:
        """One command, kept and listed with the others; whoever is first now and fits is served at once."""
        wanted = Scoring("", commitment_id, order.score, by.role, order.reason, order.effective_on)
        with answers():
            answer = await scoring.score(desk(), order.command_id, wanted, by, dry_run=dry_run)
        announce()
        return answered(answer)

    return router
