"""The estimator on classic sets, against the values on which lifelines, statsmodels and scikit-survival agree."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from math import inf, isnan, sqrt
from pathlib import Path
from typing import Any

import pytest

from services.reporting.domain.survival import Curve, Observation, confidence_interval, kaplan_meier

DATA = Path(__file__).parent / "data"
REFERENCE: dict[str, Any] = json.loads((DATA / "kaplan-meier-reference.json").read_text())
SETS = ["gehan_6MP", "gehan_placebo", "lung", "lung_sex1", "lung_sex2", "rossi"]


def counted(rows: list[tuple[int, bool]]) -> Counter[Observation]:
    return Counter(Observation(0, duration, is_death) for duration, is_death in rows)


def gehan(group: str) -> list[tuple[int, bool]]:
    rows = [line.split() for line in (DATA / "gehan.dat").read_text().splitlines() if line.strip()]
    return [(int(weeks), event == "1") for one_group, weeks, event in rows if one_group == group]


def table(name: str, duration: str, event: str, keep: Callable[[dict[str, str]], bool]) -> list[tuple[int, bool]]:
    with (DATA / name).open(newline="") as file:
        return [(int(row[duration]), row[event] == "1") for row in csv.DictReader(file) if keep(row)]


def curve_of(name: str) -> Curve:
    match name.split("_"):
        case ["gehan", drug]:
            rows = gehan({"placebo": "1", "6MP": "2"}[drug])
        case ["lung", sex]:
            rows = table("lung.csv", "time", "status", lambda row: row["sex"] == sex.removeprefix("sex"))
        case ["lung"]:
            rows = table("lung.csv", "time", "status", lambda _: True)
        case _:
            rows = table("rossi.csv", "week", "arrest", lambda _: True)
    return kaplan_meier(counted(rows))


@pytest.mark.parametrize("name", SETS)
def test_the_curve_passes_through_every_reference_point(name: str) -> None:
    curve = curve_of(name)
    for point in REFERENCE[name]["points"]:
        step = curve.on(int(point["t"]))
        assert step.survival == pytest.approx(point["S"], abs=5e-7)
        if point["n_risk"] is not None:
            assert curve.at_risk_on(int(point["t"])) == point["n_risk"]


@pytest.mark.parametrize("name", SETS)
def test_greenwood_gives_the_reference_standard_error_and_none_at_survival_zero(name: str) -> None:
    curve = curve_of(name)
    for point in REFERENCE[name]["points"]:
        variance = curve.on(int(point["t"])).variance
        if isnan(point["greenwood_se"]):
            assert variance is None
        else:
            assert variance is not None
            assert sqrt(variance) == pytest.approx(point["greenwood_se"], abs=5e-7)


@pytest.mark.parametrize("name", SETS)
def test_subjects_and_events_are_all_counted(name: str) -> None:
    curve = curve_of(name)
    assert curve.steps[0].remaining == REFERENCE[name]["n"]
    assert sum(step.deaths for step in curve.steps) == REFERENCE[name]["events"]


@pytest.mark.parametrize("name", SETS)
def test_the_median_and_its_log_log_interval_are_those_of_the_reference(name: str) -> None:
    curve = curve_of(name)
    crossings = [
        next((step.day for step in curve.steps if step.survival <= 0.5), inf),
        *(next((step.day for step in curve.steps if bound(step) <= 0.5), inf) for bound in (lower, upper)),
    ]
    assert crossings == [REFERENCE[name]["median"], *REFERENCE[name]["median_ci95_loglog"]]


def lower(step: Any) -> float:
    return (confidence_interval(step) or (step.survival, step.survival))[0]


def upper(step: Any) -> float:
    return (confidence_interval(step) or (step.survival, step.survival))[1]
