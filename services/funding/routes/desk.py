"""What managers do on the pages: sign in and out, try a command, apply it, and answer what others proposed."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from services.funding.domain.manager import Manager
from services.funding.pages import orders
from services.funding.pages.sheet import Sheet
from services.funding.routes.counter import Counter, Fields
from services.funding.routes.orders import read
from services.funding.routes.pages import LANGUAGES
from services.funding.routes.visitors import COOKIE, read_form
from services.funding.store import commands as store
from services.funding.store import looking
from services.funding.store.tables import Command
from services.funding.use_cases import commanding
from services.funding.use_cases.commanding import Answer, NotCommanded
from shared.contracts.fields import Word
from shared.database.transaction import reading
from shared.web.formats import Language
from shared.web.problems import Problem

REASON: TypeAdapter[str] = TypeAdapter(Word)


async def command_sheet(
    counter: Counter, command_id: UUID, language: Language, by: Manager, *, tried: Command | None = None,
    objection: str = "",
) -> Sheet:  # fmt: skip
    """Read what became of a command, or would if it were approved. Raises Problem 404."""
    async with reading(counter.desk().engine) as session:
        row = await store.command(session, command_id)
        if row is None:
            raise Problem(404, "command-unknown", "No such command was given.")
        return orders.command_page(counter.moment(language), row, tried=tried, objection=objection, by=by.name)


async def tried_sheet(
    counter: Counter, code: str, language: Language, by: Manager, fields: Fields, *, failed: str = ""
) -> tuple[Sheet, bool]:
    """Say what a command would do, and whether it could be given."""
    answer, objection, wrong = None, "", list[str]()
    try:
        answer = await _command(counter, by, {**fields, "version": ""}, dry_run=True)
    except NotCommanded as error:
        objection, wrong = error.reason, [error.field]
    except Problem as problem:
        objection, wrong = problem.type, [error.pointer.strip("/") for error in problem.errors]
    said = {**fields, "version": _version(answer)}
    async with reading(counter.desk().engine) as session:
        envelopes = await looking.envelopes(session, code)
    tried = orders.Tried(
        answer.command if answer else None, objection, wrong, failed, bool(answer and answer.needs_approval)
    )
    return orders.tried_page(counter.moment(language), code, envelopes, said=said, tried=tried), not objection


def desk_routes(counter: Counter) -> APIRouter:
    """Build the routes, in French and in English."""
    router = counter.router()
    for language, prefix in LANGUAGES:
        _signing(router, counter, language, prefix)
        _commanding(router, counter, language, prefix)
        _answering(router, counter, language, prefix)
    return router


def _signing(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.get(f"{prefix}/login")
    async def ask_key(request: Request) -> Response:
        """Ask for a key."""
        now = counter.moment(language)
        sheet = orders.sign_in_page(now, notice="session_ended" if request.query_params.get("ended") else "")
        return counter.page(request, sheet, now, by=await counter.visitors.visitor(request))

    @router.post(f"{prefix}/login")
    async def sign_in(request: Request) -> Response:
        """Take a key."""
        now, fields = counter.moment(language), await read_form(request)
        answer = RedirectResponse("./", status_code=303)
        if await counter.visitors.sign_in(fields.get("key", "").strip(), request, answer) is None:
            return counter.page(request, orders.sign_in_page(now, notice="key_unknown"), now, by=None, status=401)
        return answer

    @router.post(f"{prefix}/logout")
    async def sign_out(request: Request) -> Response:
        """Forget who was signed in, in this browser."""
        await read_form(request)
        answer = RedirectResponse("./", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer


def _commanding(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.post(f"{prefix}/contracts/{{code}}/commands")
    async def try_command(request: Request, code: str) -> Response:
        """Say what a command would do."""
        by, fields = await counter.visitors.form(request)
        return await _tried(counter, request, language, code, by=by, fields={**fields, "command_id": str(uuid4())})

    @router.post(f"{prefix}/contracts/{{code}}/commands/apply")
    async def apply_command(request: Request, code: str) -> Response:
        """Do it, or propose it; whatever keeps it from being done is shown, with the form."""
        by, fields = await counter.visitors.form(request)
        try:
            answer = await _command(counter, by, fields, dry_run=False)
        except (NotCommanded, Problem) as error:
            failed = error.reason if isinstance(error, NotCommanded) else error.type
            again = {**fields, "command_id": str(uuid4())}
            return await _tried(counter, request, language, code, by=by, fields=again, failed=failed)
        counter.announce()
        return RedirectResponse(f"../../../commands/{answer.command.command_id}", status_code=303)


async def _tried(
    counter: Counter, request: Request, language: Language, code: str, *, by: Manager, fields: Fields,
    failed: str = "",
) -> Response:  # fmt: skip
    sheet, can_be = await tried_sheet(counter, code, language, by, fields, failed=failed)
    return counter.page(request, sheet, counter.moment(language), by=by, status=200 if can_be and not failed else 422)


def _version(answer: Answer | None) -> str:
    """The giver's version that was looked at."""
    envelopes = (answer.command.outcome or {}).get("envelopes") if answer else None
    return str(envelopes[0]["before"]["version"]) if isinstance(envelopes, list) and envelopes else ""


