"""The geometry of the grants' picture: a bar for what each contract was given, a mark for what each key would give.

Across, in percent of the picture's width, so that it stretches without stretching its letters; down, in pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.reporting.domain.grants import Key, Placed

LEFT, RIGHT = 0.5, 97.0
TOP, ROW, LABEL, BAR = 6.0, 46.0, 13.0, 14.0
FOOT = 26.0
TICKS_MAX = 3
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One contract: where its label, its bar and the marks of the keys go."""

    code: str
    label_y: float
    y: float
    width: float
    middle: float
    marks: list[tuple[Key, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw; `ticks` are amounts in cents and where they stand."""

    height: float
    bottom: float
    bars: list[Bar]
    ticks: list[tuple[int, float]]


def across(cents: int, scale: int) -> float:
    """Place an amount; zero is at the left."""
    return round(LEFT + (RIGHT - LEFT) * cents / scale, 2)


def grants_chart(contracts: Sequence[tuple[str, int, Mapping[Key, Placed]]]) -> Chart:
    """Draw contracts (code, given, lines by key) in the order in which they come, on one scale."""
    amounts = [given for _, given, _ in contracts]
    amounts += [line.share_cents for _, _, by_key in contracts for line in by_key.values()]
    scale = max(1, *amounts)
    bars = []
    for place, (code, given, by_key) in enumerate(contracts):
        top = TOP + ROW * place
        y = top + LABEL + 6
        bars.append(
            Bar(
                code, top + LABEL, y, round(across(given, scale) - LEFT, 2), y + BAR / 2,
                [(key, across(line.share_cents, scale)) for key, line in by_key.items()],
            )
        )  # fmt: skip
    bottom = TOP + ROW * len(bars)
    return Chart(bottom + FOOT, bottom, bars, [(cents, across(cents, scale)) for cents in _ticks(scale)])


def _ticks(scale: int) -> list[int]:
    """Choose round amounts from zero, three at most above it: their names must not meet on a narrow screen."""
    power = 100
    while True:
        for step in STEPS:
            if scale // (step * power) <= TICKS_MAX:
                return list(range(0, scale + 1, step * power))
        power *= 10
