"""Puts the page of the real grants together, and its picture for whoever takes it elsewhere."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from services.reporting.pages import grants_answers
from services.reporting.pages.grants import GrantsView, grants_view
from services.reporting.pages.grants_chart import BAR, LEFT
from services.reporting.pages.grants_data import compared_lines, unusable_lines
from services.reporting.pages.page import TEMPLATES, stylesheet
from services.reporting.pages.words import words_in
from shared.web import formats
from shared.web.formats import Language
from shared.web.pages import environment, number

WRITTEN = ("euros", "euros_exact", "euros_short", "euros_signed", "percent", "whole")
PICTURE_STYLE = ".compare"
"""How the rules of the page's style begin that the picture needs; each is one line."""
PICTURE_WIDTH, LEGEND_HEIGHT = 760, 34


def render_grants(*, language: Language, exercise: str | None = None) -> str:
    """Render the page; `exercise` is what the address asks for, as it was written."""
    wanted = number(exercise)
    view = grants_view(compared_lines(), unusable_lines(), wanted)
    return environment(TEMPLATES).get_template("grants.html.jinja").render(
        **_context(view, language), wanted=wanted, sentences=grants_answers, css=stylesheet(),
        root="" if language is Language.FRENCH else "../",
    )  # fmt: skip


def render_picture(view: GrantsView, language: Language) -> str:
    """Render one exercise's picture as an SVG file, with the page's colours and its own legend."""
    palettes = stylesheet().partition("* {")[0]
    rules = [line for line in stylesheet().splitlines() if line.startswith(PICTURE_STYLE)]
    return environment(TEMPLATES).get_template("grants_picture.svg.jinja").render(
        **_context(view, language), css="\n".join([palettes.strip(), *rules]), width=PICTURE_WIDTH,
        legend_height=LEGEND_HEIGHT,
    )  # fmt: skip


def _context(view: GrantsView, language: Language) -> Mapping[str, Any]:
    words = words_in(language)
    written = {name: partial(getattr(formats, name), language=language) for name in WRITTEN}
    return {"words": words, "say": words.say, "language": language, "view": view, "left": LEFT, "bar": BAR} | written