async def _command(counter: Counter, by: Manager, fields: Fields, *, dry_run: bool) -> Answer:
    """Read the form as the API reads a command, and give it."""
    command_id, wanted, version = read(json.dumps(_order(fields)).encode())
    return await commanding.command(
        counter.desk(), command_id, replace(wanted, by=by.role), by, expected_version=version, dry_run=dry_run
    )


def _order(fields: Fields) -> dict[str, object]:
    """Write a form as a command; an amount that is none is left as it is, so that it is refused by name."""
    names = ("command_id", "kind", "envelope", "reason", "effective_on")
    order: dict[str, object] = {name: fields.get(name, "").strip() for name in names}
    for name in ("amount", "payment"):
        if text := fields.get(name, "").strip():
            cents = orders.cents_of(text)
            order[f"{name}_cents"] = text if cents is None else cents
    if to := fields.get("to", "").strip():
        order["to"] = to
    if fields.get("displace"):
        order["displace"] = True
    if fields.get("version", "").isdigit():
        order["expected_version"] = int(fields["version"])
    return order


def _word(text: str) -> str:
    """Read a reason. Raises NotCommanded."""
    try:
        return REASON.validate_python(text.strip())
    except ValidationError as error:
        raise NotCommanded("command-invalid", "The reason is a word.", field="reason") from error


def _answering(router: APIRouter, counter: Counter, language: Language, prefix: str) -> None:
    @router.get(f"{prefix}/commands/{{command_id}}")
    async def get_command(request: Request, command_id: UUID) -> Response:
        """One command, for managers."""
        by = await counter.visitors.visitor(request)
        if by is None:
            return RedirectResponse("../login", status_code=303)
        return await _shown(counter, request, language, command_id, by)

    @router.post(f"{prefix}/commands/{{command_id}}/try")
    async def try_approval(request: Request, command_id: UUID) -> Response:
        """Say what approving would do now."""

        async def look(by: Manager, _: Fields) -> Command:
            return (await commanding.approve(counter.desk(), command_id, by, dry_run=True)).command

        return await _answered(counter, request, language, command_id, look)

    @router.post(f"{prefix}/commands/{{command_id}}/approve")
    async def approve(request: Request, command_id: UUID) -> Response:
        """Approve, as another manager."""

        async def decide(by: Manager, _: Fields) -> None:
            await commanding.approve(counter.desk(), command_id, by)

        return await _answered(counter, request, language, command_id, decide)

    @router.post(f"{prefix}/commands/{{command_id}}/reject")
    async def reject(request: Request, command_id: UUID) -> Response:
        """Say no, or take one's own back."""

        async def refuse(by: Manager, fields: Fields) -> None:
            await commanding.reject(counter.desk(), command_id, by, reason=_word(fields.get("reason", "")))

        return await _answered(counter, request, language, command_id, refuse)


async def _answered(
    counter: Counter, request: Request, language: Language, command_id: UUID,
    act: Callable[[Manager, Fields], Awaitable[Command | None]],
) -> Response:  # fmt: skip
    by, fields = await counter.visitors.form(request)
    try:
        tried = await act(by, fields)
    except NotCommanded as error:
        return await _shown(counter, request, language, command_id, by, objection=error.reason, status=422)
    if tried is not None:
        return await _shown(counter, request, language, command_id, by, tried=tried)
    counter.announce()
    return RedirectResponse(f"../{command_id}", status_code=303)


async def _shown(
    counter: Counter, request: Request, language: Language, command_id: UUID, by: Manager, *,
    tried: Command | None = None, objection: str = "", status: int = 200,
) -> Response:  # fmt: skip
    sheet = await command_sheet(counter, command_id, language, by, tried=tried, objection=objection)
    return counter.page(request, sheet, counter.moment(language), by=by, status=status)
