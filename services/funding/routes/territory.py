"""What is told of the territory by HTTP, and envelopes by EPCI on any day, as known at any moment."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.funding.domain.by_epci import Group, Turn, by_epci, is_known, turns
from services.funding.domain.manager import Manager
from services.funding.domain.territory import Annulment, Merger, Territory, TerritoryObjection
from services.funding.pages.debts import day_of
from services.funding.pages.moment import day_asked, known_until
from services.funding.programme_terms import TERRITORY_REMEDIES
from services.funding.routes.keys import WhoseKey, answers, by_key
from services.funding.routes.orders import REMEDIES, STATUS, fields_of
from services.funding.store import territory as store
from services.funding.store.tables import TerritoryChange
from services.funding.use_cases import territory
from services.funding.use_cases.commanding import Desk, NotCommanded
from services.funding.use_cases.territory import Told, Wanted
from shared.contracts.fields import Day, SirenOfEpci, Word
from shared.database.transaction import reading
from shared.web.problems import FieldProblem, Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No key, or one that does not stand."},
    403: {"description": "The key may not speak for all the contracts concerned."},
    409: {"description": "Another command has this identifier."},
    422: {"description": "Not valid, or refused: `type` is the reason."},
}
On = Annotated[str | None, Query(description="The day on which EPCI are looked at. Default: today.")]
Known = Annotated[
    str | None, Query(description="What was known at the end of this day, or at this instant. Default: all that is.")
]


class _Telling(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    command_id: UUID = Field(description="Chosen by whoever tells: the same again is answered the same again.")
    reason: Word = Field(description="Why: a word, never a sentence.", examples=["order-of-the-prefect"])


class TellMerger(_Telling):
    """EPCI became one, from a day on."""

    kind: Literal["merge"]
    name: Word = Field(description="What the merger is called, once and for ever.", examples=["saint-omer-2017"])
    predecessors: list[SirenOfEpci] = Field(min_length=1)
    successor: SirenOfEpci
    successor_name: str = Field(min_length=1, max_length=200)
    effective_on: Day = Field(description="The day from which it counts.")
    day_is_known: bool = Field(default=True, description="False when the day stands for one that nobody knows.")

    def change(self) -> Merger:
        """As funding is told it."""
        return Merger(self.name, tuple(sorted({*self.predecessors})), self.successor, self.successor_name,
                      self.effective_on, self.day_is_known)  # fmt: skip


class TellAnnulment(_Telling):
    """A merger counts no more."""

    kind: Literal["annul"]
    merger: Word = Field(description="Name of the merger.", examples=["saint-omer-2017"])
    annulled_from: Day = Field(description="From when; the merger's own day: it never counted.")
    day_is_known: bool = Field(default=True, description="False when the day stands for one that nobody knows.")

    def change(self) -> Annulment:
        """As funding is told it."""
        return Annulment(self.merger, self.annulled_from, self.day_is_known)


Tellings = Annotated[TellMerger | TellAnnulment, Field(discriminator="kind")]
TELLINGS: TypeAdapter[Tellings] = TypeAdapter(Tellings)
GIVEN = {"requestBody": {"required": True, "content": {"application/json": {"schema": {
    "oneOf": [kind.model_json_schema() for kind in (TellMerger, TellAnnulment)]
}}}}}  # fmt: skip


class ChangeState(BaseModel):
    """What was told of the territory, by whom, why, since when it is known, and whom it concerns."""

    number: int
    command_id: UUID
    kind: str
    subject: str
    content: dict[str, Any]
    contracts: list[str] = Field(description="The contracts whose subscribers were told.")
    by: str
    told_by: str
    reason: str
    known_at: datetime
    dry_run: bool = False


class Figures(BaseModel):
    """Balances added up, in cents."""

    exercise: int
    funder: str
    authorised_cents: int
    reserved_cents: int
    engaged_cents: int
    paid_cents: int
    frozen_cents: int
    lapsed_cents: int
    room_cents: int
    waitlisted_cents: int


class EpciState(BaseModel):
    """An EPCI on a day: its contracts, and their envelopes added up by exercise and funder."""

    siren: str
    name: str
    contracts: list[str]
    figures: list[Figures]


class EpciPage(BaseModel):
    """Every EPCI that has a contract on a day; `unattached` is what belongs to none, so that no cent is lost."""

    on: date
    known_at: datetime
    epcis: list[EpciState]
    unattached: EpciState | None
    total: list[Figures]


class TurnState(BaseModel):
    """A merger, or its annulment, from both sides: the day before, and the day itself."""

    merger: str
    is_annulment: bool
    day: date
    day_is_known: bool
    before: list[EpciState]
    after: list[EpciState]


class OneEpci(BaseModel):
    """One EPCI on a day, and each turn that concerns it."""

    on: date
    known_at: datetime
    epci: EpciState
    turns: list[TurnState]


def territory_routes(desk: Callable[[], Desk], *, whose: WhoseKey, announce: Callable[[], None]) -> APIRouter:
    """Build the routes; telling needs a manager's key or the operator's."""
    router = APIRouter(prefix="/v1")
    _telling(router, desk, whose, announce)
    _looking(router, desk)
    return router


def _telling(router: APIRouter, desk: Callable[[], Desk], whose: WhoseKey, announce: Callable[[], None]) -> None:
    By = Annotated[Manager, Depends(by_key(whose))]  # noqa: N806  a type

    @router.post("/territory", summary="Tell a merger of EPCI, or its annulment", tags=["territory"],
                 responses=PROBLEMS, openapi_extra=GIVEN)  # fmt: skip
    async def post_territory(
        request: Request, by: By, response: Response,
        dry_run: Annotated[bool, Query(description="Say whom it concerns, and do nothing.")] = False,
    ) -> ChangeState:  # fmt: skip
        """Told: 201; told before: 200."""
        telling = read(await request.body())
        with answers(), refusals():
            [told] = await territory.tell(
                desk(), [Wanted(telling.command_id, telling.change(), telling.reason)], by, dry_run=dry_run
            )
        announce()
        response.status_code = 201 if told.is_new and not dry_run else 200
        return shown(told)

    @router.get("/territory", summary="What was told of the territory, in order", tags=["territory"])
    async def get_territory(_: By) -> list[ChangeState]:
        """Contracts attached, mergers, annulments: who told them, and why."""
        with answers():
            async with reading(desk().engine) as session:
                return [shown(Told(row)) for row in await store.changes(session)]


def read(body: bytes) -> TellMerger | TellAnnulment:
    """Read what is told. Raises Problem 422 that points to each field."""
    try:
        return TELLINGS.validate_json(body)
    except ValidationError as error:
        raise Problem(422, "telling-invalid", "What is told is not valid.", errors=[*fields_of(error)]) from error


def _looking(router: APIRouter, desk: Callable[[], Desk]) -> None:
    @router.get("/epcis", summary="Envelopes by EPCI, on a day, as known at a moment", tags=["territory"])
    async def get_epcis(on: On = None, known: Known = None, exercise: int | None = None) -> EpciPage:
        """In cents; the sum over EPCI is the sum over contracts, to the cent."""
        day, until, now = _asked(desk(), on, known)
        async with reading(desk().engine) as session:
            found = await store.territory(session, until=until)
            envelopes = await store.envelopes(session, until=until)
        mine = [each for each in envelopes if exercise in (None, each.exercise)]
        states = [state_of(group) for group in by_epci(found, mine, day)]
        return EpciPage(
            on=day, known_at=until or now, epcis=[each for each in states if each.siren],
            unattached=next((each for each in states if not each.siren), None),
            total=figures(Group("", "", (), mine)),
        )  # fmt: skip

    @router.get("/epcis/{siren}", summary="One EPCI, and its mergers from both sides", tags=["territory"])
    async def get_epci(siren: str, on: On = None, known: Known = None) -> OneEpci:
        """An EPCI that is no more, or not yet, has no contracts on that day."""
        day, until, now = _asked(desk(), on, known)
        async with reading(desk().engine) as session:
            found = await store.territory(session, until=until)
            envelopes = await store.envelopes(session, until=until)
        if not is_known(found, siren):
            raise Problem(404, "epci-unknown", "Nothing was told of this EPCI.")
        group = next((each for each in by_epci(found, envelopes, day) if each.epci == siren), _empty(found, siren))
        return OneEpci(on=day, known_at=until or now, epci=state_of(group),
                       turns=[turn_of(each) for each in turns(found, envelopes, siren)])  # fmt: skip


def _empty(found: Territory, siren: str) -> Group:
    return Group(siren, found.names.get(siren, siren), (), ())


def _asked(desk: Desk, on: str | None, known: str | None) -> tuple[date, datetime | None, datetime]:
    """Read both days. Raises Problem 422."""
    now = desk.clock()
    wrong = []
    for name, text, read in (("on", on, date.fromisoformat), ("known", known, known_until)):
        try:
            read(text or now.date().isoformat())
        except ValueError:
            wrong.append(FieldProblem(pointer=f"/query/{name}", detail="write a day: 2017-01-01"))
    if wrong:
        raise Problem(422, "parameter-invalid", "A parameter is not valid.", errors=wrong)
    return day_asked(on, day_of(now)), known_until(known), now


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the territory refuses into a problem with its remedy."""
    try:
        yield
    except NotCommanded as error:
        is_ours = error.reason in [*TerritoryObjection]
        remedy = TERRITORY_REMEDIES[TerritoryObjection(error.reason)] if is_ours else REMEDIES[error.reason]
        fields = [FieldProblem(pointer=f"/{error.field}", detail=remedy)] if error.field else []
        raise Problem(STATUS.get(error.reason, 422), error.reason, str(error), detail=remedy, errors=fields) from error


