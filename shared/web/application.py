"""Makes a service's HTTP application: refusals as problem documents, and its API described without anybody else's help.

`/docs` is Swagger UI, as FastAPI's own is, but its files come from a package in this process: FastAPI's page loads them
from a content delivery network, which an administration's network blocks.
"""

from html import escape

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from shared.web import problems

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}: API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="swagger-ui"></div>
<noscript><p>{title}: without JavaScript, read its description, <a href="openapi.json">openapi.json</a>.</p></noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, displayRequestDuration: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
})
"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere; Swagger UI writes styles into its elements."""


def application(title: str, *, summary: str) -> FastAPI:
    """Make the application of one service; its routes are added by its composition root."""
    app = FastAPI(title=title, version="1", summary=summary, docs_url=None, redoc_url=None)
    problems.install(app)
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    """Serve `/docs`; its addresses are relative, so that it works behind a proxy's prefix too."""
    page = PAGE.format(title=escape(app.title))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(START, media_type="text/javascript")

    app.mount("/docs", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs")
