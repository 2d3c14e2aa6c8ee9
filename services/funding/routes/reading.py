"""A programme to open; envelopes, commitments and waitlists to look at."""

import secrets
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request

from services.funding.domain.manager import OPERATOR
from services.funding.domain.territory import TerritoryObjection
from services.funding.programme import Programme, ProgrammeInvalid, odd_cents, openings, parse, ruled, territory_changes
from services.funding.programme_terms import TERRITORY_REMEDIES
from services.funding.store import queries
from services.funding.store.tables import CommitmentRow, EnvelopeRow
from services.funding.use_cases import territory
from services.funding.use_cases.commanding import Desk, NotCommanded
from services.funding.use_cases.opening import open_envelopes
from services.funding.use_cases.ruling import RightsExceedCap, Ruler, set_rules
from services.funding.use_cases.territory import Told
from services.funding.use_cases.weighing import keep_weights
from shared.database.transaction import reading
from shared.messaging.spine import Spine
from shared.web.problems import FieldProblem, Problem


def routes(spine: Spine, *, operator_key: str) -> APIRouter:
    """Build the routes; commands need the operator's key."""
    router = APIRouter(prefix="/v1")
    _opening(router, spine, operator_key)
    _looking(router, spine)
    return router


def _opening(router: APIRouter, spine: Spine, operator_key: str) -> None:
    def operator(authorization: Annotated[str, Header()] = "") -> str:
        if not operator_key or not secrets.compare_digest(authorization.encode(), f"Bearer {operator_key}".encode()):
            raise Problem(401, "operator-unknown", "This needs the operator's key.",
                          detail="Send it as `Authorization: Bearer …`.")  # fmt: skip
        return "operator"

    @router.put("/programme", summary="Open the envelopes of a programme file (TOML)")
    async def put_programme(request: Request, by: Annotated[str, Depends(operator)]) -> dict[str, object]:
        """Open what does not exist yet; existing envelopes stay as they are. Rules that differ become a new version."""
        programme = _read(await request.body())
        told = await _tell_territory(spine, programme)
        opened = await _open(spine, programme, by)
        spine.announce()
        new = [{"kind": each.change.kind, "subject": each.change.subject} for each in told if each.is_new]
        return {"programme": programme.programme.id, **opened, "odd_cents_to": odd_cents(programme), "territory": new}


def _looking(router: APIRouter, spine: Spine) -> None:
    @router.get("/envelopes", summary="Every envelope and its balances")
    async def get_envelopes(contract: str | None = None) -> list[EnvelopeRow]:
        """In cents, by contract, exercise and funder."""
        async with reading(spine.engine) as session:
            return await queries.envelopes(session, contract=contract)

    @router.get("/commitments/{commitment_id}", summary="Where one commitment stands")
    async def get_commitment(commitment_id: UUID) -> CommitmentRow:
        """As the ledger has it now."""
        async with reading(spine.engine) as session:
            found = await queries.commitment(session, commitment_id)
        if found is None:
            raise Problem(404, "commitment-unknown", "No such commitment has been decided.")
        return found

    @router.get("/contracts/{contract}/waitlist", summary="Who waits in a contract's exercise, in order")
    async def get_waitlist(contract: str, exercise: int) -> list[CommitmentRow]:
        """The first is the next to be served."""
        async with reading(spine.engine) as session:
            return await queries.waitlist(session, contract=contract, exercise=exercise)


def _read(body: bytes) -> Programme:
    """Read a programme file. Raises Problem 422 with the line of each mistake."""
    try:
        return parse(body.decode())
    except (ProgrammeInvalid, UnicodeDecodeError) as error:
        problems = error.problems if isinstance(error, ProgrammeInvalid) else ["the file is not UTF-8"]
        raise Problem(422, "programme-invalid", "The programme file is not valid.",
                      errors=[FieldProblem(pointer="", detail=p) for p in problems]) from error  # fmt: skip


async def _open(spine: Spine, programme: Programme, by: str) -> dict[str, object]:
    """Open envelopes and put rules in force, from the first exercise on. Raises Problem 422."""
    wanted = openings(programme)
    since, clock = date(min(o.exercise for o in wanted), 1, 1), spine.terms.clock
    opened = await open_envelopes(
        wanted, engine=spine.engine, route=spine.router, clock=clock, by=by, effective_on=since
    )  # fmt: skip
    try:
        rules = await set_rules(Ruler(spine.engine, spine.router, clock, by, since), ruled(programme))
    except RightsExceedCap as error:
        raise Problem(422, "rights-exceed-cap", "The rules are not put in force.", detail=str(error)) from error
    await keep_weights(spine.engine, programme)
    return {"opened": opened, "envelopes": len(wanted),
            "rules": {f"{r.contract}.{r.exercise}": r.version for r in rules}}  # fmt: skip


async def _tell_territory(spine: Spine, programme: Programme) -> list[Told]:
    """Tell what the file says of the territory: first, so that nothing is opened when it is refused."""
    desk = Desk(spine.engine, spine.router, spine.terms.clock, 0)
    try:
        return await territory.tell(desk, territory.of_programme(territory_changes(programme)), OPERATOR)
    except NotCommanded as error:
        remedy = TERRITORY_REMEDIES[TerritoryObjection(error.reason)]
        raise Problem(422, error.reason, "The file contradicts what was told.", detail=f"{error} {remedy}") from error
