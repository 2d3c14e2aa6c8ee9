"""Where managers command by page: who visits, in which words, and what cannot be taken said in a page."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from services.funding.domain.manager import Manager
from services.funding.pages.moment import Moment, moment
from services.funding.pages.sheet import Sheet, headers, missing, render
from services.funding.pages.turned_away import turned_away_page
from services.funding.routes.pages import below
from services.funding.routes.visitors import Visitors
from services.funding.use_cases.commanding import Desk
from shared.kernel.errors import Unavailable
from shared.web.formats import Language
from shared.web.problems import Problem

Fields = Mapping[str, str]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
SIGN_IN = 401


@dataclass(frozen=True, slots=True)
class Counter:
    """Where managers command by page: the desk, who visits, and the relay to wake."""

    desk: Callable[[], Desk]
    visitors: Visitors
    announce: Callable[[], None]

    def moment(self, language: Language) -> Moment:
        """Now, in a language."""
        return moment(language, self.desk().clock(), None)

    def page(self, request: Request, sheet: Sheet, now: Moment, *, by: Manager | None, status: int = 200) -> Response:
        """Answer with a page."""
        html = render(sheet, now.words, by=by.name if by else "", token=self.visitors.token(request), at=below(request))
        return HTMLResponse(html, headers=headers(), status_code=status)

    def router(self) -> APIRouter:
        """Make a router whose refusals are pages; whoever is not signed in any more is asked for a key."""
        counter = self

        class Told(APIRoute):
            """A route of which nothing is answered that people cannot read."""

            def get_route_handler(self) -> Handler:
                handler = super().get_route_handler()

                async def told(request: Request) -> Response:
                    try:
                        return await handler(request)
                    except Problem as problem:
                        return await counter.turned_away(request, problem)
                    except Unavailable as error:
                        return await counter.turned_away(request, Problem(503, "unavailable", str(error)))
                    except RequestValidationError:
                        return await counter.turned_away(request, Problem(404, "missing", "Nothing is there."))

                return told

        return APIRouter(include_in_schema=False, route_class=Told)

    async def turned_away(self, request: Request, problem: Problem) -> Response:
        """Say in the visitor's language why a request was not taken, and what to do."""
        address = below(request)
        if problem.status == SIGN_IN:
            ended = "?ended=yes" if request.method == "POST" else ""
            return RedirectResponse("../" * address.count("/") + f"login{ended}", status_code=303)
        now = self.moment(Language.ENGLISH if request.url.path.startswith("/en/") else Language.FRENCH)
        by = None if problem.status >= 500 else await self.visitors.visitor(request)
        if problem.type == "missing":
            return self.page(request, missing(now.words, now.now, address), now, by=by, status=problem.status)
        details = [error.detail for error in problem.errors]
        sheet = turned_away_page(now, address, problem.type, details)
        return self.page(request, sheet, now, by=by, status=problem.status)
