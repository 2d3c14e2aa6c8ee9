"""What managers send: commands, and answers to the commands of others."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.funding.domain.manager import Manager
from services.funding.routes.keys import WhoseKey, answers, by_key
from services.funding.routes.orders import (
    ORDER_SCHEMA,
    CommandFilter,
    CommandPage,
    CommandState,
    Rejection,
    answered,
    not_taken,
    read,
    shown,
)
from services.funding.store import commands as store
from services.funding.use_cases import commanding
from services.funding.use_cases.commanding import Desk, NotCommanded
from shared.database.transaction import reading

DryRun = Annotated[bool, Query(description="Say what would happen, and do nothing.")]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No key, or one that does not stand."},
    403: {"description": "The key may not command this."},
    409: {"description": "Another command has this identifier, or the envelope moved."},
    422: {"description": "Not valid, or refused: `type` is the reason, `in_the_way` who could be sent back."},
}
GIVEN = {"requestBody": {"required": True, "content": {"application/json": {"schema": ORDER_SCHEMA}}}}


def command_routes(desk: Callable[[], Desk], *, whose: WhoseKey, announce: Callable[[], None]) -> APIRouter:
    """Build the routes; each needs a manager's key or the operator's."""
    router = APIRouter(prefix="/v1/commands", tags=["commands"], responses=PROBLEMS)

    _giving(router, desk, whose, announce)
    _answering(router, desk, whose, announce)
    _looking(router, desk, whose)
    return router


def _giving(router: APIRouter, desk: Callable[[], Desk], whose: WhoseKey, announce: Callable[[], None]) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post("", summary="Command something of an envelope", openapi_extra=GIVEN)
    async def post_command(request: Request, response: Response, by: By, dry_run: DryRun = False) -> CommandState:
        """Applied: 200. From a certain amount on: 202, and another manager approves. Refused: 422, with who stands in
        the way."""
        command_id, wanted, version = read(await request.body())
        with answers():
            answer = await commanding.command(
                desk(), command_id, replace(wanted, by=by.role), by, expected_version=version, dry_run=dry_run
            )
        announce()
        response.status_code = 202 if answer.command.state == "proposed" else 200
        return answered(answer)


def _answering(router: APIRouter, desk: Callable[[], Desk], whose: WhoseKey, announce: Callable[[], None]) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post("/{command_id}/approve", summary="Approve what another manager proposed: it is decided now")
    async def post_approval(command_id: UUID, by: By, dry_run: DryRun = False) -> CommandState:
        """Decided as of now: it may be refused, when the envelope moved since it was proposed."""
        with answers():
            answer = await commanding.approve(desk(), command_id, by, dry_run=dry_run)
        announce()
        return answered(answer)

    @router.post("/{command_id}/reject", summary="Answer a proposal with no")
    async def post_rejection(command_id: UUID, rejection: Rejection, by: By) -> CommandState:
        """Whoever proposed it may take it back so."""
        with answers():
            return answered(await commanding.reject(desk(), command_id, by, reason=rejection.reason))


def _looking(router: APIRouter, desk: Callable[[], Desk], whose: WhoseKey) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.get("", summary="Commands, the newest first")
    async def get_commands(_: By, wanted: Annotated[CommandFilter, Query()]) -> CommandPage:
        """Page by page: `before` is the number that the page before ended with."""
        with answers():
            async with reading(desk().engine) as session:
                rows = await store.commands(session, **wanted.model_dump())
        last = rows[-1].number if len(rows) == wanted.limit else None
        return CommandPage(commands=[shown(row) for row in rows], before=last)

    @router.get("/{command_id}", summary="One command, and what became of it")
    async def get_command(command_id: UUID, _: By) -> CommandState:
        """Refused ones too, with the reason in `outcome`."""
        with answers():
            async with reading(desk().engine) as session:
                row = await store.command(session, command_id)
        if row is None:
            raise not_taken(NotCommanded("command-unknown", "No such command was given."))
        return shown(row)
