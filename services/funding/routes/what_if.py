"""What if: a programme file that is replayed on a copy and compared, and whose credits are then applied or not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from services.funding.domain.command import Command
from services.funding.domain.comparison import Balances, Change, Comparison, Fate, Pair, Verdict
from services.funding.domain.manager import Manager
from services.funding.domain.reapportionment import Order, nothing_yet
from services.funding.programme import ProgrammeInvalid, openings, parse, ruled
from services.funding.routes.keys import WhoseKey, answers, by_key
from services.funding.routes.rehearsing import Rehearsals
from services.funding.use_cases import what_if
from services.funding.use_cases.commanding import Desk
from services.funding.use_cases.what_if import Answer, Outturn, Progress, Question
from shared.contracts.fields import Word
from shared.kernel.errors import Unavailable
from shared.web.problems import FieldProblem, Problem

Json = dict[str, Any]
LINES = "application/x-ndjson"
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No key, or one that does not stand."},
    409: {"description": "The replay does not end where the ledger stands, or the plan is no longer the one shown."},
    422: {"description": "The programme file is not valid: each problem with its line and how to mend it."},
}
FILE = {"requestBody": {"required": True, "content": {"application/toml": {"schema": {"type": "string"}}}}}
FirstCome = Annotated[bool, Query(description="Ignore priorities: who came first is served first.")]
Displace = Annotated[bool, Query(description="Where room is short, send back who stands in the way, last in first.")]
Reason = Annotated[Word, Query(description="Why the credits would be changed: a word, the same for all commands.")]
Since = Annotated[date | None, Query(description="The day from which the commands count. Default: today.")]
Shown = Annotated[str | None, Query(description="`plan` of the answer that was looked at: refused when it moved.")]


def what_if_routes(rehearsals: Rehearsals, *, whose: WhoseKey, announce: Callable[[], None]) -> APIRouter:
    """Build the routes; each needs a manager's key or the operator's."""
    router = APIRouter(prefix="/v1/what-if", tags=["what if"], responses=PROBLEMS)
    _asking(router, rehearsals, whose)
    _applying(router, rehearsals.desk, whose, announce)
    return router


def _asking(router: APIRouter, rehearsals: Rehearsals, whose: WhoseKey) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post(
        "",
        response_model=None,
        summary="Replay with the credits of a programme file (TOML), and compare",
        openapi_extra=FILE,
    )
    async def post_what_if(
        *, request: Request, by: By, first_come: FirstCome = False, displace: Displace = False,
        reason: Reason = "what-if", effective_on: Since = None,
    ) -> Any:  # fmt: skip
        """Nothing is kept. First it is proved that a replay without change ends where the ledger stands.

        With `Accept: application/x-ndjson`, lines `{"progress": …}` come first; the last is `{"answer": …}`, or
        `{"problem": …}` with what would have been answered.
        """
        how = _how(rehearsals.desk(), by, reason, effective_on)
        question = await _question(request, how=how, first_come=first_come, displace=displace)

        async def answer(progress: Progress) -> Json:
            return answer_shown(await rehearsals.answer(question, progress))

        if request.headers.get("accept") == LINES:
            return StreamingResponse(_lines(answer), media_type=LINES)
        return await answer(what_if.silent)


def _applying(router: APIRouter, desk: Callable[[], Desk], whose: WhoseKey, announce: Callable[[], None]) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post("/apply", summary="Change the credits of now into those of a file, by commands", openapi_extra=FILE)
    async def post_apply(
        *, request: Request, by: By, reason: Reason, displace: Displace = False, effective_on: Since = None,
        plan: Shown = None,
    ) -> Json:  # fmt: skip
        """Each command is subject to rights and four eyes by itself; the same again gives none twice."""
        at = desk()
        how = _how(at, by, reason, effective_on)
        question = await _question(request, how=how, first_come=False, displace=displace)
        with answers():
            outturns = await what_if.apply(at, question, by, expected=plan)
        announce()
        return {"orders": [_outturn(each) for each in outturns]}


def _how(at: Desk, by: Manager, reason: str, effective_on: date | None) -> Command:
    return nothing_yet(by=by.role, reason=reason, effective_on=effective_on or at.clock().date())


async def _lines(answer: Callable[[Progress], Awaitable[Json]]) -> AsyncIterator[bytes]:
    """Say how far a replay is, as often as it says so, and at last what it answers."""
    loop, said = asyncio.get_running_loop(), asyncio.Queue[Json | None]()

    def progress(what: str, done: int, of: int) -> None:
        loop.call_soon_threadsafe(said.put_nowait, {"progress": {"what": what, "done": done, "of": of}})

    work = asyncio.ensure_future(answer(progress))
    work.add_done_callback(lambda _: said.put_nowait(None))
    try:
        while (line := await said.get()) is not None:
            yield msgspec.json.encode(line) + b"\n"
        try:
            last: Json = {"answer": work.result()}
        except Problem as problem:
            last = {"problem": problem.body()}
        except Unavailable as error:
            last = {"problem": Problem(503, "unavailable", "Not now: try again.", detail=str(error)).body()}
        yield msgspec.json.encode(last) + b"\n"
    finally:
        work.cancel()


async def _question(request: Request, *, how: Command, first_come: bool, displace: bool) -> Question:
    try:
        programme = parse((await request.body()).decode())
    except (ProgrammeInvalid, UnicodeDecodeError) as error:
        problems = error.problems if isinstance(error, ProgrammeInvalid) else ["the file is not UTF-8"]
        raise Problem(422, "programme-invalid", "The programme file is not valid.",
                      errors=[FieldProblem(pointer="", detail=p) for p in problems]) from error  # fmt: skip
    rules = {(contract, exercise): said for contract, exercise, said in ruled(programme)}
    return Question(tuple(openings(programme)), how, first_come, displace, rules)


def answer_shown(found: Answer) -> Json:
    """Render what a replay showed, and what applying now would give."""
    return {
        "steps": found.steps,
        "replay_seconds": round(found.replay_seconds, 3),
        "replayed": comparison_shown(found.replayed),
        "applied_now": comparison_shown(found.applied),
        "plan": found.plan.digest,
        "orders": [
            _order(each.order) | {"refusal": each.refusal, "displaced": each.displaced,
                                  "needs_approval": each.needs_approval}
            for each in found.orders
        ],
        "impossible": [*found.plan.impossible],
    }  # fmt: skip


def comparison_shown(found: Comparison) -> Json:
    """Render a side by side: envelopes, totals and commitments, most changed first."""
    return {
        **{verdict.value: found.count(verdict) for verdict in Verdict},
        "envelopes": [{"envelope_id": pair.name} | _pair(pair) for pair in found.envelopes],
        "totals": [{"of": pair.name} | _pair(pair) for pair in found.totals],
        "commitments": [_change(change) for change in found.changes],
    }


def _pair(pair: Pair) -> Json:
    sides = {"before": pair.before, "after": pair.after, "difference": pair.difference}
    return {side: _cents(balances) for side, balances in sides.items()}


def _cents(balances: Balances) -> Json:
    return {f"{name}_cents": cents for name, cents in balances._asdict().items()}


def _change(change: Change) -> Json:
    return {
        "commitment_id": str(change.commitment_id), "contract": change.before.contract,
        "exercise": change.before.exercise, "verdict": change.verdict.value, "gained_cents": change.gained,
        "before": _fate(change.before), "after": _fate(change.after),
    }  # fmt: skip


def _fate(fate: Fate) -> Json:
    amounts = {name: getattr(fate, name) for name in ("asked", "served", "engaged", "paid", "waiting")}
    return {"state": fate.state.value} | {
        f"{name}_{funder}_cents": cents
        for name, asked in amounts.items()
        for funder, cents in zip(("cdc", "state"), asked, strict=True)
    }


def _order(order: Order) -> Json:
    command = order.command
    return {
        "command_id": str(order.command_id), "kind": command.act.value, "envelope": command.envelope,
        "to": command.to, "amount_cents": command.amount_cents, "payment_cents": command.payment_cents,
        "displace": command.displace, "reason": command.reason, "given_before": order.state,
    }  # fmt: skip


def _outturn(each: Outturn) -> Json:
    return _order(each.order) | {"state": each.state, "refusal": each.reason}