def shown(told: Told) -> ChangeState:
    """Render what was told."""
    row: TerritoryChange = told.change
    said = row.model_dump(include={*ChangeState.model_fields} & {*TerritoryChange.model_fields})
    contracts = sorted({contract for _, contract, _ in row.facts})
    return ChangeState(**said, contracts=contracts, dry_run=told.rehearsed)


def figures(group: Group) -> list[Figures]:
    """Add a group's envelopes up by exercise and funder."""
    names = [name.removesuffix("_cents") for name in Figures.model_fields if name.endswith("_cents")]
    return [
        Figures(exercise=exercise, funder=funder, **{f"{name}_cents": getattr(sums, name) for name in names})
        for (exercise, funder), sums in group.by_funder().items()
    ]


def state_of(group: Group) -> EpciState:
    """Render one EPCI."""
    return EpciState(siren=group.epci, name=group.name, contracts=[*group.contracts], figures=figures(group))


def turn_of(turn: Turn) -> TurnState:
    """Render both sides of a merger or an annulment."""
    return TurnState(
        merger=turn.merger.name, is_annulment=turn.annulment is not None, day=turn.day,
        day_is_known=turn.day_is_known, before=_groups(turn.before), after=_groups(turn.after),
    )  # fmt: skip


def _groups(side: Iterable[Group]) -> list[EpciState]:
    return [state_of(group) for group in side]
