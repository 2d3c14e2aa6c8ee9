"""Problem details (RFC 9457): one shape for every refusal, with a pointer to the field and how to mend it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from shared.contracts.remedies import remedy
from shared.kernel.errors import Unavailable


class FieldProblem(BaseModel):
    """One field at fault: its JSON pointer (RFC 6901) and what is wrong with it."""

    pointer: str
    detail: str


class Problem(Exception):
    """A refusal to be shown to the caller; `type` is stable, `detail` is for people, `more` its own members."""

    def __init__(
        self, status: int, type_: str, title: str, *, detail: str = "", errors: Sequence[FieldProblem] = (),
        headers: dict[str, str] | None = None, more: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(title)
        self.status = status
        self.type = type_
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers
        self.more = {**(more or {})}

    def body(self) -> dict[str, Any]:
        """Render the document."""
        document: dict[str, Any] = {
            "type": f"urn:fabrique:problem:{self.type}", "title": self.title, "status": self.status,
        }  # fmt: skip
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [error.model_dump() for error in self.errors]
        return document | self.more

    def response(self) -> JSONResponse:
        """Make the HTTP answer."""
        return JSONResponse(
            self.body(), status_code=self.status, media_type="application/problem+json", headers=self.headers
        )


def install(app: FastAPI) -> None:
    """Answer every refusal and every absence as a problem document."""

    @app.exception_handler(Problem)
    async def on_problem(_: Request, problem: Problem) -> JSONResponse:
        return problem.response()

    @app.exception_handler(HTTPException)
    async def on_http(_: Request, error: HTTPException) -> JSONResponse:
        return Problem(error.status_code, "http", str(error.detail)).response()

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = [
            FieldProblem(pointer="".join(f"/{step}" for step in problem["loc"]), detail=remedy(problem))
            for problem in error.errors()
        ]
        return Problem(422, "parameter-invalid", "A parameter is not valid.", errors=fields).response()

    @app.exception_handler(Unavailable)
    async def on_unavailable(_: Request, error: Unavailable) -> JSONResponse:
        return Problem(503, "unavailable", "Not now: try again.", detail=str(error),
                       headers={"Retry-After": "2"}).response()  # fmt: skip
