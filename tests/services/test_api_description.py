"""`/docs` describes the API with nothing that comes from elsewhere: an administration's network blocks it."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.web.application import application


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A service that only describes itself."""
    app = application("Fabrique <test>", summary="Nothing.")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service/below/") as client:
        yield client


async def test_all_that_the_page_needs_comes_from_this_process(client: httpx.AsyncClient) -> None:
    page = await client.get("http://service/docs")
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) == 5
    for address in needed:
        assert ":" not in address
        assert not address.startswith("/"), "it works behind a proxy's prefix"
        assert (await client.get(f"http://service/{address}")).status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"].partition("style-src")[0]


async def test_the_page_has_no_script_of_its_own_and_its_title_is_text(client: httpx.AsyncClient) -> None:
    page = (await client.get("http://service/docs")).text
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page) == []
    assert "Fabrique &lt;test&gt;" in page


async def test_swagger_ui_starts_on_our_own_description(client: httpx.AsyncClient) -> None:
    start = await client.get("http://service/docs/start.js")
    assert start.headers["content-type"].startswith("text/javascript")
    assert 'url: "openapi.json"' in start.text
    assert "SwaggerUIBundle" in (await client.get("http://service/docs/swagger-ui-bundle.js")).text


async def test_without_scripts_the_description_is_one_link_away(client: httpx.AsyncClient) -> None:
    assert re.search(r'<noscript>.*href="openapi.json"', (await client.get("http://service/docs")).text)


async def test_what_is_not_there_is_a_problem_document(client: httpx.AsyncClient) -> None:
    missing = await client.get("http://service/docs/nothing.js")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
