"""What the pages of all services share: templates that escape, one look, and headers that keep a page to itself."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SHARED = Path(__file__).parent / "templates"


@cache
def environment(templates: Path) -> Environment:
    """Return a service's templates, beside those that all services share; they escape what is put in."""
    return Environment(
        loader=FileSystemLoader([templates, SHARED]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


@cache
def stylesheet(templates: Path) -> str:
    """Return the look of all pages and what a service adds to it in its own `page.css`: it travels in the page."""
    parts = (SHARED / "look.css", templates / "page.css")
    return "".join(part.read_text(encoding="utf-8") for part in parts)


def headers(style: str, *, has_forms: bool = False) -> Mapping[str, str]:
    """Return a page's headers: nothing from elsewhere, no script, no frame, and the one style that it carries.

    Forms, where there are any, go to this service alone.
    """
    forms = "'self'" if has_forms else "'none'"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
        f" form-action {forms}; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


def number(text: str | None) -> int | None:
    """Read a small number of an address; None for anything else."""
    return int(text) if text and len(text) <= 4 and text.isascii() and text.isdigit() else None
