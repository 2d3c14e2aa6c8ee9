"""The figures by HTTP, as they were last published: JSON, or CSV when it is asked for."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.announcement import partitions_read
from services.reporting.routes.documents import (
    BudgetFigure,
    BudgetSet,
    SurvivalFigure,
    SurvivalSet,
    budget_set,
    survival_set,
)
from services.reporting.routes.tables import budget_csv, survival_csv, wants_csv
from services.reporting.store import queries
from shared.contracts.topics import BUDGET
from shared.database.transaction import reading
from shared.kernel.funders import Funder
from shared.web.problems import Problem

Format = Annotated[
    Literal["json", "csv"] | None, Query(description="`csv` for a table; else what `Accept` prefers, else JSON.")
]
OR_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
PROBLEM = {"application/problem+json": {"schema": {"type": "object"}}}
OR_UNKNOWN = OR_CSV | {404: {"description": "Nothing is known of it.", "content": PROBLEM}}


def figures(engine: AsyncEngine) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["figures"])
    _budgets(router, engine)
    _survival(router, engine)
    return router


def _budgets(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("/budget", summary="Where envelopes stand", response_model=BudgetSet, responses=OR_CSV)
    async def get_budgets(
        request: Request,
        contract: Annotated[str | None, Query(description="Only this contract.", examples=["CV219"])] = None,
        funder: Annotated[Funder | None, Query(description="Only this funder.")] = None,
        exercise: Annotated[int | None, Query(description="Only this budget year.", examples=[2016])] = None,
        format: Format = None,  # noqa: A002, ARG001  the parameter's name, read by `wants_csv`
    ) -> BudgetSet | Response:
        """Credits to engage and to pay, and what is reserved, engaged, lapsed, paid, left; in cents, by envelope."""
        async with reading(engine) as session:
            stated = await queries.stated_budgets(session)
            read = partitions_read((await queries.published_extent(session, BUDGET.name)).marks)
        wanted = [
            budget
            for budget in stated
            if contract in (None, budget.contract)
            and funder in (None, budget.funder)
            and exercise in (None, budget.exercise)
        ]
        return budget_csv(wanted) if wants_csv(request) else budget_set(wanted, read)

    @router.get(
        "/budget/{envelope_id}", summary="Where one envelope stands", response_model=BudgetFigure, responses=OR_UNKNOWN
    )
    async def get_budget(
        request: Request,
        envelope_id: Annotated[str, Path(examples=["CV219.CDC.2016"])],
        format: Format = None,  # noqa: A002, ARG001  the parameter's name, read by `wants_csv`
    ) -> BudgetFigure | Response:
        """The same figure as the latest record of `reporting.budget.v1` under this key."""
        async with reading(engine) as session:
            found = next((b for b in await queries.stated_budgets(session) if b.envelope_id == envelope_id), None)
        if found is None:
            raise Problem(404, "envelope-unknown", "No fact of such an envelope has been folded.",
                          detail="An envelope is named contract.funder.exercise: CV219.CDC.2016.")  # fmt: skip
        return budget_csv([found]) if wants_csv(request) else BudgetFigure(**found.model_dump())


def _survival(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("/survival", summary="How long businesses last", response_model=SurvivalSet, responses=OR_CSV)
    async def get_survival(
        request: Request,
        format: Format = None,  # noqa: A002, ARG001  the parameter's name, read by `wants_csv`
    ) -> SurvivalSet | Response:
        """Kaplan-Meier at 12, 24, 36 and 60 months, overall and by contract; small groups are hidden, with why."""
        async with reading(engine) as session:
            stated = await queries.stated_survival(session)
        return survival_csv(stated) if wants_csv(request) else survival_set(stated)

    @router.get(
        "/survival/{stratum}", summary="How long businesses of one stratum last", response_model=SurvivalFigure,
        responses=OR_UNKNOWN,
    )  # fmt: skip
    async def get_stratum(
        request: Request,
        stratum: Annotated[str, Path(examples=["all", "CV219"])],
        format: Format = None,  # noqa: A002, ARG001  the parameter's name, read by `wants_csv`
    ) -> SurvivalFigure | Response:
        """The same figure as the latest record of `reporting.survival.v1` under this key."""
        async with reading(engine) as session:
            found = next((f for f in await queries.stated_survival(session) if f.stratum == stratum), None)
        if found is None:
            raise Problem(404, "stratum-unknown", "No fact of such a stratum has been folded.",
                          detail="A stratum is `all`, or the code of a contract: CV219.")  # fmt: skip
        return survival_csv([found]) if wants_csv(request) else SurvivalFigure(**found.model_dump())
