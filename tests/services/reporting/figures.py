"""Figures for the page, made as reporting makes them: budgets by hand, survival from lives."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from services.reporting.announcement import survival_stated
from services.reporting.domain.survival import BusinessLife, EndKind
from services.reporting.domain.survival_figures import state_survival
from services.reporting.pages.page import Situation, render
from services.reporting.store.queries import Folded
from shared.contracts.figures import BudgetStated, PartitionRead, SurvivalStated
from shared.kernel.funders import Funder
from shared.web.formats import Language

KNOWN_AT = datetime(2016, 11, 4, 13, 5, tzinfo=UTC)
NOW = KNOWN_AT + timedelta(minutes=2)
AS_OF = date(2016, 10, 31)
READ = [PartitionRead(partition=0, sequence=312)]


def budget(contract: str, funder: Funder, exercise: int = 2016, **cents: Any) -> BudgetStated:
    """One envelope; what is not told is 0, and what is available follows."""
    amounts = {f"{name}_cents": cents.get(name, 0) for name in ("authorised", "frozen", "reserved", "waitlisted",
                                                                   "engaged", "paid", "lapsed", "payment_credits",
                                                                   "payments_frozen")}  # fmt: skip
    used = amounts["reserved_cents"] + amounts["engaged_cents"] + amounts["lapsed_cents"]
    to_pay = amounts["payment_credits_cents"] - amounts["payments_frozen_cents"]
    payable = to_pay - amounts["paid_cents"] if to_pay else 0
    usable = amounts["authorised_cents"] - amounts["frozen_cents"]
    counts = {f"{name}_count": cents.get(f"{name}_count", 0) for name in ("reserved", "waiting", "engaged", "refused")}
    return BudgetStated(
        version=7, known_at=KNOWN_AT, read=READ, envelope_id=f"{contract}.{funder}.{exercise}", contract=contract,
        funder=funder, exercise=exercise, available_cents=usable - used, share_used=used / usable if usable else None,
        has_payment_credits=bool(to_pay), payable_cents=payable, closed=cents.get("closed", False), **amounts, **counts,
    )  # fmt: skip


BUDGETS = [
    budget("CV219", Funder.CDC, authorised=100_000_00, reserved=82_310_00, waitlisted=41_000_00, waiting_count=3,
           reserved_count=9, refused_count=1),
    budget("CV219", Funder.STATE, authorised=1_500_000_00, reserved=1_071_000_00, reserved_count=12),
]  # fmt: skip


def lives(stratum: str, count: int, *, deaths: int = 0, born_on: date = date(2011, 1, 10)) -> list[BusinessLife]:
    """Businesses of one stratum; the first ones die after 500 days."""
    return [
        BusinessLife(
            stratum=stratum, born_on=born_on, first_observed_on=born_on,
            ended_on=born_on + timedelta(days=500) if number < deaths else None,
            end_kind=EndKind.DEATH if number < deaths else None,
        )
        for number in range(count)
    ]  # fmt: skip


def survival(*groups: Iterable[BusinessLife]) -> list[SurvivalStated]:
    """The figure set of some strata."""
    strata: dict[str, list[BusinessLife]] = {}
    for group in groups:
        for life in group:
            strata.setdefault(life.stratum, []).append(life)
    return survival_stated(state_survival(strata, as_of=AS_OF), Folded(1841, KNOWN_AT, KNOWN_AT), READ)


SURVIVAL = survival(lives("CV217", 60, deaths=15), lives("CV218", 4, deaths=2), lives("CV219", 90, deaths=30),
                    lives("CV220", 14, deaths=3))  # fmt: skip


def shown(language: Language = Language.FRENCH, *, exercise: str | None = None, part: str | None = None,
          **situation: Any) -> str:  # fmt: skip
    """The page, of the figures above unless told otherwise."""
    told: dict[str, Any] = {"budgets": BUDGETS, "survival": SURVIVAL, "now": NOW} | situation
    return render(Situation(**told), language=language, exercise=exercise, part=part)


class Document(HTMLParser):
    """What a page says: its text, its cells by table, its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._text: list[str] = []
        self._muted = 0
        self._cell: list[str] | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        """Everything that is written, in one line."""
        return " ".join("".join(self._text).split(" ")).replace("\n", " ")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag == "style":
            self._muted += 1
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag == "style":
            self._muted -= 1
        elif tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._muted:
            return
        self._text.append(data)
        if self._cell is not None:
            self._cell.append(data)

    def row(self, *first: str) -> list[str]:
        """The first row of a table that begins so."""
        return next(row for row in self.rows if tuple(row[: len(first)]) == first)
