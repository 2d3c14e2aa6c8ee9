"""Puts the page together: views of the figures, words, template, and the headers that keep it to itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from services.reporting.domain.suppression import THRESHOLD
from services.reporting.pages import answers
from services.reporting.pages.chart import BOTTOM, HEIGHT, LEFT, RIGHT
from services.reporting.pages.lives import lives_view
from services.reporting.pages.money import money_view
from services.reporting.pages.words import words_in
from shared.contracts.figures import BudgetStated, SurvivalStated
from shared.web import formats, pages
from shared.web.formats import Language
from shared.web.pages import environment, number
from shared.web.paging import page_of

TEMPLATES = Path(__file__).parent / "templates"
STALE_AFTER = timedelta(hours=24)
WRITTEN = ("age", "day", "euros", "euros_short", "instant", "interval", "percent", "whole")
"""The formats that the templates use, bound to the page's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the page is made of: the figures last published, and how reporting itself is doing."""

    budgets: Sequence[BudgetStated]
    survival: Sequence[SurvivalStated]
    now: datetime
    is_parked: bool = False
    quarantined: int = 0
    is_demonstration: bool = False

    @property
    def known_at(self) -> datetime | None:
        """The latest fact behind any of the figures."""
        return max((f.known_at for f in (*self.budgets, *self.survival) if f.known_at), default=None)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the figures are; stale when nothing was known for a day."""

    known_at: datetime
    elapsed: timedelta

    @property
    def is_stale(self) -> bool:
        """Whether people should be told."""
        return self.elapsed > STALE_AFTER


def render(situation: Situation, *, language: Language, exercise: str | None = None, part: str | None = None) -> str:
    """Render the page; `exercise` and `part` (of the long tables) are what the address asks for, as it was written."""
    words = words_in(language)
    wanted, place = number(exercise), number(part)
    money, lives = money_view(situation.budgets, wanted), lives_view(situation.survival)
    known_at = situation.known_at
    return environment(TEMPLATES).get_template("page.html.jinja").render(
        words=words, say=words.say, language=language, root="" if language is Language.FRENCH else "../",
        money=money, lives=lives, wanted=wanted, situation=situation, answers=answers, threshold=THRESHOLD,
        is_elsewhere=money is not None and wanted not in (None, money.exercise),
        freshness=Freshness(known_at, situation.now - known_at) if known_at else None, css=stylesheet(),
        plot={"left": LEFT, "right": RIGHT, "bottom": BOTTOM, "height": HEIGHT},
        money_rows=page_of(money.contracts if money else [], place),
        lives_rows=page_of(lives.contracts if lives else [], place),
        **{name: partial(getattr(formats, name), language=language) for name in WRITTEN},
    )  # fmt: skip


def stylesheet() -> str:
    """Return the page's style, which travels in the page."""
    return pages.stylesheet(TEMPLATES)


@cache
def headers() -> Mapping[str, str]:
    """Return the headers of the page."""
    return pages.headers(stylesheet())
