"""What managers ask on pages: another key, other credits or rules; shown side by side, applied, or thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from services.funding.domain.alternative import Unweighed
from services.funding.domain.manager import Manager
from services.funding.pages.moment import Moment
from services.funding.pages.what_if import TABLES, applied_page, result_page, what_if_tables
from services.funding.pages.what_if_form import asking_page, prefilled
from services.funding.routes.counter import Counter, Fields
from services.funding.routes.downloads import Ending, table_file
from services.funding.routes.pages import LANGUAGES
from services.funding.routes.rehearsing import Rehearsals
from services.funding.routes.wishing import Asked, read_wish
from services.funding.use_cases import weighing, what_if
from services.funding.use_cases.commanding import NotCommanded
from services.funding.use_cases.weighing import Ground
from services.funding.use_cases.what_if import Question
from shared.web.formats import Language
from shared.web.pages import number
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Window:
    """The counter and its replays, in one language."""

    counter: Counter
    rehearsals: Rehearsals
    language: Language

    async def posted(self, request: Request, code: str) -> tuple["Place", Fields]:
        """Read a form of somebody who is signed in. Raises Problem."""
        by, fields = await self.counter.visitors.form(request)
        place = await self.place(request, code, by, fields)
        if place is None:
            raise Problem(404, "missing", "No such contract, or no such exercise.")
        return place, fields

    async def place(self, request: Request, code: str, by: Manager, said: Mapping[str, str]) -> "Place | None":
        """Find what a question there departs from; None where there is no such contract or exercise."""
        at = await weighing.ground(self.counter.desk().engine)
        years = {e.exercise for e in at.envelopes.values() if e.contract == code}
        wanted = number(said.get("exercise")) or max(years, default=None)
        if wanted is None or wanted not in years:
            return None
        return Place(self, request, self.counter.moment(self.language), by, code, wanted, at)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks: of which contract and exercise, who, and what a question departs from."""

    window: Window
    request: Request
    moment: Moment
    by: Manager
    code: str
    exercise: int
    at: Ground

    def read(self, fields: Fields) -> tuple[Asked, Question | None, str]:
        """Read the form: what is asked, the question when it is one, else the word for why it is none."""
        asked = read_wish(fields, self.code, self.exercise, self.at, by=self.by.role, today=self.moment.as_of)
        if asked.wrong:
            return asked, None, ""
        if asked.wish.is_empty:
            return asked, None, "if_empty"
        try:
            return asked, weighing.question(self.at, asked.wish, asked.how, displace=asked.displace), ""
        except Unweighed:
            return asked, None, "if_unweighed"

    def again(self, fields: Fields, wrong: list[str], objection: str) -> Response:
        """Show the form again, with what is wrong in it."""
        sheet = asking_page(
            self.moment, self.code, self.exercise, self.at, said=fields, wrong=wrong, objection=objection
        )
        return self.window.counter.page(self.request, sheet, self.moment, by=self.by, status=422)

    async def result(self, fields: Fields, question: Question, *, notice: str = "", status: int = 200) -> Response:
        """Replay, and show what it gives."""
        answer = await self.window.rehearsals.remembered(question)
        sheet = result_page(
            self.moment, self.code, self.exercise, answer, self.at,
            said={**fields, "exercise": str(self.exercise)}, by=self.by,
            has_rules=bool(question.rules), notice=notice,
        )  # fmt: skip
        return self.window.counter.page(self.request, sheet, self.moment, by=self.by, status=status)


def what_if_page_routes(counter: Counter, rehearsals: Rehearsals) -> APIRouter:
    """Build the routes, in French and in English; each needs a session, as the API needs a key."""
    router = counter.router()
    for language, prefix in LANGUAGES:
        window, address = Window(counter, rehearsals, language), f"{prefix}/contracts/{{code}}/what-if"
        _asking(router, window, address)
        _deciding(router, window, address)
    return router


def _asking(router: APIRouter, window: Window, address: str) -> None:
    @router.get(address)
    async def ask(request: Request, code: str) -> Response:
        """Ask what should be otherwise; the address may say what is missing, to begin with."""
        by = await window.counter.visitors.visitor(request)
        if by is None:
            raise Problem(401, "manager-unknown", "Sign in first.")
        place = await window.place(request, code, by, request.query_params)
        if place is None:
            raise Problem(404, "missing", "No such contract, or no such exercise.")
        said = prefilled(place.moment, code, place.exercise, place.at, request.query_params)
        sheet = asking_page(place.moment, code, place.exercise, place.at, said=said)
        return window.counter.page(request, sheet, place.moment, by=by)

    @router.post(address)
    async def replay(request: Request, code: str) -> Response:
        """Replay what is asked, and lay both sides beside each other."""
        place, fields = await window.posted(request, code)
        asked, question, objection = place.read(fields)
        if question is None:
            return place.again(fields, asked.wrong, objection)
        return await place.result(fields, question)


def _deciding(router: APIRouter, window: Window, address: str) -> None:
    @router.post(f"{address}/apply")
    async def apply(request: Request, code: str) -> Response:
        """Give the commands that were shown, if they are still the same; each by its own rights and four eyes."""
        place, fields = await window.posted(request, code)
        asked, question, objection = place.read(fields)
        if question is None:
            return place.again(fields, asked.wrong, objection)
        try:
            outturns = await what_if.apply(window.counter.desk(), question, place.by, expected=fields.get("plan", ""))
        except NotCommanded:
            return await place.result(fields, question, notice="if_plan_moved", status=409)
        window.counter.announce()
        sheet = applied_page(place.moment, code, place.exercise, outturns)
        return window.counter.page(request, sheet, place.moment, by=place.by)

    @router.post(f"{address}/{{name}}.{{form}}")
    async def table(request: Request, code: str, name: str, form: Ending) -> Response:
        """A table of the page that was just looked at, whole and in cents."""
        place, fields = await window.posted(request, code)
        asked, question, objection = place.read(fields)
        if question is None or name not in TABLES:
            return place.again(fields, asked.wrong, objection)
        found = what_if_tables(await window.rehearsals.remembered(question), place.by)[name]
        return await table_file(found, place.moment.now, form, window.language)
