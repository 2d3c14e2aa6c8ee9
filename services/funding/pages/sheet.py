"""Puts a page together: the sentence that answers its question, pictures, tables, and how to take them away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from services.funding.domain.outlook import Sum
from services.funding.downloads.forms import Form
from services.funding.pages.table import Table, Writer
from shared.kernel.funders import Funder
from shared.web import formats, pages
from shared.web.formats import Language
from shared.web.pages import environment
from shared.web.paging import page_of
from shared.web.words import Words, strong

TEMPLATES = Path(__file__).parent / "templates"
WRITTEN = ("euros_short", "euros_signed", "instant", "percent", "whole")
PARTS = ("engaged", "lapsed", "reserved", "frozen", "room")


@dataclass(frozen=True, slots=True)
class Bar:
    """One funder's credits as a picture, on a scale in cents; its shares are in percent of it."""

    funder: Funder
    sums: Sum
    scale: int

    def segments(self) -> list[tuple[str, float, float]]:
        """Cut what is authorised into parts: kind, start, width."""
        cut, start = [], 0
        for kind in PARTS:
            amount = getattr(self.sums, kind)
            if amount and kind != "room":
                cut.append((kind, self.percent(start), self.percent(amount)))
            start += amount
        return cut

    def percent(self, cents: int) -> float:
        """An amount on the scale."""
        return round(100 * cents / self.scale, 3) if self.scale else 0.0


def bars(sums: Mapping[Funder, Sum]) -> list[Bar]:
    """Draw each funder that has anything, all on one scale from zero."""
    scale = max((max(each.authorised, each.waitlisted) for each in sums.values()), default=0)
    return [Bar(funder, each, scale) for funder, each in sums.items() if any(each)]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: bars, a table or both; `file` is where the table is had as a file, below the
    language and without ending, `query` what that address asks for, and `again` a form that is sent to it, where the
    table is of what was only tried.

    `picture` draws gains and losses; a table that is not `paged` shows its first rows and leaves the rest to its file.
    """

    id: str
    heading: Markup
    table: Table | None = None
    bars: Sequence[Bar] = ()
    note: Markup | None = None
    file: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    again: Mapping[str, str] | None = None
    links: Sequence[tuple[str, Markup]] = ()
    form: Any = None
    picture: Sequence[Any] = ()
    paged: bool = True

    def files(self) -> list[tuple[str, str]]:
        """What the table's files are called, and where, below the language, they are."""
        asked = f"?{urlencode(self.query)}" if self.query else ""
        return [(form.called, f"{self.file}.{form}{asked}") for form in Form] if self.file else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole page; `path` is its address below the language, `query` what its address says beside the language."""

    path: str
    name: Markup
    heading: Markup
    answer: Sequence[Markup]
    sections: Sequence[Section] = ()
    notices: Sequence[Markup] = ()
    written_at: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    years: Sequence[int] = ()
    year: int | None = None
    has_day: bool = False
    days: Mapping[str, str] = field(default_factory=dict)


def render(
    sheet: Sheet, words: Words, *, part: int | None = None, by: str = "", token: str = "", at: str | None = None
) -> str:
    """Render a page; `part` is which rows of its long tables, `by` who is signed in,
    `token` what proves a form ours, `at` where the page is
    when that is not its own address (a form was sent there).
    """
    language = words.language
    up = "../" * ((sheet.path if at is None else at).count("/") + (language is not Language.FRENCH))
    home = up + ("" if language is Language.FRENCH else "en/")
    return environment(TEMPLATES).get_template("sheet.html.jinja").render(
        sheet=sheet, words=words, say=words.say, language=language, root=up, home=home or "./", css=stylesheet(),
        writer=Writer(words, home), by=by, token=token, rows_of=partial(page_of, wanted=part), strong=strong,
        **{name: partial(getattr(formats, name), language=language) for name in WRITTEN},
    )  # fmt: skip


def missing(words: Words, now: datetime, path: str) -> Sheet:
    """Say that nothing is known at an address."""
    say = words.say
    return Sheet(path=path, name=say("missing_heading"), heading=say("missing_heading"), answer=[say("missing_answer")],
                 written_at=now)  # fmt: skip


@cache
def stylesheet() -> str:
    """Return the pages' style, which travels in each page."""
    return pages.stylesheet(TEMPLATES)


@cache
def headers() -> Mapping[str, str]:
    """Return the headers of each page: forms go to this service, nothing is kept by anybody in between."""
    return {**pages.headers(stylesheet(), has_forms=True), "Cache-Control": "no-store"}
