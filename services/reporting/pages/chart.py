"""The geometry of the survival chart: where each point, whisker, line and label goes.

Across, in percent of the chart's width, so that it stretches without stretching its letters; down, in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.reporting.pages.references import Reference
from shared.contracts.figures import HorizonFigure

LEFT, RIGHT = 8.0, 74.0
TOP, BOTTOM = 22.0, 322.0
HEIGHT = 352
LAST_MONTH = 60
LABEL_HEIGHT = 36.0


def across(months: int) -> float:
    """Place an age."""
    return round(LEFT + (RIGHT - LEFT) * months / LAST_MONTH, 2)


def down(share: float) -> float:
    """Place a share; zero is at the foot."""
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Point:
    """One estimate: where it is, its interval when it has one, and where its label goes."""

    x: float
    y: float
    figure: HorizonFigure
    share: float
    upper_y: float | None
    lower_y: float | None
    label_y: float

    @property
    def is_at_the_end(self) -> bool:
        """Whether the label at the end of the line says its value."""
        return self.figure.months == LAST_MONTH


@dataclass(frozen=True, slots=True)
class EndLabel:
    """The name of a line, at its right end; `key` is `ours` or a reference's."""

    key: str
    y: float
    share: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw."""

    gridlines: list[tuple[int, float]]
    ages: list[tuple[int, float]]
    points: list[Point]
    lines: list[Segment]
    references: list[Segment]
    labels: list[EndLabel]


def survival_chart(horizons: Sequence[HorizonFigure], references: Sequence[Reference]) -> Chart | None:
    """Draw what is shown of a stratum beside the references; None when no horizon has an estimate."""
    points = [_point(h, h.survival) for h in horizons if h.survival is not None and h.hidden is None]
    if not points:
        return None
    corners = [(across(0), down(1.0)), *((point.x, point.y) for point in points)]
    ends = [(points[-1].y, "ours", points[-1].share)] if points[-1].is_at_the_end else []
    ends += [(down(reference.at_60_months), reference.key, reference.at_60_months) for reference in references]
    return Chart(
        gridlines=[(percent, down(percent / 100)) for percent in (0, 25, 50, 75, 100)],
        ages=[(months, across(months)) for months in (0, 12, 24, 36, 60)],
        points=points,
        lines=[Segment(*start, *end) for start, end in pairwise(corners)],
        references=[
            Segment(across(36), down(r.at_36_months), across(60), down(r.at_60_months)) for r in references
        ],
        labels=_apart(ends),
    )  # fmt: skip


def _point(figure: HorizonFigure, share: float) -> Point:
    has_interval = figure.upper is not None and figure.lower is not None
    upper_y = down(figure.upper) if has_interval and figure.upper is not None else None
    lower_y = down(figure.lower) if has_interval and figure.lower is not None else None
    top = down(share) if upper_y is None else upper_y
    return Point(
        x=across(figure.months), y=down(share), figure=figure, share=share, upper_y=upper_y, lower_y=lower_y,
        label_y=max(TOP - 8, top - 9),
    )  # fmt: skip


def _apart(ends: Sequence[tuple[float, str, float]]) -> list[EndLabel]:
    """Push labels down until none covers another; then all up again if the last one leaves the chart."""
    placed: list[EndLabel] = []
    floor = TOP
    for y, key, share in sorted(ends):
        floor = max(y, floor)
        placed.append(EndLabel(key, floor, share))
        floor += LABEL_HEIGHT
    too_low = max(0.0, placed[-1].y - (BOTTOM - LABEL_HEIGHT / 2))
    return [EndLabel(label.key, round(label.y - too_low, 1), label.share) for label in placed]
